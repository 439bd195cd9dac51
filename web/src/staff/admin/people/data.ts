import type { Api } from '@oep/client';

/** What the three services that know something of a person hold, and its removal (ADR 21). */

/** All of it as one document, as `oep privacy export` writes it. Raises as the client does. */
export async function exportPerson(api: Api, userId: number, at: Date): Promise<object> {
  const params = { path: { user_id: userId } };
  const [auth, attempts, proctoring] = await Promise.all([
    api.get('/api/v1/auth/users/{user_id}/export', { params }),
    api.get('/api/v1/attempts/people/{user_id}/export', { params }),
    api.get('/api/v1/proctoring/people/{user_id}/export', { params }),
  ]);
  return { user_id: userId, exported_at: at.toISOString(), auth, attempts, proctoring };
}

/**
 * Removes it, service after service: attempts first, because it refuses while he sits; then he is let
 * in no more. When one refuses, the same call once more finishes what was begun.
 */
export async function erasePerson(api: Api, userId: number, reason: string): Promise<void> {
  const asked = { params: { path: { user_id: userId } }, body: { reason } };
  await api.post('/api/v1/attempts/people/{user_id}/erasure', asked);
  await api.post('/api/v1/auth/users/{user_id}/erasure', asked);
  await api.post('/api/v1/proctoring/people/{user_id}/erasure', asked);
}
