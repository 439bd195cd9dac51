/**
 * An exam as its monitor socket tells it: folded from a snapshot and the deltas behind it. Knows
 * nothing of React, of time that passes or of what is on a screen; a student who did not change stays
 * the same object, so who shows him need not look again.
 */

import { type LiveAction, LiveActions, Unread } from './attention';
import type { BoardFrame, Delta, Position, Snapshot } from './frames';
import { type News, newsOf } from './news';
import { compared, type Place, placeOf, whereIn } from './order';
import { type Pulse, Pulses } from './pulse';
import { folded, isWhole, type Row, total } from './row';
import { FLAT, type Spark } from './spark';

/** A student of the board with all that his row shows. */
export interface Student {
  readonly row: Row;
  readonly place: Place;
  readonly spark: Spark;
  /** Actions that his client has not shown yet. */
  readonly live: readonly LiveAction[];
}

/** What some frames changed. */
export interface Changes {
  readonly ids: ReadonlySet<number>;
  /** Places in the order, or who is there at all, may be others. */
  readonly isMoved: boolean;
  /** The state of the feed or of the data as a whole is another one. */
  readonly isState: boolean;
  readonly news: readonly News[];
}

/** How new the data are; instants in milliseconds of the server's clock. */
export interface Freshness {
  /** Everything up to this instant is in; null = nothing was told yet. */
  readonly asOf: number | null;
  /** The server says that it is behind since then: its bus is away. */
  readonly staleSince: number | null;
  /** The stream had a hole; what is shown is from before it until the next snapshot. */
  readonly isStartingOver: boolean;
}

export class Board {
  #students = new Map<number, Student>();
  #order: Place[] = [];
  #position: Position | null = null;
  #live = new LiveActions();
  #unread = new Unread();
  #pulses = new Pulses();
  #eventsSince: number | null = null;
  #freshness: Freshness = { asOf: null, staleSince: null, isStartingOver: false };
  #ids = new Set<number>();
  #news: News[] = [];
  #isMoved = false;
  #isState = false;

  get size(): number {
    return this.#students.size;
  }

  get freshness(): Freshness {
    return this.#freshness;
  }

  /** Since when all events are in the sparks (ms); null = nothing was told yet. */
  get eventsSince(): number | null {
    return this.#eventsSince;
  }

  /** Places of all attempts, those first who need somebody. Not to be kept: it changes in place. */
  get order(): readonly Place[] {
    return this.#order;
  }

  student(attemptId: number): Student | undefined {
    return this.#students.get(attemptId);
  }

  students(): Iterable<Student> {
    return this.#students.values();
  }

  /** Folds frames in the order in which they came; says what is another one now. */
  apply(frames: readonly BoardFrame[]): Changes {
    for (const frame of frames) this.#take(frame);
    return this.#changes();
  }

  /** Takes the exam's live actions, which a snapshot only counts. */
  loadLive(actions: readonly LiveAction[]): Changes {
    this.#live.load(actions);
    for (const id of this.#live.attempts()) this.#setLive(id);
    return this.#changes();
  }

  /** Takes what came before the page listened; null: it cannot be had, what was heard is all. */
  loadPulse(pulse: Pulse | null): Changes {
    if (pulse) this.#fill(pulse);
    else this.#pulses.forget();
    return this.#changes();
  }

  #fill(pulse: Pulse): void {
    const sparks = this.#pulses.load(pulse);
    for (const [id, student] of this.#students) {
      const spark = sparks.get(id) ?? (pulse.is_whole ? FLAT : student.spark);
      if (spark === student.spark) continue;
      this.#students.set(id, { ...student, spark });
      this.#ids.add(id);
    }
    if (pulse.is_whole) this.#eventsSince = Date.parse(pulse.begins_at);
    this.#isMoved = true;
  }

  /** Everything up to an instant is known to be in: the server said so (a ping while current). */
  isCurrentAt(at: number): void {
    if (this.#freshness.staleSince === null && !this.#freshness.isStartingOver) this.#sawUpTo(at);
  }

  #changes(): Changes {
    const changes = {
      ids: this.#ids,
      isMoved: this.#isMoved,
      isState: this.#isState,
      news: this.#news,
    };
    this.#ids = new Set();
    this.#news = [];
    this.#isMoved = this.#isState = false;
    return changes;
  }

