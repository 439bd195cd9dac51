/** Which pages are offered to whom. What somebody may do the services decide; this only saves a way in vain. */

import type { User } from '@oep/client';

/** A place that the pages lead to. */
export type Area = 'board' | 'report' | 'reviews' | 'admin';

const MAY: Readonly<Record<Area, readonly string[]>> = {
  board: ['admin', 'proctor'],
  report: ['admin', 'hall_in_charge', 'proctor', 'grader'],
  reviews: ['admin', 'hall_in_charge', 'proctor', 'grader'],
  admin: ['admin', 'hall_in_charge'],
};
const STAFF: ReadonlySet<string> = new Set(Object.values(MAY).flat());

export function rolesOf(user: User): string[] {
  return user.roles.map((role) => role.name);
}

export function isStaff(user: User): boolean {
  return rolesOf(user).some((role) => STAFF.has(role));
}

/** Whether an area is of use to somebody. */
export function opens(user: User, area: Area): boolean {
  return rolesOf(user).some((role) => MAY[area].includes(role));
}

/** Who takes over a student from a colleague: administrators and halls in charge. */
export function isChief(user: User): boolean {
  return rolesOf(user).some((role) => role === 'admin' || role === 'hall_in_charge');
}
