import { type MessageFormatElement, parse, TYPE } from '@formatjs/icu-messageformat-parser';
import { describe, expect, it } from 'vitest';
import { LANGUAGES } from './languages';

type Words = { [key: string]: string | Words };
const FILES = import.meta.glob<Words>('./*/*.json', { import: 'default', eager: true });
const ENGLISH = Object.keys(FILES).filter((path) => path.startsWith('./en/'));
const OTHERS = Object.keys(LANGUAGES).filter((language) => language !== 'en');

/** Every text of a file by its path of keys. */
function texts(words: Words, above = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    const path = above ? `${above}.${key}` : key;
    if (typeof value === 'string') found.set(path, value);
    else for (const entry of texts(value, path)) found.set(...entry);
  }
  return found;
}

/** The arguments of a message with what they are: `count:plural`, `at:date`, `b:tag`. */
function argumentsOf(message: string): string[] {
  return [...new Set(walk(parse(message)))].sort();
}

function walk(elements: MessageFormatElement[]): string[] {
  return elements.flatMap((element) => {
    if (element.type === TYPE.literal || element.type === TYPE.pound) return [];
    const own = `${element.value}:${TYPE[element.type]}`;
    if (element.type === TYPE.tag) return [own, ...walk(element.children)];
    if (element.type !== TYPE.plural && element.type !== TYPE.select) return [own];
    const inner = Object.values(element.options).flatMap((option) => walk(option.value));
    return [own, ...inner];
  });
}

/** What a message says itself, without its arguments. */
function literalsOf(elements: MessageFormatElement[]): string {
  return elements
    .map((element) => {
      if (element.type === TYPE.literal) return element.value;
      if (element.type === TYPE.tag) return literalsOf(element.children);
      if (element.type !== TYPE.plural && element.type !== TYPE.select) return '';
      return Object.values(element.options)
        .map((option) => literalsOf(option.value))
        .join(' ');
    })
    .join(' ');
}

describe.each(OTHERS)('the words in %s', (language) => {
  it.each(ENGLISH)('have exactly the keys of %s', (path) => {
    const same = FILES[path.replace('/en/', `/${language}/`)];
    const there = texts(same ?? {});
    expect([...there.keys()].sort()).toEqual([...texts(FILES[path] ?? {}).keys()].sort());
  });

  it.each(ENGLISH)('take the same arguments as %s', (path) => {
    const there = texts(FILES[path.replace('/en/', `/${language}/`)] ?? {});
    for (const [key, english] of texts(FILES[path] ?? {})) {
      const other = there.get(key) ?? '';
      expect(argumentsOf(other), `${path} ${key}`).toEqual(argumentsOf(english));
    }
  });

  it('belong to files that English has too', () => {
    const own = Object.keys(FILES).filter((path) => path.startsWith(`./${language}/`));
    expect(own.map((path) => path.replace(`/${language}/`, '/en/')).sort()).toEqual(
      ENGLISH.toSorted(),
    );
  });
});

it('no text is empty', () => {
  for (const [path, words] of Object.entries(FILES)) {
    for (const [key, text] of texts(words)) expect(text.trim(), `${path} ${key}`).not.toBe('');
  }
});

it('Hindi is written in Devanagari but for names and abbreviations', () => {
  const left: string[] = [];
  for (const [path, words] of Object.entries(FILES).filter(([p]) => p.startsWith('./hi/'))) {
    for (const [key, text] of texts(words)) {
      const said = literalsOf(parse(text));
      if (/[a-z]{3}/.test(said) && !/\p{Script=Devanagari}/u.test(said))
        left.push(`${path} ${key}`);
    }
  }
  expect(left).toEqual([]);
});
