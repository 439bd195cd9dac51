/**
 * Signing in, staying signed in, signing out. The login lives in the tab's sessionStorage; its tokens
 * are renewed before they end, by one tab at a time (`oep.refresh`), and no lost network ever ends it:
 * only the platform's own refusal does.
 */

import { Emitter, type Unsubscribe } from './emitter';
import { Refusal, SignedOut, Unreachable } from './errors';
import { type Handovers, storedHandovers, type TokenPair } from './handover';
import { browserLocks, type Locks } from './locks';
import type { Schemas, User } from './shapes';
import { pageStore } from './store';
import { lifeOf, renewalMargin } from './tokens';
import { askOnce, type Fetch, refusalOf, wait, whole, within } from './transport';

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

/** What a login still waits for after its first step: a code, or a second factor in the first place. */
export interface NextStep {
  readonly challenge: string;
  /** The account needs a second factor and has none yet: it is set up now. */
  readonly isEnrolment: boolean;
}

/** A second factor that has just been set up. */
export interface Enrolled {
  /** Ten, each good once; the platform shows them this once. */
  readonly recoveryCodes: readonly string[];
  /** Begins the login; not before its owner has kept the codes. */
  begin(): User;
}

export interface LoginKeeperOptions {
  /** Where the platform answers, without a slash at the end; this page's own origin unless said. */
  base?: string;
  /** Where the login is kept, under `oep.login`; the tab's sessionStorage unless said. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  locks?: Locks;
  handovers?: Handovers;
  fetch?: Fetch;
  /** The device's clock, in ms since 1970. */
  now?: () => number;
}

const KEY = 'oep.login';
const LOCK = 'oep.refresh';
const SIGN_IN_MS = 15_000;
const SIGN_OUT_MS = 5_000;
/** The platform takes a spent token again for 15 s when the answer was lost; later it is misuse. */
const RENEWAL_MS = 12_000;
const RENEWAL_TRY_MS = 5_000;
const RENEWAL_PAUSE_MS = 500;

/** Where there is no storage, a login lives as long as its page. */
const NOWHERE = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };

