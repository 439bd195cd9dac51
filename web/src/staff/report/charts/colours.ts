/** The look's tokens as colours that a canvas understands; `light-dark()` is the style sheet's language only. */

export const INKS = [
  'text',
  'text-quiet',
  'line',
  'line-quiet',
  'surface',
  'accent',
  'accent-quiet',
  'warning',
  'bad',
] as const;
export type Ink = (typeof INKS)[number];
export type Inks = Record<Ink, string>;

/** Reads the tokens as they are now, below this element. */
export function inksOf(element: Element): Inks {
  const probe = document.createElement('span');
  element.append(probe);
  const found = INKS.map((ink) => {
    probe.style.color = `var(--${ink})`;
    return [ink, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(found) as Inks;
}

/** Calls when light and dark may have changed places, as they do for paper; returns its own end. */
export function onThemeChange(changed: () => void): () => void {
  const media = [matchMedia('(prefers-color-scheme: dark)'), matchMedia('print')];
  const choice = new MutationObserver(changed);
  for (const each of media) each.addEventListener('change', changed);
  choice.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    for (const each of media) each.removeEventListener('change', changed);
    choice.disconnect();
  };
}
