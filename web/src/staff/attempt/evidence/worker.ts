/** Checks a bundle off the page's thread: reads it in pieces, says how far it is, ends with the findings. */

import { type Finding, unreadable } from './finding';
import { type Step, verify } from './verify';

/** What the page asks: the file (or what was fetched) and the text of the published keys. */
export interface Asked {
  bundle: Blob;
  keys: string | null;
}

export type Told =
  | { kind: 'read'; done: number; total: number }
  | ({ kind: 'step' } & Step)
  | { kind: 'end'; findings: Finding[]; milliseconds: number };

const page = self as unknown as {
  postMessage: (told: Told) => void;
  onmessage: ((event: MessageEvent<Asked>) => void) | null;
};

page.onmessage = async ({ data }) => {
  const began = performance.now();
  const findings = await found(data);
  page.postMessage({ kind: 'end', findings, milliseconds: performance.now() - began });
};

async function found({ bundle, keys }: Asked): Promise<Finding[]> {
  let text: string;
  try {
    text = await read(bundle);
  } catch {
    return unreadable('unreadable');
  }
  return verify(text, keys, (step) => page.postMessage({ kind: 'step', ...step }));
}

async function read(bundle: Blob): Promise<string> {
  const reader = bundle.stream().getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parts: string[] = [];
  let done = 0;
  for (;;) {
    const { value } = await reader.read();
    if (!value) break;
    parts.push(decoder.decode(value, { stream: true }));
    done += value.length;
    page.postMessage({ kind: 'read', done, total: bundle.size });
  }
  parts.push(decoder.decode());
  return parts.join('');
}
