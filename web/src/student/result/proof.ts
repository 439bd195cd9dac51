/** The receipt of a submit as the page shows it and as a file. Pure. */

import type { Receipt } from '@oep/client';

/** What a person reads of a receipt. */
export interface ReceiptWords {
  submittedAt: string | null;
  answerCount: number;
  /** SHA-256 over the answers, in groups that can be compared by eye. */
  fingerprint: string;
  kid: string;
}

export function wordsOf({ receipt, kid }: Receipt): ReceiptWords {
  const { submitted_at: at, answers, answers_sha256: hash } = receipt;
  return {
    submittedAt: typeof at === 'string' ? at : null,
    answerCount: Array.isArray(answers) ? answers.length : 0,
    fingerprint: typeof hash === 'string' ? (hash.match(/.{1,8}/g) ?? []).join(' ') : '',
    kid,
  };
}

/** Returns the receipt as the file that `oep verify` takes. */
export function fileOf(receipt: Receipt): { name: string; text: string } {
  const id = String(receipt.receipt.attempt_id ?? 'exam');
  return { name: `receipt-attempt-${id}.json`, text: `${JSON.stringify(receipt, null, 2)}\n` };
}
