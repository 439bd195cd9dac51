/** The languages of the pages; the file names under `words/` are the namespaces of `useTranslations`. */

export const LANGUAGES = { en: 'English', hi: 'हिन्दी' } as const;

/** English words from right to left, to try the layout; chosen by tests, offered where pages are developed. */
export const MIRRORED = 'ar-XB';
export type Language = keyof typeof LANGUAGES | typeof MIRRORED;

/** How dates and figures are written: as in India, where the exams are. */
const FORMATS: Record<Language, string> = { en: 'en-IN', hi: 'hi-IN', [MIRRORED]: 'ar' };
const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set([MIRRORED]);
const CHOICE = 'oep.language';

export function direction(language: Language): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(language) ? 'rtl' : 'ltr';
}

/** The tag by which dates and figures are written. */
export function formatOf(language: Language): string {
  return FORMATS[language];
}

/** What can be chosen, each under its own name; what is chosen now is always among them. */
export function offered(chosen: Language): readonly { value: Language; label: string }[] {
  const real = Object.entries(LANGUAGES).map(([value, label]) => ({
    value: value as Language,
    label,
  }));
  const isTried = import.meta.env.DEV || chosen === MIRRORED;
  return isTried ? [...real, { value: MIRRORED, label: MIRRORED }] : real;
}

/** The person's choice, else the browser's first language that we have, else English. */
export function chosenLanguage(): Language {
  const kept = localStorage.getItem(CHOICE);
  if (kept === MIRRORED) return MIRRORED;
  const wanted = [kept ?? '', ...navigator.languages];
  return wanted.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en';
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(CHOICE, language);
}

function isLanguage(tag: string | undefined): tag is keyof typeof LANGUAGES {
  return tag !== undefined && tag in LANGUAGES;
}
