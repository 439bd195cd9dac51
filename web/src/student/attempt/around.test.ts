// @vitest-environment happy-dom
import { type Api, type AttemptFrame, type Room, Unreachable } from '@oep/client';
import { beforeEach, expect, test } from 'vitest';
import { Around } from './around';

const AT = '2026-03-02T12:00:00Z';

/** A room whose socket says what the test wants, and a platform that can be away. */
class Stage {
  posted: string[] = [];
  isAway = false;
  frame: (frame: AttemptFrame) => void = () => undefined;
  connection: (state: { name: string }) => void = () => undefined;
  readonly around: Around;

  constructor() {
    const socket = {
      onFrame: (listener: typeof this.frame) => {
        this.frame = listener;
      },
      onConnection: (listener: typeof this.connection) => {
        this.connection = listener;
      },
    };
    const post = async (path: string) => {
      if (this.isAway) throw new Unreachable('network');
      this.posted.push(path);
      return { id: 1, message_id: 'm', is_from_student: true, text: 'Help', sent_at: AT };
    };
    const api = { get: async () => [], post } as unknown as Api;
    this.around = new Around({ attemptId: 7, socket } as unknown as Room, api);
  }
}

let stage: Stage;
beforeEach(() => {
  sessionStorage.clear();
  stage = new Stage();
});

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('what was seen without a connection is told when it is back, once', async () => {
  stage.frame({ type: 'warning', message: 'Quiet', warning_code: 'W', id: 3, timestamp: AT });
  const [notice] = stage.around.state.notices;
  stage.isAway = true;
  if (notice) stage.around.see(notice);
  await settled();
  expect(stage.around.state.notices).toEqual([]);
  expect(stage.posted).toEqual([]);
  stage.isAway = false;
  stage.connection({ name: 'online' });
  stage.connection({ name: 'online' });
  await settled();
  expect(stage.posted).toEqual([
    '/api/v1/proctoring/attempt/{attempt_id}/actions/{id}/acknowledge',
  ]);
});

test('a line of the chat that could not be sent stays and is sent when the connection is back', async () => {
  stage.isAway = true;
  await stage.around.say('Help');
  expect(stage.around.state.lines).toMatchObject([{ text: 'Help', id: null }]);
  stage.isAway = false;
  stage.connection({ name: 'online' });
  await settled();
  expect(stage.posted).toEqual(['/api/v1/proctoring/attempt/{attempt_id}/messages']);
});

test('a socket that is told to stay away makes the page read the attempt again', () => {
  stage.connection({ name: 'closed' });
  expect(stage.around.state.staleness).toBe(1);
});

test('a raised hand is remembered by a page that is loaded again', async () => {
  await stage.around.raiseHand(true);
  expect(new Stage().around.state.isHandRaised).toBe(true);
});
