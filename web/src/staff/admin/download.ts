/** Gives the person at the screen a file that this page has made. */
export function download(name: string, type: string, content: BlobPart): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The same for anything that JSON can say. */
export function downloadJson(name: string, content: unknown): void {
  download(name, 'application/json', `${JSON.stringify(content, null, 2)}\n`);
}
