/** Lengths of time as figures; words around them are the languages' business. */

/** Seconds as a running clock: `05:09`, from an hour on `1:05:09`; below zero with a minus. */
export function clock(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = two(Math.floor((whole % 3600) / 60));
  const sign = seconds < 0 && whole > 0 ? '−' : '';
  const lead = hours > 0 ? `${hours}:` : '';
  return `${sign}${lead}${minutes}:${two(whole % 60)}`;
}

export interface Length {
  hours: number;
  minutes: number;
  seconds: number;
}

/** Splits whole seconds. */
export function lengthOf(seconds: number): Length {
  const whole = Math.max(0, Math.round(seconds));
  return {
    hours: Math.floor(whole / 3600),
    minutes: Math.floor((whole % 3600) / 60),
    seconds: whole % 60,
  };
}

function two(figure: number): string {
  return String(figure).padStart(2, '0');
}