  #take(frame: BoardFrame): void {
    if (frame.type === 'snapshot') this.#load(frame);
    else if (frame.type === 'delta') this.#fold(frame);
    else if (frame.type === 'resync') this.#say({ isStartingOver: true });
    else if (frame.event === 'feed_stale') this.#say({ staleSince: Date.parse(frame.timestamp) });
    else if (frame.event === 'feed_current') this.#say({ staleSince: null });
  }

  #load(snapshot: Snapshot): void {
    const before = this.#students;
    this.#eventsSince ??= Date.parse(snapshot.as_of);
    this.#students = new Map();
    for (const row of snapshot.attempts) {
      this.#unread.load(row.attempt_id, row.unread_message_count);
      this.#students.set(row.attempt_id, this.#begun(row, before.get(row.attempt_id)));
      this.#ids.add(row.attempt_id);
    }
    for (const id of before.keys()) this.#ids.add(id);
    this.#order = [...this.#students.values()].map(({ place }) => place).sort(compared);
    this.#position = snapshot.position;
    this.#pulses.expect();
    this.#isMoved = true;
    this.#sawUpTo(Date.parse(snapshot.as_of));
    this.#say({ isStartingOver: false });
  }

  /** Events that a hole in the stream swallowed are put where the last of them was. */
  #begun(row: Row, before: Student | undefined): Student {
    const spark = before ? this.#struck(before, row) : FLAT;
    return { row, place: placeOf(row), spark, live: this.#live.of(row.attempt_id) };
  }

  #fold(delta: Delta): void {
    if (this.#isOld(delta.position)) return;
    this.#position = delta.position;
    this.#sawUpTo(Date.parse(delta.at));
    const { attempt_id: id, kind, data } = delta;
    const known = this.#students.get(id);
    if (kind === 'created') {
      if (!known && isWhole(data)) this.#arrive(data as unknown as Row);
      return;
    }
    if (!known) return;
    if (kind === 'action') {
      this.#live.take(id, data);
      this.#setLive(id);
      return;
    }
    const told = this.#told(known.row, kind, data);
    if (told === known.row) return;
    const news = newsOf(known.row, told, kind, data);
    if (news) this.#news.push({ kind: news, attemptId: id, name: told.student_name });
    this.#put(known, told, kind === 'event' ? this.#struck(known, told) : known.spark);
  }

  #struck({ row, spark }: Student, told: Row): Spark {
    const [before, count] = [total(row.counts), total(told.counts)];
    if (count <= before || !told.last_event) return spark;
    return this.#pulses.heard(row.attempt_id, spark, { before, count, last: told.last_event });
  }

  #isOld(position: Position): boolean {
    const known = this.#position;
    return (
      known === null || (known.epoch === position.epoch && position.sequence <= known.sequence)
    );
  }

  #told(row: Row, kind: string, data: Delta['data']): Row {
    if (kind !== 'message') return folded(row, kind, data);
    const count = this.#unread.take(row.attempt_id, data);
    return count === row.unread_message_count ? row : { ...row, unread_message_count: count };
  }

  #arrive(row: Row): void {
    const student = this.#begun(row, undefined);
    this.#students.set(row.attempt_id, student);
    this.#order.splice(whereIn(this.#order, student.place), 0, student.place);
    this.#ids.add(row.attempt_id);
    this.#isMoved = true;
  }

  #put(known: Student, row: Row, spark: Spark): void {
    const next = placeOf(row);
    const isMoved = compared(known.place, next) !== 0;
    const place = isMoved ? next : known.place;
    if (isMoved) {
      this.#order.splice(whereIn(this.#order, known.place), 1);
      this.#order.splice(whereIn(this.#order, next), 0, next);
    }
    this.#students.set(row.attempt_id, { ...known, row, place, spark });
    this.#ids.add(row.attempt_id);
    this.#isMoved = true; // a filter may let him through now, or not any more
  }

  #setLive(id: number): void {
    const known = this.#students.get(id);
    const live = this.#live.of(id);
    if (!known || known.live === live) return;
    this.#students.set(id, { ...known, live });
    this.#ids.add(id);
  }

  #sawUpTo(at: number): void {
    const known = this.#freshness.asOf;
    if (Number.isNaN(at) || (known !== null && at <= known)) return;
    this.#freshness = { ...this.#freshness, asOf: at };
  }

  #say(state: Partial<Freshness>): void {
    this.#freshness = { ...this.#freshness, ...state };
    this.#isState = true;
  }
}
