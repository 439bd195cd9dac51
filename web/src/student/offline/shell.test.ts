import { beforeEach, expect, test, vi } from 'vitest';
import { renumbered, type Shell, ShellKeeper } from './shell';

const HOST = 'https://exam.example';
const POLICY = "default-src 'self'; style-src 'self' 'nonce-abc'";
const SHELL: Shell = {
  version: 'two',
  entry: 'assets/student-2.js',
  assets: ['/app/assets/student-2.js'],
};

/** Caches of a browser, as far as they are used: names, and bodies by path. */
class Caches {
  readonly all = new Map<string, Map<string, Response>>();
  /** Where `addAll` gets its bodies: all of them come, or none is kept. */
  load = async (path: string) => new Response(`kept ${path}`);
  readonly open = async (name: string) => {
    const kept = this.all.get(name) ?? new Map<string, Response>();
    this.all.set(name, kept);
    return {
      match: async (path: string) => kept.get(path)?.clone(),
      put: async (path: string, answer: Response) => void kept.set(path, answer),
      addAll: async (paths: string[]) => {
        const answers = await Promise.all(paths.map(this.load));
        if (!answers.every(({ ok }) => ok)) throw new TypeError('Request failed');
        paths.forEach((path, place) => void kept.set(path, answers[place] as Response));
      },
    };
  };
  readonly keys = async () => [...this.all.keys()];
  readonly delete = async (name: string) => this.all.delete(name);
}

const ask = vi.fn<typeof fetch>();
let caches: Caches;
let keeper: ShellKeeper;
const page = () =>
  new Response('<script src="/app/assets/student-2.js"></script><meta nonce="abc">', {
    headers: { 'content-security-policy': POLICY },
  });
/** A request as the browser makes it: `navigate` cannot be asked for by a constructor. */
const request = (path: string, mode = 'navigate', method = 'GET') =>
  ({ url: HOST + path, mode, method }) as Request;
const said = async (answer: Promise<Response> | undefined) => (await answer)?.text();

beforeEach(() => {
  caches = new Caches();
  ask.mockReset();
  keeper = new ShellKeeper(SHELL, caches as unknown as CacheStorage, ask, 20);
});

test('while there is a line the page comes from the platform', async () => {
  ask.mockImplementation(async () => page());
  await keeper.keep();
  ask.mockResolvedValueOnce(new Response('fresh'));
  expect(await said(keeper.answer(request('/app/attempts/7')))).toBe('fresh');
});

test('without one, with a silent one, or with a gateway that has nobody behind it, the kept page comes', async () => {
  ask.mockImplementationOnce(async () => page());
  await keeper.keep();
  ask.mockRejectedValueOnce(new TypeError('Failed to fetch'));
  expect(await said(keeper.answer(request('/app/attempts/7')))).toContain('student-2.js');
  ask.mockReturnValueOnce(new Promise(() => undefined));
  expect(await said(keeper.answer(request('/app/')))).toContain('student-2.js');
  ask.mockResolvedValueOnce(new Response('', { status: 503 }));
  expect(await said(keeper.answer(request('/app/')))).toContain('student-2.js');
});

test('staff, services and what is no reading are left alone, and nothing of them is kept', async () => {
  ask.mockImplementation(async () => page());
  await keeper.keep();
  for (const path of ['/app/staff', '/app/staff/exams/1/board']) {
    expect(keeper.answer(request(path))).toBeUndefined();
  }
  expect(keeper.answer(request('/api/v1/attempts/7', 'cors'))).toBeUndefined();
  expect(keeper.answer(request('/app/assets/Board-1.js', 'cors'))).toBeUndefined();
  expect(keeper.answer(request('/app/', 'navigate', 'POST'))).toBeUndefined();
  expect([...(caches.all.get('oep-student-two') ?? [])].map(([path]) => path).sort()).toEqual([
    '/app/',
    '/app/assets/student-2.js',
  ]);
});

