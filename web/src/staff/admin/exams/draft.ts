import type { Schemas } from '@oep/client';

/** An exam's details as their form holds them, its flaws in the service's words, and what is sent. Pure. */

export type ExamStatus = Schemas['ExamStatus'];
export type DevicePolicy = Schemas['DevicePolicy'];
type Exam = Schemas['ExamBody'];

export const STATUSES = [
  'draft',
  'published',
  'active',
  'completed',
  'archived',
] as const satisfies readonly ExamStatus[];
export const DEVICE_POLICIES = [
  'allow',
  'flag',
  'refuse',
] as const satisfies readonly DevicePolicy[];
export const FLAGS = [
  'shuffle_questions',
  'shuffle_options',
  'requires_authorisation',
  'camera_required',
  'show_results_immediately',
  'allow_review',
] as const;
export type Flag = (typeof FLAGS)[number];

export interface ExamDraft {
  title: string;
  exam_code: string;
  trade_id: string;
  description: string;
  instructions: string;
  duration_minutes: number | null;
  total_marks: number | null;
  passing_marks: number | null;
  max_attempts: number | null;
  /** As `<input type="datetime-local">` has it, in the zone of this device; empty for none. */
  start_time: string;
  end_time: string;
  flags: readonly string[];
  device_policy: DevicePolicy;
  isMarkedTwice: boolean;
  second_marking_tolerance: number | null;
}

export const EMPTY: ExamDraft = {
  title: '',
  exam_code: '',
  trade_id: '',
  description: '',
  instructions: '',
  duration_minutes: 60,
  total_marks: 100,
  passing_marks: 40,
  max_attempts: null,
  start_time: '',
  end_time: '',
  flags: ['allow_review'],
  device_policy: 'allow',
  isMarkedTwice: false,
  second_marking_tolerance: 0,
};

export function draftOf(exam: Exam): ExamDraft {
  return {
    title: exam.title,
    exam_code: exam.exam_code,
    trade_id: String(exam.trade_id),
    description: exam.description ?? '',
    instructions: exam.instructions ?? '',
    duration_minutes: exam.duration_minutes,
    total_marks: exam.total_marks,
    passing_marks: exam.passing_marks,
    max_attempts: exam.max_attempts,
    start_time: localOf(exam.start_time),
    end_time: localOf(exam.end_time),
    flags: FLAGS.filter((flag) => exam[flag]),
    device_policy: exam.device_policy,
    isMarkedTwice: exam.second_marking === 'blind',
    second_marking_tolerance: exam.second_marking_tolerance,
  };
}

/** An instant as the clocks of this device's zone show it, `2026-01-31T09:30`. */
export function localOf(instant: string | null | undefined): string {
  if (!instant) return '';
  const at = new Date(instant);
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** The instant that a clock of this device's zone shows, in UTC. */
export function instantOf(local: string): string | null {
  if (!local) return null;
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** Keys of `admin.examFlaws`; the English of the last two is the service's own. */
export type Flaw = 'needed' | 'tooManyToPass' | 'endBeforeStart';

export function flawsOf(draft: ExamDraft): Partial<Record<keyof ExamDraft, Flaw>> {
  const flaws: Partial<Record<keyof ExamDraft, Flaw>> = {};
  const needed = ['title', 'trade_id', 'duration_minutes', 'total_marks', 'passing_marks'] as const;
  for (const name of needed) {
    const value = draft[name];
    if (value === null || String(value).trim() === '') flaws[name] = 'needed';
  }
  const { passing_marks, total_marks } = draft;
  if (passing_marks !== null && total_marks !== null && passing_marks > total_marks) {
    flaws.passing_marks = 'tooManyToPass';
  }
  if (draft.start_time && draft.end_time && draft.end_time <= draft.start_time) {
    flaws.end_time = 'endBeforeStart';
  }
  return flaws;
}

/** What adds this exam. */
export function newExam(draft: ExamDraft): Schemas['NewExam'] {
  const { exam_code, ...fields } = sent(draft);
  const code = exam_code ? { exam_code } : {};
  return { ...fields, ...code, trade_id: Number(draft.trade_id) } as Schemas['NewExam'];
}

/** Only what is different: of an exam that was sat, the rest is frozen. */
export function changeOf(before: ExamDraft, draft: ExamDraft): Schemas['ExamChange'] {
  const was: Record<string, unknown> = sent(before);
  const changed = Object.entries(sent(draft)).filter(([name, value]) => value !== was[name]);
  return Object.fromEntries(changed) as Schemas['ExamChange'];
}

function sent(draft: ExamDraft) {
  const line = (text: string) => text.trim() || null;
  return {
    title: draft.title.trim(),
    exam_code: draft.exam_code.trim(),
    description: line(draft.description),
    instructions: line(draft.instructions),
    duration_minutes: draft.duration_minutes,
    total_marks: draft.total_marks,
    passing_marks: draft.passing_marks,
    max_attempts: draft.max_attempts,
    start_time: instantOf(draft.start_time),
    end_time: instantOf(draft.end_time),
    ...Object.fromEntries(FLAGS.map((flag) => [flag, draft.flags.includes(flag)])),
    device_policy: draft.device_policy,
    second_marking: draft.isMarkedTwice ? 'blind' : 'none',
    second_marking_tolerance: draft.second_marking_tolerance ?? 0,
  };
}
