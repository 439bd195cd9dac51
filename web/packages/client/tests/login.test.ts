import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SignedOut, Unreachable } from '../src/errors';
import { NO_HANDOVERS, storedHandovers } from '../src/handover';
import { pageLocks } from '../src/locks';
import { LoginKeeper, nextStepOf } from '../src/login';
import { openStore } from '../src/store';
import {
  ANNA,
  BASE,
  fakeTime,
  json,
  Platform,
  pass,
  problem,
  sharedHandovers,
  TabStorage,
} from './stubs';

let platform: Platform;
let browser: { locks: ReturnType<typeof pageLocks>; handovers: ReturnType<typeof sharedHandovers> };
let tab: TabStorage;

beforeEach(() => {
  fakeTime();
  platform = new Platform();
  browser = { locks: pageLocks(), handovers: sharedHandovers() };
  tab = new TabStorage();
});
afterEach(() => {
  vi.useRealTimers();
});

const keeper = (storage = tab, handovers = browser.handovers) =>
  new LoginKeeper({ base: BASE, storage, fetch: platform.fetch, locks: browser.locks, handovers });
const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a wrong password is refused in the words of the platform', async () => {
  const login = keeper();
  expect(await caught(login.signIn('anna', 'wrong'))).toMatchObject({
    status: 401,
    detail: 'Incorrect username or password',
  });
  expect(login.state).toEqual({ login: undefined, end: 'never' });
});

test('a login outlives a reload of its tab, and no other tab has it', async () => {
  await keeper().signIn('anna', 'right');
  expect(keeper().user).toEqual(ANNA);
  expect(keeper(new TabStorage()).user).toBeUndefined();
});

test('what was kept and cannot be read is no login', () => {
  tab.setItem('oep.login', '{broken');
  expect(keeper().state.end).toBe('never');
});

test('tokens are renewed before they end, without anybody asking', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  const heard: string[] = [];
  login.onChange((state) => heard.push(state.login?.accessToken ?? 'none'));
  await pass(28 * 60_000, 60_000);
  expect(heard).toHaveLength(0);
  await pass(90_000, 10_000);
  expect(heard).toHaveLength(1);
  expect(await login.token()).toBe(heard[0]);
});

test('two tabs with the same tokens renew at the same moment and both stay signed in', async () => {
  const first = keeper();
  await first.signIn('anna', 'right');
  const second = keeper(tab.copy());
  const spent = await first.token();
  await Promise.all([first.renew(spent), second.renew(spent)]);
  expect(platform.isFamilyRevoked).toBe(false);
  expect(platform.exchanges).toBe(1);
  expect(second.state.login?.refreshToken).toBe(first.state.login?.refreshToken);
});

test('without what tabs hand over, the second of them would end the login', async () => {
  const first = keeper(tab, NO_HANDOVERS);
  await first.signIn('anna', 'right');
  const second = keeper(tab.copy(), NO_HANDOVERS);
  const spent = await first.token();
  await first.renew(spent);
  await pass(20_000, 1_000);
  await caught(second.renew(spent));
  expect(platform.isFamilyRevoked).toBe(true);
});

test('a tab that slept through several renewals goes on with the newest pair', async () => {
  const first = keeper();
  await first.signIn('anna', 'right');
  const slept = tab.copy();
  for (let times = 0; times < 3; times++) await first.renew(await first.token());
  await pass(20_000, 1_000);
  const second = keeper(slept);
  await second.renew(await second.token());
  expect(second.state.login?.refreshToken).toBe(first.state.login?.refreshToken);
  expect(platform.isFamilyRevoked).toBe(false);
  await second.renew(await second.token());
  await first.renew(await first.token());
  expect(platform.isFamilyRevoked).toBe(false);
});

test('what is handed over lies sealed in the database and is read by the spent token alone', async () => {
  vi.useRealTimers();
  const store = await openStore('handover-test');
  const handovers = storedHandovers(async () => store);
  const pair = { accessToken: 'access', refreshToken: 'next-secret', receivedAt: Date.now() };
  await handovers.keep('spent-secret', pair);
  expect(await handovers.successor('spent-secret')).toEqual(pair);
  expect(await handovers.successor('another')).toBeUndefined();
  const [kept] = await store.getAll('handovers');
  const bytes = new TextDecoder('latin1').decode(kept?.sealed) + JSON.stringify(kept);
  expect(bytes).not.toContain('secret');
});

test('a lost answer to a renewal is asked for again while the platform still gives it', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  let lost = 2;
  platform.weather = () => (lost-- > 0 ? 'lost' : 'fine');
  const renewed = login.renew(await login.token());
  await pass(3_000);
  await renewed;
  expect(platform.isFamilyRevoked).toBe(false);
  expect(login.user).toEqual(ANNA);
});

test('no network ends no login, and it goes on when there is one', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  const old = await login.token();
  platform.weather = () => 'down';
  await pass(40 * 60_000, 30_000);
  expect(login.user).toEqual(ANNA);
  const failed = caught(login.token());
  await pass(15_000);
  expect(await failed).toBeInstanceOf(Unreachable);
  platform.weather = () => 'fine';
  await pass(30_000);
  expect(await login.token()).not.toBe(old);
});