test('a page and a worker of two releases are not kept together', async () => {
  ask.mockResolvedValueOnce(new Response('<script src="/app/assets/student-3.js"></script>'));
  await expect(keeper.keep()).rejects.toThrow('another release');
  expect(caches.all.size).toBe(0);
});

test('a new release drops what the old one has kept, and nothing else', async () => {
  for (const name of ['oep-student-one', 'oep-student-two', 'others']) await caches.open(name);
  await keeper.dropOthers();
  expect(await caches.keys()).toEqual(['oep-student-two', 'others']);
});

test('each showing of the kept page has a number of its own, alike in its header and in the page', async () => {
  const numbers = new Set<string>();
  for (let time = 0; time < 2; time += 1) {
    const shown = await renumbered(page());
    const number = /'nonce-([^']+)'/.exec(shown.headers.get('content-security-policy') ?? '')?.[1];
    const text = await shown.text();
    expect(text).toContain(`nonce="${number}"`);
    expect(text).not.toContain('"abc"');
    numbers.add(String(number));
  }
  expect(numbers.size).toBe(2);
});

const releaseOf = (name: string): Shell => ({
  version: name,
  entry: `assets/student-${name}.js`,
  assets: [`/app/assets/student-${name}.js`, '/app/assets/react.js'],
});
const scriptOf = (name: string) => `/app/assets/student-${name}.js`;

/** A platform that serves the files of one release, and a browser that shows a page with its script. */
class Platform {
  served = 'one';
  isAway = false;

  readonly ask = async (asked: RequestInfo | URL): Promise<Response> => {
    const path = typeof asked === 'string' ? asked : new URL((asked as Request).url).pathname;
    if (this.isAway) throw new TypeError('Failed to fetch');
    if (!path.startsWith('/app/assets/')) return new Response(`<script src="${this.#script}">`);
    const isThere = path === this.#script || path.endsWith('react.js');
    return new Response(`${path} of ${this.served}`, { status: isThere ? 200 : 404 });
  };

  /** The script that comes up when a page is opened; fails when page and script do not fit. */
  async shown(by: ShellKeeper): Promise<string> {
    const path = /src="([^"]+)"/.exec((await said(by.answer(request('/app/')))) ?? '')?.[1] ?? '';
    const asked = request(path, 'no-cors');
    const script = await (by.answer(asked) ?? this.ask(asked));
    expect(script.status).toBe(200);
    return path;
  }

  get #script(): string {
    return scriptOf(this.served);
  }
}

/** The worker of release one has kept it; then the platform serves release two. */
async function released() {
  const platform = new Platform();
  caches.load = platform.ask;
  const workerOf = (name: string) =>
    new ShellKeeper(releaseOf(name), caches as unknown as CacheStorage, platform.ask, 20);
  const old = workerOf('one');
  await old.keep();
  platform.served = 'two';
  return { platform, old, next: workerOf('two') };
}

test('under the worker of an old release the new page comes with its own script, in a cut the old with its', async () => {
  const { platform, old } = await released();
  expect(await platform.shown(old)).toBe(scriptOf('two'));
  platform.isAway = true;
  expect(await platform.shown(old)).toBe(scriptOf('one'));
});

test('the worker of the new release brings all of it, and nothing of the old one', async () => {
  const { platform, next } = await released();
  await next.keep();
  await next.dropOthers();
  platform.isAway = true;
  expect(await platform.shown(next)).toBe(scriptOf('two'));
  expect(next.answer(request(scriptOf('one'), 'no-cors'))).toBeUndefined();
});

test('a release that is replaced while it is being kept is not kept, and the old one stays whole', async () => {
  const { platform, old, next } = await released();
  caches.load = async (path) => {
    platform.served = 'three'; // after its page, before its files
    return platform.ask(path);
  };
  await expect(next.keep()).rejects.toThrow();
  platform.isAway = true;
  expect(await platform.shown(old)).toBe(scriptOf('one'));
  await expect(next.answer(request('/app/'))).rejects.toThrow('Failed to fetch');
});
