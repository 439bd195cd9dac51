import type { Api } from '@oep/client';

/** A file that the platform gave; the token went in the header, never in an address. */
export interface Download {
  name: string;
  blob: Blob;
}

/** Fetches a file. Raises `Refusal`, `Unreachable`, `SignedOut`. */
export async function download(api: Api, path: string): Promise<Download> {
  const answer = await api.fetch(path);
  const name = nameIn(answer.headers.get('Content-Disposition')) ?? path.replace(/^.*\//, '');
  return { name, blob: await answer.blob() };
}

/** Hands a file to the browser's downloads. */
export function save({ name, blob }: Download): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download has its own hold of the bytes by then; at once would be too early in some browsers.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Returns the file's name from a header such as `attachment; filename="report.csv"`. */
export function nameIn(header: string | null): string | undefined {
  return header?.match(/filename="([^"/\\]+)"/)?.[1];
}
