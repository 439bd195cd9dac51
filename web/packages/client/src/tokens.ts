/** What of a token matters to its holder: how long it lives. Nothing else in it is looked at. */

const UNKNOWN_LIFE_MS = 10 * 60 * 1000;
const LATEST_RENEWAL_MS = 60_000;

/** How long a token lives from when it was made, in ms; a guess when it does not say. */
export function lifeOf(token: string): number {
  try {
    const payload = token.split('.')[1] ?? '';
    const claims: unknown = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')));
    const { exp, iat } = claims as { exp?: unknown; iat?: unknown };
    if (typeof exp === 'number' && typeof iat === 'number' && exp > iat) return (exp - iat) * 1000;
  } catch {
    // opaque: treated as short-lived
  }
  return UNKNOWN_LIFE_MS;
}

/** How long before its end a token is exchanged, in ms: a minute, a fifth of a short life. */
export function renewalMargin(lifeMs: number): number {
  return Math.min(LATEST_RENEWAL_MS, lifeMs / 5);
}
