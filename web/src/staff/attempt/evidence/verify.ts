/** Checks an evidence bundle as `oep verify` does: the text of the file, the published keys, five findings. */

import {
  chain,
  delivery,
  type Facts,
  type Progress,
  payloads,
  sections,
  signatures,
} from './checks';
import { CHECKS, type Check, type Finding, Flaw, unreadable } from './finding';
import { type Json, type JsonObject, NotJson, parse } from './json';
import { object, text } from './values';

/** How far the check that reads every event is. */
export interface Step {
  check: Check;
  done: number;
  total: number;
}

/**
 * Returns one finding for each check, in the order of {@link CHECKS}; never throws.
 * @param bundle the file's bytes as text
 * @param keys the text of the published JWKS, null when there is none: then the origin is unchecked
 * @param progress called some times while events are read
 */
export async function verify(
  bundle: string,
  keys: string | null,
  progress: (step: Step) => void = () => undefined,
): Promise<Finding[]> {
  let document: Json;
  let published: Json = null;
  try {
    document = parse(bundle);
    published = keys === null ? null : parse(keys);
  } catch (problem) {
    return unreadable(reasonOf(problem) ?? 'unreadable', placeIn(problem));
  }
  const findings: Finding[] = [];
  for (const check of CHECKS) {
    findings.push(await one(check, document, published, progress));
  }
  return findings;
}

/** Says whether nothing was found and nothing left unchecked. */
export function isIntact(findings: readonly Finding[]): boolean {
  return findings.length === CHECKS.length && findings.every((each) => each.verdict === 'holds');
}

async function one(
  check: Check,
  document: Json,
  keys: Json,
  progress: (step: Step) => void,
): Promise<Finding> {
  if (check === 'signatures' && keys === null) {
    return { check, verdict: 'unchecked', reason: 'no-keys', place: {}, facts: {} };
  }
  try {
    const bundle = object(document);
    const total = Array.isArray(bundle.events) ? bundle.events.length : 0;
    const facts = await run(check, bundle, keys, (done) => progress({ check, done, total }));
    return { check, verdict: 'holds', place: {}, facts };
  } catch (problem) {
    if (isUnable(problem)) {
      return { check, verdict: 'unchecked', reason: 'no-crypto', place: {}, facts: {} };
    }
    if (problem instanceof Flaw) {
      const { reason, place, facts } = problem;
      return { check, verdict: 'fails', reason, place, facts };
    }
    return { check, verdict: 'fails', reason: reasonOf(problem) ?? 'shape', place: {}, facts: {} };
  }
}

function run(
  check: Check,
  bundle: JsonObject,
  keys: Json,
  progress: Progress,
): Facts | Promise<Facts> {
  if (check === 'signatures') return signatures(bundle, keys);
  const said = object(parse(text(object(bundle.export).body), true));
  switch (check) {
    case 'sections':
      return sections(bundle, said);
    case 'chain':
      return chain(bundle, said, progress);
    case 'payloads':
      return payloads(bundle, said, progress);
    case 'delivery':
      return delivery(bundle);
  }
}

/** Whether this browser lacks what the check needs (an old one knows no Ed25519). */
function isUnable(problem: unknown): boolean {
  return problem instanceof DOMException && problem.name === 'NotSupportedError';
}

function reasonOf(problem: unknown): 'repeated' | 'surrogate' | 'unreadable' | undefined {
  if (!(problem instanceof NotJson)) return undefined;
  return problem.reason === 'syntax' ? 'unreadable' : problem.reason;
}

function placeIn(problem: unknown): Finding['facts'] {
  return problem instanceof NotJson ? { at: problem.at } : {};
}
