/** Days as people here write them, DD/MM/YYYY, and as machines do, YYYY-MM-DD; no instants, no zones. */

/** Puts the slashes where they belong while somebody types or pastes digits; keeps what else is typed. */
export function withSlashes(typed: string, before: string): string {
  if (typed.length < before.length) return typed;
  const groups = /^(\d{2})\/?(\d{0,2})\/?(\d{0,4})$/.exec(typed);
  if (!groups) return typed;
  const [, day = '', month = '', year = ''] = groups;
  if (month.length < 2) return `${day}/${month}`;
  return `${day}/${month}/${year}`;
}

/** `31/12/2001` → `2001-12-31`; undefined for everything that is no day of the calendar. */
export function isoDay(typed: string): string | undefined {
  const groups = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(typed.trim());
  if (!groups) return undefined;
  const [day, month, year] = groups.slice(1).map(Number) as [number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.toISOString().slice(0, 10) : undefined;
}

/** `2001-12-31` → `31/12/2001`; empty for null. */
export function dayOf(iso: string | null | undefined): string {
  if (!iso) return '';
  const [year, month, day] = iso.slice(0, 10).split('-');
  return `${day}/${month}/${year}`;
}