test('a renewal that the platform refuses ends the login, and all hear it', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  const ends: unknown[] = [];
  login.onChange((state) => ends.push(state.end));
  platform.isFamilyRevoked = true;
  expect(await caught(login.renew(await login.token()))).toBeInstanceOf(SignedOut);
  expect(ends).toEqual(['ended']);
  expect(keeper().user).toBeUndefined();
});

test('a busy platform ends no login', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  platform.instead = () => new Response('{}', { status: 503 });
  expect(await caught(login.renew(await login.token()))).toMatchObject({ status: 503 });
  expect(login.user).toEqual(ANNA);
});

test('signing out ends the login here, whether the platform can be reached or not', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  platform.weather = () => 'down';
  await login.signOut();
  expect(login.state).toEqual({ login: undefined, end: 'signed_out' });
  expect(tab.kept.size).toBe(0);
});

test('who signs in while a renewal is on its way keeps his own tokens', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  const renewal = login.renew(await login.token());
  await login.signIn('bala', 'right');
  await caught(renewal);
  expect(login.user?.username).toBe('bala');
  const { sub } = JSON.parse(atob((await login.token()).split('.')[1] ?? ''));
  expect(sub).toBe('8');
});

test('a token is given for the user it is asked for, or not at all', async () => {
  const login = keeper();
  await login.signIn('bala', 'right');
  expect(await caught(login.token(ANNA.id))).toBeInstanceOf(SignedOut);
});

test('roles are known by name', async () => {
  const login = keeper();
  await login.signIn('anna', 'right');
  expect([login.hasRole('admin', 'student'), login.hasRole('admin')]).toEqual([true, false]);
});

/** Lets the platform ask for a second step of this kind after the first one. */
function wantStep(slug: string): void {
  const tokens = () => {
    const [access_token, refresh_token] = platform.pair(ANNA);
    return { access_token, refresh_token, token_type: 'bearer', user: ANNA };
  };
  platform.instead = ({ path, body }) => {
    if (path === '/api/v1/auth/login') {
      return problem(401, 'one more', { type: `urn:oep:problem:${slug}`, challenge: 'c' });
    }
    if (!path.startsWith('/api/v1/auth/login/second-factor') || body.challenge !== 'c') return;
    if (path.endsWith('/enrolment')) return json({ secret: 'ABC', otpauth_uri: 'otpauth://x' });
    if (body.code !== '123456') return problem(401, 'Wrong code');
    return json(
      path.endsWith('/confirm') ? { ...tokens(), recovery_codes: ['one', 'two'] } : tokens(),
    );
  };
}

test('a second step that is due is told apart from a refusal, and taken', async () => {
  const login = keeper();
  expect(nextStepOf(await caught(login.signIn('anna', 'wrong')))).toBeUndefined();
  wantStep('second-factor-required');
  const step = nextStepOf(await caught(login.signIn('anna', 'right')));
  expect(step).toEqual({ challenge: 'c', isEnrolment: false });
  expect(login.user).toBeUndefined();
  expect(await caught(login.takeStep('c', '000000'))).toMatchObject({ status: 401 });
  expect(login.user).toBeUndefined();
  await login.takeStep('c', '123456');
  expect(login.user).toEqual(ANNA);
});

test('who sets a second factor up comes in when he has kept his recovery codes', async () => {
  const login = keeper();
  wantStep('second-factor-due');
  const step = nextStepOf(await caught(login.signIn('anna', 'right')));
  expect(step?.isEnrolment).toBe(true);
  expect((await login.enrol('c')).secret).toBe('ABC');
  const enrolled = await login.confirmEnrolment('c', '123456');
  expect(enrolled.recoveryCodes).toEqual(['one', 'two']);
  expect(login.user).toBeUndefined();
  expect(enrolled.begin()).toEqual(ANNA);
  expect(login.user).toEqual(ANNA);
});

test('the identity provider is asked for by its own address, and its code is sent as a body', async () => {
  const login = keeper();
  platform.instead = ({ method, path, body }) => {
    if (method === 'GET' && path === '/api/v1/auth/oidc') return json({ is_on: true, name: 'SSO' });
    if (path !== '/api/v1/auth/oidc/exchange' || body.code !== 'k') return;
    const [access_token, refresh_token] = platform.pair(ANNA);
    return json({ access_token, refresh_token, token_type: 'bearer', user: ANNA });
  };
  expect(await login.identityProvider()).toEqual({ is_on: true, name: 'SSO' });
  expect(login.identityProviderAddress('/app/staff/?a=b')).toBe(
    `${BASE}/api/v1/auth/oidc/start?return_to=%2Fapp%2Fstaff%2F%3Fa%3Db`,
  );
  await login.signInByProvider('k');
  expect(login.user).toEqual(ANNA);
});
