import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Contrast by WCAG 2.2 of everything that the tokens let stand on one another, in both themes. */

const tokens = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
type Rgb = readonly [number, number, number];
const PAIR = /--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g;
const COLOURS = new Map([...tokens.matchAll(PAIR)].map(([, name, ...both]) => [name, both]));

const GROUNDS = ['ground', 'surface', 'surface-raised'];
const TONES = ['accent', 'good', 'warning', 'bad'];
const QUIET = TONES.map((tone) => `${tone}-quiet`);

const TEXTS: [string, string][] = [
  ...[...GROUNDS, ...QUIET].map((on): [string, string] => ['text', on]),
  ...[...GROUNDS, ...QUIET].map((on): [string, string] => ['text-quiet', on]),
  ...TONES.flatMap((tone) => GROUNDS.map((on): [string, string] => [tone, on])),
  ...TONES.map((tone): [string, string] => [tone, `${tone}-quiet`]),
  ['on-accent', 'accent'],
];
const SIGNS: [string, string][] = [
  ...GROUNDS.map((on): [string, string] => ['line', on]),
  ...[...GROUNDS, ...QUIET].map((on): [string, string] => ['focus', on]),
];

function colour(name: string, theme: number): Rgb {
  const hex = COLOURS.get(name)?.[theme];
  if (!hex) throw new Error(`no colour --${name}`);
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
    Number.parseInt(hex.slice(at, at + 2), 16),
  );
  return [red, green, blue];
}

function luminance([red, green, blue]: Rgb): number {
  const linear = (channel: number) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function contrast(above: Rgb, below: Rgb): number {
  const [dark = 0, light = 0] = [luminance(above), luminance(below)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

it('measures as WCAG does', () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
  expect(contrast([118, 118, 118], [255, 255, 255])).toBeCloseTo(4.54, 2);
});

describe.each([
  ['light', 0],
  ['dark', 1],
])('in the %s theme', (_, theme) => {
  it.each(TEXTS)('--%s can be read on --%s', (above, below) => {
    expect(contrast(colour(above, theme), colour(below, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SIGNS)('--%s can be seen on --%s', (above, below) => {
    expect(contrast(colour(above, theme), colour(below, theme))).toBeGreaterThanOrEqual(3);
  });
});
