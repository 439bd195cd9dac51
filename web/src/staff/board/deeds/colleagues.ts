/** Colleagues to whom a student can be handed over: those who have had one in this exam. Pure. */

export interface Colleague {
  readonly id: number;
  readonly name: string;
}

interface Claim {
  readonly claimed_by_id: number;
  readonly claimed_by: string | null;
}

/** Each once, by name, without oneself. */
export function colleaguesIn(claims: readonly Claim[], me: number): Colleague[] {
  const names = new Map(
    claims.map((claim) => [claim.claimed_by_id, claim.claimed_by ?? String(claim.claimed_by_id)]),
  );
  names.delete(me);
  return [...names]
    .map(([id, name]) => ({ id, name }))
    .sort((one, other) => one.name.localeCompare(other.name));
}
