/** The student's service worker: hands the browser's events to `shell`. Built into `/app/worker.js`. */

import { type Shell, ShellKeeper } from './shell';

/** Written by the build. */
declare const __SHELL__: Shell;

/** What of a worker's scope is used here; TypeScript's own types of it and of pages exclude each other. */
interface Worker {
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Asking) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}
interface Asking {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

const worker = globalThis as unknown as Worker;
const keeper = new ShellKeeper(__SHELL__, caches, (...asked) => fetch(...asked));

worker.addEventListener('install', (event) => {
  event.waitUntil(keeper.keep().then(() => worker.skipWaiting()));
});
worker.addEventListener('activate', (event) => {
  event.waitUntil(keeper.dropOthers().then(() => worker.clients.claim()));
});
worker.addEventListener('fetch', (event) => {
  const answer = keeper.answer(event.request);
  if (answer) event.respondWith(answer);
});