/** Holds the login of this tab, renews it silently, and tells who listens. */
export class LoginKeeper {
  readonly #base: string;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly #locks: Locks;
  readonly #handovers: Handovers;
  readonly #fetch: Fetch;
  readonly #now: () => number;
  readonly #changes = new Emitter<LoginState>();
  #state: LoginState;
  #renewing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LoginKeeperOptions = {}) {
    this.#base = options.base ?? globalThis.location?.origin ?? '';
    this.#storage = options.storage ?? globalThis.sessionStorage ?? NOWHERE;
    this.#locks = options.locks ?? browserLocks();
    this.#handovers = options.handovers ?? storedHandovers(pageStore);
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#now = options.now ?? Date.now;
    this.#state = this.#read();
    this.#schedule();
  }

  /** Where and whether somebody is signed in; another object whenever that changes. */
  get state(): LoginState {
    return this.#state;
  }

  get user(): User | undefined {
    return this.#state.login?.user;
  }

  hasRole(...names: string[]): boolean {
    return this.user?.roles.some((role) => names.includes(role.name)) ?? false;
  }

  /** Hears of sign-in, of every renewed pair of tokens, and of the end. */
  onChange(listener: (state: LoginState) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Raises `Refusal` (401 wrong, 403 inactive, 422, 429 with `retryAfterSeconds`), `Unreachable`. */
  signIn(username: string, password: string): Promise<User> {
    return this.#enter('/api/v1/auth/login', { username, password });
  }

  /** `dateOfBirth` is `DD/MM/YYYY`. Raises as `signIn`. */
  signInWithHallTicket(
    hallTicketNumber: string,
    dateOfBirth: string,
    securityAnswer: string,
  ): Promise<User> {
    return this.#enter('/api/v1/auth/hall-ticket-login', {
      hall_ticket_number: hallTicketNumber,
      date_of_birth: dateOfBirth,
      security_answer: securityAnswer,
    });
  }

  /** Whether the platform lets in by an identity provider, and what its button says. */
  async identityProvider(): Promise<Schemas['OidcShape']> {
    const answer = await this.#send('GET', '/api/v1/auth/oidc', undefined, SIGN_IN_MS);
    return (await answer.json()) as Schemas['OidcShape'];
  }

  /** Where to send the browser to sign in by the identity provider; it comes back to `page`. */
  identityProviderAddress(page: string): string {
    return `${this.#base}/api/v1/auth/oidc/start?${new URLSearchParams({ return_to: page })}`;
  }

  /** Signs in by what stood in the address when the browser came back. Raises as `signIn`. */
  signInByProvider(code: string): Promise<User> {
    return this.#enter('/api/v1/auth/oidc/exchange', { code });
  }

  /** Takes the second step by a code of the device or a recovery code. Raises as `signIn`. */
  takeStep(challenge: string, code: string): Promise<User> {
    return this.#enter('/api/v1/auth/login/second-factor', { challenge, code });
  }

  /** Makes the secret for who has to set a second factor up. Raises as `signIn`. */
  async enrol(challenge: string): Promise<Schemas['SecretShape']> {
    const path = '/api/v1/auth/login/second-factor/enrolment';
    const answer = await this.#post(path, { challenge }, SIGN_IN_MS);
    return (await answer.json()) as Schemas['SecretShape'];
  }

  /** Turns the second factor on by its first code. Raises as `signIn`. */
  async confirmEnrolment(challenge: string, code: string): Promise<Enrolled> {
    const path = '/api/v1/auth/login/second-factor/enrolment/confirm';
    const answer = await this.#post(path, { challenge, code }, SIGN_IN_MS);
    const loggedIn = (await answer.json()) as Schemas['LoggedInEnrolled'];
    return { recoveryCodes: loggedIn.recovery_codes, begin: () => this.#begin(loggedIn) };
  }

  /** Ends the login everywhere, as far as the platform can be reached, and here in any case. */
  async signOut(): Promise<void> {
    const { login } = this.#state;
    if (!login) return;
    this.#set({ login: undefined, end: 'signed_out' });
    const body = { refresh_token: login.refreshToken };
    try {
      await this.#post('/api/v1/auth/logout', body, SIGN_OUT_MS, login.accessToken);
    } catch {
      // Unreachable or ended already: here it is over.
    }
  }

  /**
   * An access token that is good for a while, renewed when it is not; with `onlyFor`, of that user
   * alone. Raises `SignedOut`, and `Unreachable` when it had to be renewed and could not be.
   */
  async token(onlyFor?: number): Promise<string> {
    const login = this.#login(onlyFor);
    if (!this.#isEnding(login)) return login.accessToken;
    try {
      await this.renew(login.accessToken);
    } catch (error) {
      // Not over yet: the platform may still take it, and a request that fails says more.
      if (error instanceof SignedOut || login.expiresAt <= this.#now()) throw error;
    }
    return this.#login(onlyFor).accessToken;
  }

  /**
   * Exchanges the tokens because `spent` ends or was not accepted; at once done when `spent` is not
   * the present one any more. Raises `SignedOut` when the platform ended the login, `Unreachable`.
   */
  async renew(spent: string): Promise<void> {
    if (this.#login().accessToken !== spent) return;
    this.#renewing ??= this.#locks
      .hold(LOCK, () => this.#exchange(spent))
      .finally(() => {
        this.#renewing = undefined;
      });
    await this.#renewing;
  }

  #login(onlyFor?: number): Login {
    const { login } = this.#state;
    if (!login) throw new SignedOut();
    if (onlyFor !== undefined && login.user.id !== onlyFor) {
      throw new SignedOut('Somebody else is signed in');
    }
    return login;
  }

  async #enter(path: string, body: Record<string, string>): Promise<User> {
    const answer = await this.#post(path, body, SIGN_IN_MS);
    return this.#begin((await answer.json()) as Schemas['LoggedIn']);
  }

  #begin({ user, access_token, refresh_token }: Schemas['LoggedIn']): User {
    const pair = {
      accessToken: access_token,
      refreshToken: refresh_token,
      receivedAt: this.#now(),
    };
    this.#set({ login: loginOf(user, pair), end: undefined });
    return user;
  }

  /** Runs alone in this browser. */
  async #exchange(spent: string): Promise<void> {
    const before = this.#login();
    if (before.accessToken !== spent) return; // somebody signed in while we waited
    const handed = await this.#handed(before.refreshToken);
    if (handed) this.#adopt(before.refreshToken, handed);
    const held = this.#login();
    if (handed && !this.#isEnding(held)) return;
    const pair = await this.#ask(held.refreshToken);
    await this.#handovers.keep(held.refreshToken, pair);
    this.#adopt(held.refreshToken, pair);
  }

  /** The last of those that another tab exchanged this token for, one after the other. */
  async #handed(refreshToken: string): Promise<TokenPair | undefined> {
    let last: TokenPair | undefined;
    let next = await this.#handovers.successor(refreshToken);
    while (next) {
      last = next;
      next = await this.#handovers.successor(last.refreshToken);
    }
    return last;
  }

  async #ask(refreshToken: string): Promise<TokenPair> {
    const body = { refresh_token: refreshToken };
    const deadline = within(RENEWAL_MS);
    try {
      for (;;) {
        try {
          const answer = await this.#post('/api/v1/auth/refresh', body, RENEWAL_TRY_MS);
          const pair = (await answer.json()) as Schemas['Tokens'];
          return {
            accessToken: pair.access_token,
            refreshToken: pair.refresh_token,
            receivedAt: this.#now(),
          };
        } catch (error) {
          if (error instanceof Refusal && error.status === 401) throw this.#ended(refreshToken);
          if (!(error instanceof Unreachable) || deadline.left() < RENEWAL_TRY_MS) throw error;
        }
        await wait(RENEWAL_PAUSE_MS, deadline.signal);
      }
    } finally {
      deadline.end();
    }
  }

  #ended(refused: string): SignedOut {
    const isStillHeld = this.#state.login?.refreshToken === refused;
    if (isStillHeld) this.#set({ login: undefined, end: 'ended' });
    return new SignedOut('The login has ended');
  }

  /** Takes over what `spent` was exchanged for, unless the tab has another login meanwhile. */
  #adopt(spent: string, pair: TokenPair): void {
    const { login } = this.#state;
    if (login?.refreshToken !== spent) return;
    this.#set({ login: loginOf(login.user, pair), end: undefined });
  }

  #post(path: string, body: unknown, ms: number, token?: string): Promise<Response> {
    return this.#send('POST', path, body, ms, token);
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    ms: number,
    token?: string,
  ): Promise<Response> {
    const headers = new Headers({ 'content-type': 'application/json' });
    if (token) headers.set('authorization', `Bearer ${token}`);
    const deadline = within(ms);
    try {
      const asked = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
      const request = new Request(this.#base + path, asked);
      const raw = await askOnce(this.#fetch, request, deadline.signal);
      const answer = await whole(raw, deadline.signal);
      if (!answer.ok) throw await refusalOf(answer);
      return answer;
    } finally {
      deadline.end();
    }
  }

  #isEnding(login: Login): boolean {
    return login.expiresAt - renewalMargin(lifeOf(login.accessToken)) <= this.#now();
  }

  /** Renews in time, so that open sockets hear of the new token before the old one ends. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const { login } = this.#state;
    if (!login) return;
    const margin = renewalMargin(lifeOf(login.accessToken));
    const inMs = Math.max(RENEWAL_PAUSE_MS, login.expiresAt - margin - this.#now());
    this.#timer = setTimeout(() => {
      this.renew(login.accessToken).catch((error: unknown) => {
        if (!(error instanceof SignedOut)) this.#later();
      });
    }, inMs);
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#schedule(), RENEWAL_MS);
  }

  #set(state: LoginState): void {
    this.#state = state;
    if (state.login) this.#storage.setItem(KEY, JSON.stringify(state.login));
    else this.#storage.removeItem(KEY);
    this.#schedule();
    this.#changes.emit(state);
  }

  #read(): LoginState {
    try {
      const kept = this.#storage.getItem(KEY);
      if (kept) return { login: JSON.parse(kept) as Login, end: undefined };
    } catch {
      this.#storage.removeItem(KEY);
    }
    return { login: undefined, end: 'never' };
  }
}

/** What a refused first step still wants, if that is all that it was refused for. */
export function nextStepOf(problem: unknown): NextStep | undefined {
  if (!(problem instanceof Refusal)) return undefined;
  const { challenge } = problem.problem;
  const isEnrolment = problem.slug === 'second-factor-due';
  const isStep = isEnrolment || problem.slug === 'second-factor-required';
  return isStep && typeof challenge === 'string' ? { challenge, isEnrolment } : undefined;
}

function loginOf(user: User, pair: TokenPair): Login {
  const { accessToken, refreshToken, receivedAt } = pair;
  return { user, accessToken, refreshToken, expiresAt: receivedAt + lifeOf(accessToken) };
}
