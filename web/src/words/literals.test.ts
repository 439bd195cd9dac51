import ts from 'typescript';
import { expect, it } from 'vitest';

/** No page says anything that is not in the files of words. */

const SOURCES = import.meta.glob<string>(['../**/*.tsx', '!../**/*.test.tsx'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const SAID = new Set(
  'alt aria-description aria-label aria-roledescription caption confirmLabel consequence error header hint label placeholder text title'.split(
    ' ',
  ),
);
const LETTERS = /\p{L}{2}/u;

function literals(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = visible(node);
    if (text && LETTERS.test(text)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      found.push(`${path}:${line + 1} ${text.trim()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function visible(node: ts.Node): string | undefined {
  if (ts.isJsxText(node)) return node.text;
  if (ts.isJsxAttribute(node) && SAID.has(node.name.getText())) return textOf(node.initializer);
  if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) return textOf(node);
  return undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  if (node && ts.isJsxExpression(node)) return textOf(node.expression);
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

it('there are pages to look at', () => {
  expect(Object.keys(SOURCES).length).toBeGreaterThan(30);
});

it('finds texts, labels and quoted texts', () => {
  const source = `const a = <p title="Hello">{'there'} <b aria-label={"you"}>world</b> {t('key')}</p>;`;
  expect(literals('x.tsx', source).map((one) => one.split(' ').pop())).toEqual([
    'Hello',
    'there',
    'you',
    'world',
  ]);
});

it('no page says a word of its own', () => {
  const found = Object.entries(SOURCES).flatMap(([path, source]) => literals(path, source));
  expect(found).toEqual([]);
}, 60_000);
