/**
 * The five checks of an evidence bundle, the same as in `verify_evidence.py` (docs/evidence.md says what
 * each means). They believe nothing that the file says of itself. Pure but for WebCrypto; each throws a
 * {@link Flaw} that says where the first thing is that does not fit.
 */

import { type Finding, Flaw, type Place } from './finding';
import { inParts, sha256 } from './hashing';
import { canonical, type Json, type JsonObject, parse } from './json';
import { fromHex, isObject, list, named, object, text, whole } from './values';

export type Facts = Finding['facts'];
export type Progress = (done: number) => void;

export const TYPE = 'oep.evidence.v1';
const SECTIONS = ['attempt', 'delivery', 'timings', 'events', 'removals', 'heads', 'keys'];
const BESIDE_THE_CHAIN = new Set([
  'id',
  'event_data',
  'event_data_salt',
  'network',
  'network_salt',
  'hash',
]);
const GENESIS = '0'.repeat(64);

/** Checks count and hash of every section against the statement at the end of the file. */
export async function sections(bundle: JsonObject, said: JsonObject): Promise<Facts> {
  const isWhole = Object.keys(bundle).length === 9;
  if (!isWhole || Object.keys(object(bundle.export)).length !== 3)
    throw new Flaw('added-or-missing');
  if (bundle.type !== TYPE || said.type !== TYPE) throw new Flaw('type');
  const told = object(said.sections);
  for (const section of SECTIONS) {
    const value = named(bundle, section, { section });
    const now: JsonObject = { count: size(value), sha256: await sha256(null, value) };
    if (!isSame(told[section], now)) throw new Flaw('section-changed', { section });
  }
  return { count: SECTIONS.length, at: text(said.exported_at) };
}

/** Checks that each event has the next number, fits the hash before, and stands as it was sealed. */
export async function chain(
  bundle: JsonObject,
  said: JsonObject,
  progress: Progress,
): Promise<Facts> {
  const events = list(bundle.events, { section: 'events' });
  const ours = named(said, 'attempt_id');
  // Each link is worked out from the hash that the event before it claims: as that claim is checked
  // too, this finds the same first flaw as going on from one's own hash, and need not wait for it.
  const hashes = [GENESIS, ...events.map((event) => (isObject(event) ? event.hash : null))];
  await inParts(
    events,
    async (value, index) => {
      const place: Place = { section: 'events', event: index + 1 };
      const event = object(value, place);
      const isNext = isSame(event.sequence, index + 1) && isSame(event.attempt_id, ours);
      if (!isNext) throw new Flaw('event-moved', place);
      const before = fromHex(text(hashes[index], place), place);
      if ((await sha256(before, chained(event))) !== event.hash)
        throw new Flaw('event-changed', place);
    },
    progress,
  );
  const head: JsonObject = { sequence: events.length, hash: hashes[events.length] ?? null };
  if (!isSame(said.head, head)) throw new Flaw('head-differs', { section: 'events' });
  return { count: events.length, ...checkSeals(bundle, hashes, ours) };
}

function chained(event: JsonObject): JsonObject {
  const told: JsonObject = Object.create(null);
  for (const [name, value] of Object.entries(event)) {
    if (!BESIDE_THE_CHAIN.has(name)) told[name] = value;
  }
  return told;
}

function checkSeals(bundle: JsonObject, hashes: (Json | undefined)[], ours: Json): Facts {
  const seals = list(bundle.heads, { section: 'heads' }).map(bodyOf);
  for (const seal of seals) {
    const number = Number(whole(seal.sequence, { section: 'heads' }));
    if (!isSame(seal.attempt_id, ours)) throw new Flaw('seal-foreign', { section: 'heads' });
    if (number < 0 || number >= hashes.length) {
      throw new Flaw('seal-longer', { section: 'heads' }, { sealed: number });
    }
    if (seal.head_hash !== hashes[number]) {
      throw new Flaw('seal-differs', { section: 'events', event: number }, { sealed: number });
    }
  }
  const last = seals.at(-1);
  return { seals: seals.length, ...(last ? { sealedAt: text(last.sealed_at) } : {}) };
}

const KINDS = ['payload', 'network', 'person'];
const PAYLOADS = [
  ['payload', 'event_data'],
  ['network', 'network'],
] as const;

/** Checks that what came with an event fits its commitment, or was removed on record. */
export async function payloads(
  bundle: JsonObject,
  said: JsonObject,
  progress: Progress,
): Promise<Facts> {
  const events = list(bundle.events, { section: 'events' });
  const removals = list(bundle.removals, { section: 'removals' }).map(bodyOf);
  const isGone = goneOf(removals, named(said, 'attempt_id'), events.length);
  let erased = 0;
  await inParts(
    events,
    async (value, index) => {
      const place: Place = { section: 'events', event: index + 1 };
      const event = object(value, place);
      for (const [kind, name] of PAYLOADS) {
        if (await isErased(event, name, place)) {
          if (!isGone(kind, index + 1)) throw new Flaw('payload-gone', place, { name });
          erased += 1;
        }
      }
    },
    progress,
  );
  return { erased, removals: removals.length };
}

