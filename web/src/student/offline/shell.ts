/**
 * What the student's page is made of, kept so that a reload works while nothing can be reached (ADR 41).
 * The worker calls it; it never sees a login, and never keeps what a service answered.
 */

/** What one release is made of; the build writes it into the worker. */
export interface Shell {
  readonly version: string;
  /** The script that this release's page begins with. */
  readonly entry: string;
  /** Paths of all that the student's page may load. */
  readonly assets: readonly string[];
}

const PAGE = '/app/';
const STAFF = '/app/staff';
const NAMED = 'oep-student-';
const PATIENCE_MS = 3_000;

export class ShellKeeper {
  readonly #shell: Shell;
  readonly #caches: CacheStorage;
  readonly #fetch: typeof fetch;
  readonly #patienceMs: number;
  readonly #assets: ReadonlySet<string>;

  constructor(shell: Shell, caches: CacheStorage, ask: typeof fetch, patienceMs = PATIENCE_MS) {
    this.#shell = shell;
    this.#caches = caches;
    this.#fetch = ask;
    this.#patienceMs = patienceMs;
    this.#assets = new Set(shell.assets);
  }

  /** Keeps page and files of one release, all or none. Raises when they do not belong together. */
  async keep(): Promise<void> {
    const page = await this.#fetch(PAGE, { cache: 'no-store', credentials: 'omit' });
    const text = await page.clone().text();
    if (!page.ok || !text.includes(this.#shell.entry)) throw new Error('another release is served');
    const cache = await this.#caches.open(this.#name);
    await cache.addAll([...this.#shell.assets]);
    await cache.put(PAGE, page);
  }

  /** Drops what other releases have kept. */
  async dropOthers(): Promise<void> {
    const names = await this.#caches.keys();
    const others = names.filter((name) => name.startsWith(NAMED) && name !== this.#name);
    await Promise.all(others.map((name) => this.#caches.delete(name)));
  }

  /** Answers a request of the student's page; undefined for everything else, staff and services. */
  answer(request: Request): Promise<Response> | undefined {
    const { pathname } = new URL(request.url);
    if (request.method !== 'GET') return undefined;
    if (request.mode === 'navigate') return isStudents(pathname) ? this.#page(request) : undefined;
    return this.#assets.has(pathname) ? this.#file(request, pathname) : undefined;
  }

  get #name(): string {
    return NAMED + this.#shell.version;
  }

  async #kept(path: string): Promise<Response | undefined> {
    return (await this.#caches.open(this.#name)).match(path);
  }

  /** The network's page if it comes soon, else the kept one. */
  async #page(request: Request): Promise<Response> {
    const asked = this.#fetch(request);
    const kept = await this.#kept(PAGE);
    if (!kept) return asked;
    const fresh = await Promise.race([asked, after(this.#patienceMs)]).catch(() => undefined);
    return fresh && fresh.status < 500 ? fresh : renumbered(kept);
  }

  /** Files bear a sum of their content in their names: a kept one is the right one. */
  async #file(request: Request, path: string): Promise<Response> {
    return (await this.#kept(path)) ?? this.#fetch(request);
  }
}

/**
 * The kept page with a number of its own: style sheets apply by a number that nobody could have known,
 * which would no longer be so if each showing had the same.
 */
export async function renumbered(kept: Response): Promise<Response> {
  const headers = new Headers(kept.headers);
  const policy = headers.get('content-security-policy') ?? '';
  const old = /'nonce-([^']+)'/.exec(policy)?.[1];
  if (!old) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const fresh = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  headers.set('content-security-policy', policy.replaceAll(old, fresh));
  for (const name of ['content-encoding', 'content-length']) headers.delete(name);
  return new Response((await kept.text()).replaceAll(old, fresh), { headers });
}

function isStudents(path: string): boolean {
  const isStaffs = path === STAFF || path.startsWith(`${STAFF}/`);
  return path.startsWith(PAGE) && !isStaffs;
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms);
  });
}
