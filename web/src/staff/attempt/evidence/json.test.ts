import { expect, test } from 'vitest';
import { byCodePoint, canonical, Float, floatText, NotJson, parse } from './json';

const same = (text: string) => canonical(parse(text));

test('what was written canonically is written the same again', () => {
  const text =
    '{"a":[1,1.0,-0.0,100000000000000000000,1e-07,1e+16,true,null,{}],"é":"\u2028\u{1f600}\\n\\u0001"}';
  expect(same(text)).toBe(text);
});

test('names are sorted by code point, spaces and needless escapes go', () => {
  expect(same(' { "b" : 1 , "a" : "\\u00e9\\/" } ')).toBe('{"a":"é/","b":1}');
  expect(['\u{1f600}', '\ue000', 'z', ''].sort(byCodePoint)).toEqual([
    '',
    'z',
    '\ue000',
    '\u{1f600}',
  ]);
});

test('numbers with a point have the shortest text of the platform', () => {
  const texts = [
    '1.0',
    '0.1',
    '123456789012345.6',
    '1e+16',
    '0.0001',
    '1e-05',
    '1.5e-07',
    '-2.5e+300',
    '5e-324',
  ];
  for (const text of texts) expect(floatText(Number(text))).toBe(text);
  expect(parse('1.0')).toEqual(new Float(1));
});

test('a whole number is kept whatever its size, and minus nothing is nothing', () => {
  expect(parse('9223372036854775807')).toBe(9223372036854775807n);
  expect(same('-0')).toBe('0');
});

test('a name that stands twice is refused, unless the text is taken as it is', () => {
  expect(() => parse('{"a":1,"a":2}')).toThrow(NotJson);
  expect(canonical(parse('{"a":1,"a":2}', true))).toBe('{"a":2}');
});

test('__proto__ is a name like any other', () => {
  expect(same('{"__proto__":{"x":1}}')).toBe('{"__proto__":{"x":1}}');
});

test('half a surrogate pair has no canonical text', () => {
  expect(() => same('"\\ud83d"')).toThrow(NotJson);
});

test.each([
  '',
  '{',
  '[1,]',
  '{"a"}',
  '01',
  '1 2',
  'nul',
  '"\n"',
  '"\\x"',
  "{'a':1}",
  'NaN',
  '+1',
  '.5',
  '[1}',
])('%j is no JSON', (text) => {
  expect(() => parse(text)).toThrow(NotJson);
});
