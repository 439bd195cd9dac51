import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { canonical, type JsonObject, parse } from './json';
import { type Step, verify } from './verify';

const COUNT = 10_000;
const PATIENCE_MS = 60_000;
const BESIDE = ['id', 'event_data', 'event_data_salt', 'network', 'network_salt', 'hash'];
let bundle: string;

beforeAll(() => {
  bundle = long(COUNT);
}, PATIENCE_MS);

test(
  'ten thousand events are checked in parts, and it is told how far it is',
  async () => {
    const steps: Step[] = [];
    const findings = await verify(bundle, null, (step) => steps.push(step));
    expect(findings.map((each) => each.verdict)).toEqual([...Array(4).fill('holds'), 'unchecked']);
    const chain = steps.filter((step) => step.check === 'chain');
    expect(chain.length).toBeGreaterThanOrEqual(20);
    expect(chain.map((step) => step.done)).toEqual(chain.map((step) => step.done).toSorted(order));
    expect(chain.at(-1)).toMatchObject({ done: COUNT, total: COUNT });
  },
  PATIENCE_MS,
);

test(
  'one letter of one payload among ten thousand is found and named',
  async () => {
    const findings = await verify(bundle.replace('"key":"Key8765"', '"key":"Key8766"'), null);
    expect(findings[2]).toMatchObject({
      verdict: 'fails',
      reason: 'payload-changed',
      place: { event: 8_766 },
      facts: { name: 'event_data' },
    });
    expect(findings[1]?.verdict).toBe('holds');
  },
  PATIENCE_MS,
);

test(
  'of two flaws the first is named, although parts are checked at once',
  async () => {
    const swapped = bundle
      .replace('"severity":"warning","tag":7000', '"severity":"info","tag":7000')
      .replace('"severity":"warning","tag":6999', '"severity":"info","tag":6999');
    expect((await verify(swapped, null))[1]).toMatchObject({ place: { event: 7_000 } });
  },
  PATIENCE_MS,
);

/** Writes a bundle as the platform does, without signatures. */
function long(count: number): string {
  let before = Buffer.alloc(32);
  const events = Array.from({ length: count }, (_, n) => {
    const event = eventOf(n);
    const told = Object.fromEntries(
      Object.entries(event).filter(([name]) => !BESIDE.includes(name)),
    );
    before = createHash('sha256').update(before).update(text(told)).digest();
    return { ...event, hash: before.toString('hex') };
  });
  const sections = {
    attempt: { attempt_id: 1 },
    delivery: {
      claimed_last_sequence: count,
      received_count: count,
      missing: [],
      missing_count: 0,
    },
    timings: [],
    events,
    removals: [],
    heads: [],
    keys: {},
  };
  const digests = Object.entries(sections).map(([name, value]) => [
    name,
    {
      count: Array.isArray(value) ? value.length : Object.keys(value).length,
      sha256: createHash('sha256').update(text(value)).digest('hex'),
    },
  ]);
  const body = text({
    type: 'oep.evidence.v1',
    attempt_id: 1,
    exported_at: '2026-03-02T11:00:00.000000Z',
    head: { sequence: count, hash: before.toString('hex') },
    sections: Object.fromEntries(digests),
  });
  const signed = { body, signature: '', kid: '' };
  return text({ type: 'oep.evidence.v1', ...sections, export: signed });
}

function eventOf(n: number) {
  const salt = Buffer.alloc(16, n % 256);
  const data = { key: `Key${n}` };
  const digest = createHash('sha256').update(salt).update(text(data)).digest('hex');
  return {
    id: n,
    attempt_id: 1,
    sequence: n + 1,
    client_sequence: n + 1,
    severity: 'warning',
    tag: n,
    event_data: data,
    event_data_salt: salt.toString('hex'),
    event_data_sha256: digest,
    network: null,
    network_salt: null,
    network_sha256: null,
  };
}

function text(value: unknown): string {
  return canonical(parse(JSON.stringify(value)) as JsonObject);
}

function order(one: number, other: number): number {
  return one - other;
}
