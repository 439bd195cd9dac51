import { expect, test } from 'vitest';
import { blocksOf } from './blocks';

test('headings, lists and paragraphs are told apart', () => {
  const text = '## Safety\n\nTen questions,\n60 minutes.\n\n- One\n  goes on\n- Two\n\nGood luck.';
  expect(blocksOf(text)).toEqual([
    { kind: 'heading', text: 'Safety' },
    { kind: 'paragraph', text: 'Ten questions, 60 minutes.' },
    { kind: 'list', items: ['One goes on', 'Two'] },
    { kind: 'paragraph', text: 'Good luck.' },
  ]);
});

test('what looks like markup stays text', () => {
  expect(blocksOf('<b>bold</b> 3 - 2 #1')).toEqual([
    { kind: 'paragraph', text: '<b>bold</b> 3 - 2 #1' },
  ]);
});

test('no instructions are no blocks', () => expect(blocksOf('')).toEqual([]));
