import type { Messages } from 'use-intl';
import { type Language, MIRRORED } from './languages';

/** A file of words: `common`, `ui`, and one for each area of the pages. */
export type Namespace = keyof Messages;
export type Loaded = Partial<Messages>;

const FILES = import.meta.glob<unknown>('./*/*.json', { import: 'default' });
const loading = new Map<string, Promise<unknown>>();

/** Loads the words of these namespaces, each once in a page's life; a failed one is tried anew next time. */
export async function loadWords(language: Language, names: readonly Namespace[]): Promise<Loaded> {
  const folder = language === MIRRORED ? 'en' : language;
  const loaded = names.map(async (name) => [name, await loadOne(`./${folder}/${name}.json`)]);
  return Object.fromEntries(await Promise.all(loaded)) as Loaded;
}

function loadOne(path: string): Promise<unknown> {
  const known = loading.get(path);
  if (known) return known;
  const read = FILES[path];
  if (!read) throw new Error(`no words in ${path}`);
  const promise = read();
  loading.set(path, promise);
  promise.catch(() => loading.delete(path));
  return promise;
}
