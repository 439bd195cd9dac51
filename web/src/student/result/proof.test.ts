import type { Receipt } from '@oep/client';
import { expect, test } from 'vitest';
import { fileOf, wordsOf } from './proof';

const RECEIPT: Receipt = {
  receipt: {
    attempt_id: 7,
    submitted_at: '2026-03-02T12:00:00Z',
    answers: [{ question_id: 1 }, { question_id: 2 }],
    answers_sha256: 'aaaaaaaabbbbbbbbcc',
  },
  signature: 's',
  kid: 'key-1',
  algorithm: 'EdDSA',
};

test('a receipt says when, how many answers, and a fingerprint that can be compared by eye', () => {
  expect(wordsOf(RECEIPT)).toEqual({
    submittedAt: '2026-03-02T12:00:00Z',
    answerCount: 2,
    fingerprint: 'aaaaaaaa bbbbbbbb cc',
    kid: 'key-1',
  });
});

test('its file holds all of it, unchanged', () => {
  const { name, text } = fileOf(RECEIPT);
  expect(name).toBe('receipt-attempt-7.json');
  expect(JSON.parse(text)).toEqual(RECEIPT);
});
