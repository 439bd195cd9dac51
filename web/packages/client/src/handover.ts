/**
 * What a refresh token was exchanged for, told to other tabs that hold the same one.
 *
 * A duplicated tab starts with a copy of its opener's tokens, and a refresh token that is used twice
 * ends the login everywhere. So whoever exchanges one leaves the new pair here, sealed with a key
 * that is made from the spent token: only who holds that one can read it, at any later time, also
 * when the first tab is long gone.
 */

import type { Store } from './store';

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the pair was received, by the device's clock, in ms since 1970. */
  readonly receivedAt: number;
}

export interface Handovers {
  /** The pair that `refreshToken` was exchanged for, if one of this browser's tabs did. */
  successor(refreshToken: string): Promise<TokenPair | undefined>;
  keep(spentRefreshToken: string, pair: TokenPair): Promise<void>;
}

/** For browsers or pages that cannot keep anything; then only one tab can hold a login. */
export const NO_HANDOVERS: Handovers = {
  successor: async () => undefined,
  keep: async () => undefined,
};

const KEPT_MS = 7 * 24 * 3600 * 1000;
const IV_BYTES = 12;

/** Handovers in this browser's database. What cannot be kept or read is as if it were not there. */
export function storedHandovers(open: () => Promise<Store>): Handovers {
  if (!globalThis.crypto?.subtle) return NO_HANDOVERS;
  return {
    async successor(refreshToken) {
      try {
        const sealed = await (await open()).get('handovers', await nameOf(refreshToken));
        return sealed && (await unseal(sealed.sealed, refreshToken));
      } catch {
        return undefined;
      }
    },
    async keep(spent, pair) {
      try {
        const store = await open();
        const sealed = await seal(pair, spent);
        await store.put('handovers', { name: await nameOf(spent), sealed, at: pair.receivedAt });
        await forgetOld(store, pair.receivedAt - KEPT_MS);
      } catch {
        // Other tabs will have to sign in again; this one need not suffer.
      }
    },
  };
}

async function forgetOld(store: Store, before: number): Promise<void> {
  for (const kept of await store.getAll('handovers')) {
    if (kept.at < before) await store.delete('handovers', kept.name);
  }
}

async function digest(purpose: string, token: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(`oep ${purpose} ${token}`));
}

async function nameOf(token: string): Promise<string> {
  const bytes = new Uint8Array(await digest('handover name', token));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function keyOf(token: string): Promise<CryptoKey> {
  const raw = await digest('handover key', token);
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

async function seal(pair: TokenPair, token: string): Promise<ArrayBuffer> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const plain = new TextEncoder().encode(JSON.stringify(pair));
  const secret = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyOf(token), plain);
  const sealed = new Uint8Array(IV_BYTES + secret.byteLength);
  sealed.set(iv);
  sealed.set(new Uint8Array(secret), IV_BYTES);
  return sealed.buffer;
}

async function unseal(sealed: ArrayBuffer, token: string): Promise<TokenPair> {
  const iv = new Uint8Array(sealed, 0, IV_BYTES);
  const secret = new Uint8Array(sealed, IV_BYTES);
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await keyOf(token), secret);
  return JSON.parse(new TextDecoder().decode(plain)) as TokenPair;
}
