/** What Safe Exam Browser tells a page: its keys, hashed already with the address that was opened. */
interface SafeExamBrowser {
  readonly security?: { readonly configKey?: string; readonly browserExamKey?: string };
}

const page = globalThis.location?.href;

/**
 * The headers by which a page hands on what Safe Exam Browser told it; none in another browser.
 * The keys stay hashed with the address that the page was opened at, wherever it has gone since.
 */
export function safeBrowserHeaders(of: unknown = globalThis, url = page): [string, string][] {
  const { security } = (of as { SafeExamBrowser?: SafeExamBrowser }).SafeExamBrowser ?? {};
  if (!security || url === undefined) return [];
  const told: [string, string | undefined][] = [
    ['x-safeexambrowser-page-url', url.split('#')[0]],
    ['x-safeexambrowser-page-configkeyhash', security.configKey],
    ['x-safeexambrowser-page-requesthash', security.browserExamKey],
  ];
  return told.filter((header): header is [string, string] => Boolean(header[1]));
}
