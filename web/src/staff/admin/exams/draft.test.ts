import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import words from '../../../words/en/admin.json';
import { changeOf, EMPTY, type ExamDraft, flawsOf, instantOf, localOf, newExam } from './draft';

const RULES = new URL('../../../../../services/attempts/src/attempts/drafting.py', import.meta.url);
const exam: ExamDraft = { ...EMPTY, title: 'Wiring', trade_id: '3' };

it('shows an instant on the clocks of this zone and reads it back', () => {
  const instant = '2026-03-01T04:30:00.000Z';
  expect(instantOf(localOf(instant))).toBe(instant);
  expect(localOf(null)).toBe('');
  expect(instantOf('')).toBeNull();
  expect(instantOf('soon')).toBeNull();
});

it('sends a new exam without a code when none is given: the service makes one', () => {
  expect(newExam(exam)).not.toHaveProperty('exam_code');
  expect(newExam({ ...exam, exam_code: ' X1 ' }).exam_code).toBe('X1');
  expect(newExam(exam)).toMatchObject({ trade_id: 3, allow_review: true, shuffle_options: false });
});

it('sends only what is different', () => {
  expect(changeOf(exam, { ...exam, flags: [], passing_marks: 50 })).toEqual({
    allow_review: false,
    passing_marks: 50,
  });
  expect(changeOf(exam, { ...exam, title: 'Wiring ' })).toEqual({});
});

it('says what is wrong before it is sent', () => {
  expect(flawsOf({ ...exam, title: ' ', trade_id: '', duration_minutes: null })).toEqual({
    title: 'needed',
    trade_id: 'needed',
    duration_minutes: 'needed',
  });
  expect(flawsOf({ ...exam, passing_marks: 101 })).toEqual({ passing_marks: 'tooManyToPass' });
  const times = { start_time: '2026-03-01T10:00', end_time: '2026-03-01T10:00' };
  expect(flawsOf({ ...exam, ...times })).toEqual({ end_time: 'endBeforeStart' });
});

it('says it in the words of the service', () => {
  const rules = readFileSync(RULES, 'utf8');
  expect(rules).toContain(words.examFlaws.tooManyToPass);
  expect(rules).toContain(words.examFlaws.endBeforeStart);
});