/** Checks one payload against its commitment; true when it is not there any more. */
async function isErased(event: JsonObject, name: string, place: Place): Promise<boolean> {
  const [value, salt, told] = ['', '_salt', '_sha256'].map((end) =>
    named(event, name + end, place),
  );
  if (salt !== null) {
    const now = await sha256(fromHex(text(salt, place), place), value ?? null);
    if (now !== told) throw new Flaw('payload-changed', place, { name });
    return false;
  }
  if (value === null && told === null) return false;
  if (value !== null) throw new Flaw('payload-gone', place, { name });
  return true;
}

function goneOf(removals: JsonObject[], ours: Json, count: number) {
  const gone = new Map(KINDS.map((kind) => [kind, new Set<number>()]));
  const place = { section: 'removals' };
  for (const record of removals) {
    if (!isSame(record.attempt_id, ours)) throw new Flaw('removal-foreign', place);
    for (const range of list(record.sequences, place)) {
      const [first, last, ...more] = list(range, place).map((end) => whole(end, place));
      const numbers = gone.get(text(record.kind, place));
      if (first === undefined || last === undefined || more.length > 0 || !numbers) {
        throw new Flaw('shape', place);
      }
      const end = last < BigInt(count) ? Number(last) : count;
      for (let number = Math.max(Number(first), 1); number <= end; number += 1) numbers.add(number);
    }
  }
  return (kind: string, number: number): boolean =>
    gone.get(kind)?.has(number) === true || gone.get('person')?.has(number) === true;
}

/** Checks what is said to be missing against the numbers that the client gave its events. */
export function delivery(bundle: JsonObject): Facts {
  const place = { section: 'delivery' };
  const facts = object(bundle.delivery, place);
  const came = list(bundle.events, { section: 'events' }).map((event) =>
    named(object(event), 'client_sequence'),
  );
  const known = new Set(came.filter((number) => number !== null).map((number) => whole(number)));
  const numbers = [...known].sort((one, other) => (one < other ? -1 : 1));
  const claimed = named(facts, 'claimed_last_sequence', place);
  const top = highest(numbers, claimed === null ? 0n : whole(claimed, place));
  const gaps: [bigint, bigint][] = [];
  let expected = known.has(0n) ? 0n : 1n;
  let count = 0n;
  for (const number of [...numbers, top + 1n]) {
    if (number > expected) {
      gaps.push([expected, number - 1n]);
      count += number - expected;
    }
    expected = number + 1n;
  }
  const now = { received_count: numbers.length, missing: gaps.slice(0, 100), missing_count: count };
  for (const [name, value] of Object.entries(now)) {
    if (!isSame(facts[name], value)) throw new Flaw('delivery-differs', place, { name });
  }
  return { received: numbers.length, missing: Number(count) };
}

function highest(numbers: bigint[], claimed: bigint): bigint {
  const last = numbers.at(-1) ?? 0n;
  return last > claimed ? last : claimed;
}

/** Checks that the export, every sealed head and every removal record are signed with a published key. */
export async function signatures(bundle: JsonObject, keys: Json): Promise<Facts> {
  const known = await keysOf(keys);
  const used = new Set<string>();
  const signed: [string, Json][] = [
    ['export', named(bundle, 'export')],
    ...list(bundle.heads).map((each): [string, Json] => ['heads', each]),
    ...list(bundle.removals).map((each): [string, Json] => ['removals', each]),
  ];
  for (const [section, value] of signed) {
    const envelope = object(value, { section });
    const kid = text(envelope.kid, { section });
    const key = known.get(kid);
    if (!key) throw new Flaw('key-unknown', { section }, { kid });
    await checkSignature(key, envelope, { section });
    used.add(kid);
  }
  return { count: signed.length, kid: [...used].join(', ') };
}

async function checkSignature(key: CryptoKey, envelope: JsonObject, place: Place): Promise<void> {
  const body = text(envelope.body, place);
  canonical(body); // refuses half a surrogate pair, which the encoder would change in silence
  const signature = text(envelope.signature, place);
  const raw = fromBase64(signature, place);
  // Base64 has several ways to write the same bytes; only the platform's own is let pass.
  if (btoa(String.fromCharCode(...raw)) !== signature) throw new Flaw('signature-form', place);
  const isGenuine = await crypto.subtle.verify('Ed25519', key, raw, new TextEncoder().encode(body));
  if (!isGenuine) throw new Flaw('signature-wrong', place);
}

async function keysOf(keys: Json): Promise<Map<string, CryptoKey>> {
  const found = list(object(keys).keys).map((key) => object(key));
  const imported = found.map(async (key): Promise<[string, CryptoKey]> => {
    const x = text(key.x).replaceAll('-', '+').replaceAll('_', '/');
    const raw = fromBase64(x.padEnd(Math.ceil(x.length / 4) * 4, '='), {});
    const usable = await crypto.subtle.importKey('raw', raw, 'Ed25519', true, ['verify']);
    return [text(key.kid), usable];
  });
  return new Map(await Promise.all(imported));
}

function fromBase64(letters: string, place: Place): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Flaw('signature-form', place);
  }
}

function bodyOf(envelope: Json): JsonObject {
  return object(parse(text(object(envelope).body), true));
}

function size(value: Json): number {
  if (Array.isArray(value) || typeof value === 'string') return value.length;
  return Object.keys(object(value)).length;
}

/** Compares by canonical text: names in any order, 1.0 not the same as 1. */
function isSame(one: Json | undefined, other: Json): boolean {
  return one !== undefined && canonical(one) === canonical(other);
}
