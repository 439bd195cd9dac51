import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isIntact, verify } from './verify';

/** The bundle that the platform's own code wrote; every later version has to be able to read it. */
const DATA = new URL('../../../../../deploy/local/tests/data/', import.meta.url);
const BUNDLE = readFileSync(new URL('evidence.json', DATA), 'utf8');
const KEYS = readFileSync(new URL('evidence-keys.json', DATA), 'utf8');

type Any = Record<string, unknown> | unknown[];

async function failing(text: string, keys: string | null = KEYS): Promise<string[]> {
  const found = await verify(text, keys);
  return found
    .filter((each) => each.verdict === 'fails')
    .map((each) => `${each.check} ${each.reason}`);
}

test('the real bundle holds in all five checks', async () => {
  const findings = await verify(BUNDLE, KEYS);
  expect(findings.map(({ check, verdict }) => [check, verdict])).toEqual(
    ['sections', 'chain', 'payloads', 'delivery', 'signatures'].map((check) => [check, 'holds']),
  );
  expect(isIntact(findings)).toBe(true);
  expect(findings.map((each) => each.facts)).toMatchObject([
    { count: 7 },
    { count: 6, seals: 2 },
    { erased: 1, removals: 1 },
    { received: 5, missing: 10 },
    { count: 4 },
  ]);
});

test('an edited event is named by its number', async () => {
  const findings = await verify(
    BUNDLE.replace('"severity": "warning"', '"severity": "info"'),
    KEYS,
  );
  expect(findings[0]).toMatchObject({ reason: 'section-changed', place: { section: 'events' } });
  expect(findings[1]).toMatchObject({ reason: 'event-changed', place: { event: 1 } });
  expect(findings[4]?.verdict).toBe('holds');
});

test('without keys the origin is unchecked and the bundle not called intact', async () => {
  const findings = await verify(BUNDLE, null);
  expect(findings.map((each) => each.verdict)).toEqual([...Array(4).fill('holds'), 'unchecked']);
  expect(isIntact(findings)).toBe(false);
});

test('the keys in the file are not believed', async () => {
  const stranger = KEYS.replace(/"x": ?"./, (start) => `${start.slice(0, -1)}A`);
  expect(await failing(BUNDLE, stranger)).toEqual(['signatures signature-wrong']);
  expect(await failing(BUNDLE, '{"keys":[]}')).toEqual(['signatures key-unknown']);
});

test('every deleted name and every deleted entry is found', async () => {
  const paths = places(JSON.parse(BUNDLE)).filter(
    (path) => path[0] !== 'export' || path.length < 3,
  );
  expect(paths.length).toBeGreaterThan(180);
  for (const path of paths) {
    const found = await failing(text((document) => remove(document, path)));
    expect(found, `without ${path.join('.')}`).not.toEqual([]);
  }
});

test('every single changed value is found', async () => {
  for (const path of places(JSON.parse(BUNDLE))) {
    const found = await failing(text((document) => change(document, path)));
    expect(found, `changed ${path.join('.')}`).not.toEqual([]);
  }
});

test('every swap of neighbours and every doubled entry is found', async () => {
  for (const section of [
    'timings',
    'events',
    'heads',
    'removals',
    'keys.keys',
    'delivery.missing',
  ]) {
    const path = section.split('.');
    const count = (at(JSON.parse(BUNDLE), path) as unknown[]).length;
    for (let place = 0; place < count; place += 1) {
      const swapped = text((document) => {
        const entries = at(document, path) as unknown[];
        const next = (place + 1) % count;
        [entries[place], entries[next]] = [entries[next], entries[place]];
      });
      if (count > 1) expect(await failing(swapped), `${section} ${place}`).not.toEqual([]);
      const doubled = text((document) => {
        const entries = at(document, path) as unknown[];
        entries.splice(place, 0, entries[place]);
      });
      expect(await failing(doubled), `${section} ${place}`).not.toEqual([]);
    }
  }
});

test('every shorter list is found, and a file that ends early wherever it does', async () => {
  for (let kept = 0; kept < 6; kept += 1) {
    const cut = text((document) => (document.events as unknown[]).splice(kept));
    expect(await failing(cut)).toContain('sections section-changed');
  }
  for (let size = 0; size < BUNDLE.trimEnd().length; size += 211) {
    expect(await failing(BUNDLE.slice(0, size))).toHaveLength(5);
  }
});

test('a name that stands twice is found', async () => {
  const found = await failing(BUNDLE.replace('"late": false', '"late": true, "late": false'));
  expect(found).toContain('sections repeated');
});

test('half a surrogate pair in the place of a replacement character is found', async () => {
  expect(await failing(BUNDLE.replace('Firefox', 'Fire\\ud83dfox'))).toContain(
    'sections surrogate',
  );
});

test('a number written in another way is another number', async () => {
  expect(await failing(BUNDLE.replace('1.0,', '1,'))).toContain('payloads payload-changed');
  expect(await failing(BUNDLE.replace('1e-07', '0.0000001'))).toEqual([]);
});

test.each(['null', '[]', '7', '"x"', '{}', '{"type":"oep.evidence.v1"}'])(
  '%s holds in nothing',
  async (document) => {
    expect(await failing(document)).toHaveLength(5);
    expect(await failing(document, null)).toHaveLength(4);
  },
);

function text(edit: (document: Record<string, unknown>) => void): string {
  // The one float of the sample would become 1 on the way through JSON.parse; a mark keeps it as it is.
  const document = JSON.parse(
    BUNDLE.replace(/1\.0,|-0\.0,|1e-07,|100000000000000000000,/g, (n) => `"#${n.slice(0, -1)}#",`),
  );
  edit(document);
  return JSON.stringify(document).replace(/"#([^#]*)#"/g, '$1');
}

function places(value: unknown, path: string[] = []): string[][] {
  const inner =
    value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([name, each]) => places(each, [...path, name]))
      : [];
  return path.length ? [path, ...inner] : inner;
}

function at(document: unknown, path: string[]): unknown {
  return path.reduce((value, name) => (value as Record<string, unknown>)[name], document);
}

function remove(document: unknown, path: string[]): void {
  const parent = at(document, path.slice(0, -1)) as Any;
  const name = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
}

function change(document: unknown, path: string[]): void {
  const parent = at(document, path.slice(0, -1)) as Record<string, unknown>;
  const name = path.at(-1) ?? '';
  const value = parent[name];
  parent[name] = typeof value === 'number' ? value + 1 : value === null ? 'put in' : null;
  if (typeof value === 'string') parent[name] = `${value}x`;
}
