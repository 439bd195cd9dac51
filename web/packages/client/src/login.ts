/** Signing in, staying signed in, signing out; bodies follow. */

import type { Unsubscribe } from './emitter';
import type { Locks } from './locks';
import type { User } from './shapes';

/** A signed-in stay; the tokens are opaque. Instants are this device's, in ms since 1970. */
export interface Login {
  readonly user: User;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
}

/** Why nobody is signed in (any more). `ended`: the platform ended or forgot the login. */
export type LoginEnd = 'never' | 'signed_out' | 'ended';

export type LoginState =
  | { readonly login: Login; readonly end: undefined }
  | { readonly login: undefined; readonly end: LoginEnd };

export interface LoginKeeperOptions {
  /** Where the platform answers, without a slash at the end; this page's own origin unless said. */
  base?: string;
  /** Where the login is kept, under `oep.login`; the tab's sessionStorage unless said. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  locks?: Locks;
  fetch?: typeof globalThis.fetch;
}

/** Holds the login of this tab, renews it silently, and tells who listens. */
export class LoginKeeper {
  constructor(_options: LoginKeeperOptions = {}) {}

  /** Where and whether somebody is signed in; another object whenever that changes. */
  get state(): LoginState {
    return { login: undefined, end: 'never' };
  }

  get user(): User | undefined {
    return this.state.login?.user;
  }

  hasRole(...names: string[]): boolean {
    return this.user?.roles.some((role) => names.includes(role.name)) ?? false;
  }

  /** Hears of sign-in, of every renewed pair of tokens, and of the end. */
  onChange(_listener: (state: LoginState) => void): Unsubscribe {
    return () => undefined;
  }

  /** Raises `Refusal` (401 wrong, 403 inactive, 422, 429 with `retryAfterSeconds`), `Unreachable`. */
  async signIn(_username: string, _password: string): Promise<User> {
    throw new Error('follows');
  }

  /** `dateOfBirth` is `DD/MM/YYYY`. Raises as `signIn`. */
  async signInWithHallTicket(
    _hallTicketNumber: string,
    _dateOfBirth: string,
    _securityAnswer: string,
  ): Promise<User> {
    throw new Error('follows');
  }

  /** Ends the login everywhere, as far as the platform can be reached, and here in any case. */
  async signOut(): Promise<void> {}

  /**
   * An access token that is good for a while, renewed when it is not; with `onlyFor`, of that user
   * alone. Raises `SignedOut`, and `Unreachable` when it had to be renewed and could not be.
   */
  async token(_onlyFor?: number): Promise<string> {
    throw new Error('follows');
  }
}
