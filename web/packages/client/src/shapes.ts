/** Short names for the answers and bodies that pages handle most; all others are in `Schemas`. */

import type { components } from './api.gen';

/** Every shape of the services' OpenAPI by its name: `Schemas['ExamReport']`. */
export type Schemas = components['schemas'];

export type User = Schemas['User'];
export type Attempt = Schemas['AttemptBody'];
export type AttemptWithProgress = Schemas['AttemptWithProgressBody'];
export type AttemptListItem = Schemas['AttemptListItem'];
export type AttemptStatus = Schemas['Status'];
export type Exam = Schemas['ExamBody'];
export type ExamWithQuestions = Schemas['ExamWithQuestionsBody'];
export type Question = Schemas['QuestionBody'];
export type StoredAnswer = Schemas['AnswerBody'];
export type AttemptResult = Schemas['AttemptResultDetailedBody'];
export type Submission = Schemas['SubmissionBody'];
export type Receipt = Schemas['ReceiptBody'];
export type ProctoringEvent = Schemas['ProctoringEvent'];
export type Severity = 'info' | 'warning' | 'violation';

/** Anything that JSON can say; answers are this. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
