import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { chosenLanguage, direction, formatOf, keepLanguage, MIRRORED, offered } from './languages';

const kept = new Map<string, string>();

beforeEach(() => {
  kept.clear();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
});
afterEach(() => vi.unstubAllGlobals());

it('takes the first language of the browser that the pages have', () => {
  vi.stubGlobal('navigator', { languages: ['te-IN', 'hi-IN', 'en'] });
  expect(chosenLanguage()).toBe('hi');
});

it('takes English when the pages have none of them', () => {
  vi.stubGlobal('navigator', { languages: ['te-IN', 'fr'] });
  expect(chosenLanguage()).toBe('en');
});

it('keeps what the person has chosen', () => {
  vi.stubGlobal('navigator', { languages: ['en'] });
  keepLanguage('hi');
  expect(chosenLanguage()).toBe('hi');
});

it('writes from right to left in the language that only tries it', () => {
  vi.stubGlobal('navigator', { languages: ['en'] });
  keepLanguage(MIRRORED);
  expect(chosenLanguage()).toBe(MIRRORED);
  expect(direction(MIRRORED)).toBe('rtl');
  expect(direction('hi')).toBe('ltr');
});

it('writes days before months', () => {
  const day = new Date(Date.UTC(2026, 1, 1));
  const written = new Intl.DateTimeFormat(formatOf('en'), { timeZone: 'UTC' }).format(day);
  expect(written).toBe('1/2/2026');
});

it('offers each language under its own name', () => {
  expect(offered('en').map((one) => one.label)).toEqual(
    expect.arrayContaining(['English', 'हिन्दी']),
  );
});
