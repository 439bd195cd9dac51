/** Which parts of the administration are offered to whom; the services decide, this saves ways in vain. */

export const AREAS = ['exams', 'banks', 'people', 'centers', 'trades', 'audit'] as const;
export type AdminArea = (typeof AREAS)[number];

/** People, centers, assignments and the audit are an administrator's. */
const HALL: ReadonlySet<AdminArea> = new Set(['exams', 'banks', 'trades']);

export function areasOf(roles: readonly string[]): readonly AdminArea[] {
  if (roles.includes('admin')) return AREAS;
  return roles.includes('hall_in_charge') ? AREAS.filter((area) => HALL.has(area)) : [];
}
