import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** What style sheets of pages may say: names of the tokens, and directions of the text's own. */

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const readAll = (files: object) => Object.fromEntries(Object.keys(files).map((p) => [p, read(p)]));
const SHEETS = readAll(import.meta.glob(['../**/*.module.css', './base.css']));
const SOURCES = readAll(import.meta.glob(['../**/*.tsx', '../**/*.ts']));
const tokens = read('./tokens.css');

const COLOUR = /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color)a?\(/i;
const NAMED_COLOUR =
  /:\s*[^;]*\b(?:white|black|red|green|blue|gr[ae]y|orange|yellow|silver|navy|teal|purple)\b/i;
const PHYSICAL =
  /^\s*(?:(?:margin|padding)-(?:left|right|top|bottom)|border-(?:left|right|top|bottom)(?:-\w+)?|left|right|top|bottom)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)/;
const PIXEL_SPACE = /^\s*(?:margin|padding|gap|inset|font-size)[\w-]*\s*:[^;]*\d+px/;

function offences(rule: RegExp): string[] {
  return Object.entries(SHEETS).flatMap(([path, sheet]) =>
    sheet
      .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
      .split('\n')
      .flatMap((line, index) => (rule.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
}

describe('style sheets', () => {
  it('are all looked at', () => {
    expect(Object.keys(SHEETS).length).toBeGreaterThan(10);
    expect(Object.values(SHEETS).join('')).toContain('inline-size');
  });

  it('have no colour of their own', () => {
    expect(offences(COLOUR)).toEqual([]);
    expect(offences(NAMED_COLOUR)).toEqual([]);
  });

  it('know beginning and end of a line, not left and right', () => {
    expect(offences(PHYSICAL)).toEqual([]);
  });

  it('take spaces and sizes of letters from the tokens', () => {
    expect(offences(PIXEL_SPACE)).toEqual([]);
  });

  it('move only as much as somebody wants who asked for less motion', () => {
    expect(tokens).toMatch(
      /@media \(prefers-reduced-motion: reduce\) \{\s*:root \{[^}]*--quick: 0ms;/,
    );
    expect(offences(/^\s*transition[\w-]*\s*:(?!.*var\(--quick\))/)).toEqual([]);
    const animated = Object.entries(SHEETS).filter(([, sheet]) => /^\s*animation\s*:/m.test(sheet));
    expect(animated.map(([path]) => path)).toEqual(['./Spinner.module.css']);
    for (const [path, sheet] of animated) {
      expect(sheet, path).toContain('@media (prefers-reduced-motion: reduce)');
    }
  });

  it('use no name that nobody defines', () => {
    const code = Object.values(SOURCES).join('\n');
    const unknown = Object.entries(SHEETS).flatMap(([path, sheet]) =>
      [...sheet.matchAll(/var\((--[\w-]+)/g)]
        .map(([, name = '']) => name)
        .filter((name) => ![tokens, sheet].some((css) => css.includes(`${name}:`)))
        .filter((name) => !code.includes(name))
        .map((name) => `${path} ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('have every class that a component asks for', () => {
    const missing = Object.entries(SOURCES).flatMap(([path, source]) =>
      [...source.matchAll(/import (\w+) from '(\.[^']*\.module\.css)'/g)].flatMap(
        ([, name, from = '']) => {
          const sheet = SHEETS[join(path, from)] ?? '';
          const asked = source.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'));
          return [...asked]
            .map(([, wanted = '']) => wanted)
            .filter((wanted) => !new RegExp(`\\.${wanted}\\b`).test(sheet))
            .map((wanted) => `${path} ${from} .${wanted}`);
        },
      ),
    );
    expect(missing).toEqual([]);
  });
});

/** Where `from` leads when it stands in the file `path`, written as the globs above write it. */
function join(path: string, from: string): string {
  const base = new URL(path, 'http://x/src/ui/');
  const { pathname } = new URL(from, base);
  return pathname.startsWith('/src/ui/')
    ? pathname.replace('/src/ui/', './')
    : pathname.replace('/src/', '../');
}
