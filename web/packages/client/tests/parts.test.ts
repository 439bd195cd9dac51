/// <reference types="node" />
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const SOURCE = new URL('../src/', import.meta.url);
/** What is in the bundle beside our own; the other package is nothing but types. */
const PARTS = ['idb', 'openapi-fetch', 'openapi-typescript-helpers'];

function imported(): string[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const texts = sources.map((name) => readFileSync(new URL(name, SOURCE), 'utf8'));
  const found = texts.flatMap((text) => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)]);
  return [...new Set(found.map(([, name = '']) => name))];
}

test('there is no framework in the client: any page of an exam can use it', () => {
  const ofOthers = imported().filter((name) => !name.startsWith('.'));
  expect(ofOthers.sort()).toEqual(PARTS);
  expect(imported().filter((name) => name.startsWith('../../'))).toEqual([]);
});
