/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import * as client from '../src/index';
import { ANNA, ATTEMPT, json, Platform, StubSocket, settle, TabStorage } from './stubs';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

afterEach(() => {
  vi.unstubAllGlobals();
});

/** The one block of code of the README: lines and, to run it, a function of what it imports and logs. */
function example(): { lines: string[]; run: (parts: object, console: object) => Promise<void> } {
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(README) ?? [];
  const lines = code.trim().split('\n');
  const [, imported = ''] = /^import \{ (.*) \} from '@oep\/client';$/m.exec(code) ?? [];
  const body = code.replace(/^import .*$/m, `const { ${imported} } = parts;`);
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  return { lines, run: new AsyncFunction('parts', 'console', body) as never };
}

test('the example of the README runs as it stands, in some twenty lines', async () => {
  const { lines, run } = example();
  expect(lines.length).toBeGreaterThan(15);
  expect(lines.length).toBeLessThanOrEqual(24);

  const platform = new Platform();
  platform.instead = ({ path, body }) => {
    if (path === '/api/v1/auth/hall-ticket-login' && body.hall_ticket_number === 'DEMO0001') {
      const [access_token, refresh_token] = platform.pair(ANNA);
      return json({ access_token, refresh_token, token_type: 'bearer', user: ANNA });
    }
    return path.endsWith('/begin') ? json({ id: ATTEMPT, status: 'in_progress' }) : undefined;
  };
  vi.stubGlobal('fetch', platform.fetch);
  vi.stubGlobal('sessionStorage', new TabStorage());
  vi.stubGlobal('WebSocket', StubSocket.asWebSocket());
  const logged: unknown[][] = [];
  await run(client, { log: (...words: unknown[]) => logged.push(words) });
  await settle();

  expect(platform.answers.get(1)?.answer).toBe('Delhi');
  expect(platform.events).toMatchObject([{ event_type: 'window_blur', client_sequence: 1 }]);
  expect(platform.submits).toEqual([{ confirm: true, last_event_sequence: 1 }]);
  expect(logged).toContainEqual([1, 'saving']);
  expect(logged).toContainEqual([1, 'saved']);
  expect(logged).toContainEqual(['k', 0]);
  expect(logged.at(-1)).toEqual(['connection', 'closed']);
  expect(await client.keptReceipt(ATTEMPT)).toMatchObject({ kid: 'k' });
});
