/** Says something to screen readers; the eye sees it elsewhere. Summaries, never every single event. */

const CLEARED_AFTER_MS = 7_000;
type Urgency = 'polite' | 'assertive';
const regions: Partial<Record<Urgency, HTMLElement>> = {};

/** `polite` waits until the reader pauses; `assertive` interrupts (time is over, connection lost). */
export function announce(text: string, urgency: Urgency = 'polite'): void {
  const region = regionOf(urgency);
  const line = document.createElement('p');
  line.textContent = text;
  region.append(line);
  setTimeout(() => line.remove(), CLEARED_AFTER_MS);
}

function regionOf(urgency: Urgency): HTMLElement {
  const existing = regions[urgency];
  if (existing?.isConnected) return existing;
  const region = document.createElement('div');
  region.className = 'visually-hidden';
  region.setAttribute('role', urgency === 'polite' ? 'status' : 'alert');
  region.setAttribute('aria-live', urgency);
  region.setAttribute('aria-atomic', 'false');
  region.setAttribute('aria-relevant', 'additions');
  region.dataset.liveAnnouncer = 'true'; // open dialogs hide everything else but this from readers
  document.body.append(region);
  regions[urgency] = region;
  return region;
}
