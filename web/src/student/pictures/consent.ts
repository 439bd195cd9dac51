/** What a student said about pictures: kept in his tab for this attempt, and asked anew in another one. */

export type Consent = 'given' | 'refused';

const key = (attemptId: number) => `oep.pictures.${attemptId}`;

/** undefined until he was asked. */
export function consentOf(attemptId: number): Consent | undefined {
  const kept = sessionStorage.getItem(key(attemptId));
  return kept === 'given' || kept === 'refused' ? kept : undefined;
}

export function keepConsent(attemptId: number, consent: Consent): void {
  sessionStorage.setItem(key(attemptId), consent);
}
