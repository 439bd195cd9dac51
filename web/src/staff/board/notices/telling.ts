/** Collects news and tells them together: at once after a quiet time, else every few seconds. */

import { type News, type NewsKind, tally } from '../model/news';
import { type Clockwork, Throttle } from '../model/pace';

export type Tally = readonly (readonly [NewsKind, number])[];

/** Between two words to people: fewer than events, soon enough for a raised hand. */
export const TELL_MS = 8000;

export class Telling {
  #waiting: News[] = [];
  #throttle: Throttle;

  constructor(tell: (counts: Tally, news: readonly News[]) => void, clockwork?: Clockwork) {
    const work = () => {
      const news = this.#waiting;
      this.#waiting = [];
      if (news.length > 0) tell(tally(news), news);
    };
    this.#throttle = new Throttle(work, TELL_MS, clockwork);
  }

  take = (news: readonly News[]): void => {
    this.#waiting.push(...news);
    this.#throttle.due();
  };
}
