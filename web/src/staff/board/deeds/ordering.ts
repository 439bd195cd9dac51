/** Orders to the platform: the same order under the same key, however often it has to be asked. */

import { type Api, Refusal } from '@oep/client';
import { type Kind, portions, type Typed, wishOf } from './kinds';

/** An attempt for which an order, a claim or a release was not done, in the service's words. */
export interface Refused {
  readonly id: number;
  readonly detail: string;
}

export interface Outcome {
  readonly done: readonly number[];
  /** Kept by the platform and not known to be done yet: the attempts service did not answer. */
  readonly unsure: readonly number[];
  readonly refused: readonly Refused[];
}

/** One order; asking it again gets what became of it, and does nothing twice. */
export class Order {
  readonly kind: Kind;
  readonly typed: Typed;
  readonly #parts: { readonly key: string; readonly ids: number[]; outcome?: Outcome }[];

  constructor(kind: Kind, typed: Typed, ids: readonly number[]) {
    this.kind = kind;
    this.typed = typed;
    this.#parts = portions(ids).map((part) => ({ key: crypto.randomUUID(), ids: part }));
  }

  /** Gives the order; raises what the first part raises that fails as a whole. */
  async give(api: Api, examId: number): Promise<Outcome> {
    for (const part of this.#parts) {
      if (part.outcome?.unsure.length === 0) continue;
      const answer = await api.post('/api/v1/proctoring/exams/{exam_id}/actions', {
        params: { path: { exam_id: examId } },
        body: { action_id: part.key, attempt_ids: part.ids, ...wishOf(this.kind, this.typed) },
      });
      part.outcome = outcomeOf(answer.results);
    }
    return merged(this.#parts.flatMap(({ outcome }) => (outcome ? [outcome] : [])));
  }
}

interface Result {
  readonly attempt_id: number;
  readonly status: number;
  readonly error?: { readonly [name: string]: unknown } | null;
}

function outcomeOf(results: readonly Result[]): Outcome {
  const of = (test: (result: Result) => boolean) => results.filter(test);
  return {
    done: of(({ status }) => status < 300 && status !== 202).map((each) => each.attempt_id),
    unsure: of(({ status }) => status === 202 || status === 503).map((each) => each.attempt_id),
    refused: of(({ status }) => status >= 300 && status !== 503).map((each) => ({
      id: each.attempt_id,
      detail: String(each.error?.detail ?? ''),
    })),
  };
}

function merged(all: readonly Outcome[]): Outcome {
  return {
    done: all.flatMap(({ done }) => done),
    unsure: all.flatMap(({ unsure }) => unsure),
    refused: all.flatMap(({ refused }) => refused),
  };
}

/** Takes students whom nobody has; of the others it says who has them, and since when. */
export async function claim(api: Api, examId: number, ids: readonly number[]): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const attempt_ids of portions(ids)) {
    const answer = await api.post('/api/v1/proctoring/exams/{exam_id}/claims', {
      params: { path: { exam_id: examId } },
      body: { attempt_ids },
    });
    outcomes.push({
      done: answer.claimed.map((each) => each.attempt_id),
      unsure: [],
      refused: [
        ...answer.taken.map((each) => ({ id: each.attempt_id, detail: each.claimed_by ?? '' })),
        ...answer.refused.map((each) => ({
          id: Number(each.attempt_id),
          detail: String((each.error as { detail?: unknown } | undefined)?.detail ?? ''),
        })),
      ],
    });
  }
  return merged(outcomes);
}

/** Gives students back, one request each: what a colleague took over meanwhile is refused alone. */
export async function release(api: Api, ids: readonly number[]): Promise<Outcome> {
  return eachOf(ids, (attempt_id) =>
    api.delete('/api/v1/proctoring/attempt/{attempt_id}/claim', {
      params: { path: { attempt_id } },
    }),
  );
}

/** Does something for each, a few at once; a refusal of one holds nobody up, anything else is raised. */
export async function eachOf(
  ids: readonly number[],
  deed: (id: number) => Promise<unknown>,
): Promise<Outcome> {
  const [done, refused]: [number[], Refused[]] = [[], []];
  const rest = [...ids];
  const work = async () => {
    for (let id = rest.shift(); id !== undefined; id = rest.shift()) {
      try {
        await deed(id);
        done.push(id);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused.push({ id, detail: error.detail });
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return { done, unsure: [], refused };
}
