/** The date of birth as it is typed, `DD/MM/YYYY`. Pure. */

/**
 * Returns what was typed with its slashes: figures alone are enough, and whatever separates them
 * (`2.3.2004`, `02-03-2004`) is understood.
 */
export function withSlashes(typed: string): string {
  const parts: string[] = [];
  for (const part of typed.split(/\D+/).filter(Boolean)) parts.push(...split(part, parts.length));
  const last = parts.pop() ?? '';
  const isEnded = /\d\D$/.test(typed) && parts.length < 2;
  const shown = [...parts.map(padded), isEnded ? padded(last) : last].join('/');
  return (isEnded ? `${shown}/` : shown).slice(0, 'DD/MM/YYYY'.length);
}

/** True when the text is a day that exists. */
export function isDay(text: string): boolean {
  const [, day, month, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text) ?? [];
  if (day === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** Cuts figures that were typed without a break into day, month and year, from `place` on. */
function split(figures: string, place: number): string[] {
  if (place >= 2 || figures.length <= 2) return [figures];
  return [figures.slice(0, 2), ...split(figures.slice(2), place + 1)];
}

function padded(part: string): string {
  return part.padStart(2, '0');
}
