/** Takes the measures of the check: what the browser has, whether it stores, how far the platform is. */

import { type Measures, median, skew } from './check';

const PROBES = 3;
const PROBE_MS = 5_000;

/** Asks the platform for its time; rejects when nobody answers. */
export type Probe = (signal: AbortSignal) => Promise<{ serverAt: number }>;

/** Takes all measures; what cannot be measured is null or false, nothing is thrown. */
export async function measured(probe: Probe, signal: AbortSignal): Promise<Measures> {
  const [way, canStore] = await Promise.all([wayTo(probe, signal), storesText()]);
  return {
    missing: missingParts(),
    canStore,
    ...way,
    canFillScreen: document.fullscreenEnabled === true,
  };
}

/** Returns the names of what this browser lacks of what the exam needs. */
export function missingParts(browser: object = globalThis): string[] {
  const needed = ['indexedDB', 'WebSocket', 'BroadcastChannel', 'structuredClone'];
  const missing = needed.filter((name) => !(name in browser));
  const { crypto, navigator } = browser as Partial<Pick<typeof globalThis, 'crypto' | 'navigator'>>;
  // both are missing, too, where a page was not fetched in a safe way (https)
  if (!crypto?.subtle) missing.push('crypto.subtle');
  if (!navigator?.locks) missing.push('navigator.locks');
  return missing;
}

async function wayTo(
  probe: Probe,
  signal: AbortSignal,
): Promise<Pick<Measures, 'skewMs' | 'roundTripMs'>> {
  const trips: { ms: number; skewMs: number }[] = [];
  for (let number = 0; number < PROBES && !signal.aborted; number += 1) {
    const trip = await tripOf(probe, signal).catch(() => undefined);
    if (trip) trips.push(trip);
  }
  const quickest = trips.toSorted((one, other) => one.ms - other.ms)[0];
  return { roundTripMs: median(trips.map(({ ms }) => ms)), skewMs: quickest?.skewMs ?? null };
}

async function tripOf(probe: Probe, signal: AbortSignal): Promise<{ ms: number; skewMs: number }> {
  const began = performance.now();
  const sentAt = Date.now();
  const { serverAt } = await probe(AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]));
  const ms = performance.now() - began;
  return { ms, skewMs: skew(sentAt, sentAt + ms, serverAt) };
}

/** Writes a text where answers will be kept, and reads it back. */
async function storesText(): Promise<boolean> {
  const name = 'oep.check';
  try {
    const database = await opened(name);
    const isThere = await written(database);
    database.close();
    indexedDB.deleteDatabase(name);
    return isThere;
  } catch {
    return false;
  }
}

function opened(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore('texts');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function written(database: IDBDatabase): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const store = database.transaction('texts', 'readwrite').objectStore('texts');
    store.put('kept', 1);
    const reading = store.get(1);
    reading.onsuccess = () => resolve(reading.result === 'kept');
    reading.onerror = () => reject(reading.error);
  });
}
