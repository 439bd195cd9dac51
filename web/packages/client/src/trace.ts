/** Where a trace begins: the W3C context of one request, sampled. Nothing of it is kept. */

/** Whether this page was handed out by an installation that wants traces (`<meta name="oep-trace">`). */
export function isAskedToTrace(page: Document | undefined = globalThis.document): boolean {
  const said = page?.querySelector('meta[name="oep-trace"]')?.getAttribute('content');
  return said === 'on';
}

/** A new trace and its first span, as the header `traceparent` says them. */
export function traceparent(): string {
  return `00-${hex(16)}-${hex(8)}-01`;
}

function hex(bytes: number): string {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
