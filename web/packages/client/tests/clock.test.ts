import { expect, test } from 'vitest';
import { ServerClock } from '../src/clock';
import { chance } from './stubs';

const START = Date.parse('2026-03-02T09:00:00Z');

/** A device whose clock is off by `skewMs` and whose crystal runs `ppm` too fast. */
class Device {
  trueMs = 0;
  skewMs: number;
  readonly #rate: number;
  #sleptMs = 0;
  readonly clock: ServerClock;

  constructor(skewMs: number, ppm = 0) {
    this.skewMs = skewMs;
    this.#rate = 1 + ppm / 1e6;
    this.clock = new ServerClock({
      monotonic: () => (this.trueMs - this.#sleptMs) * this.#rate + 5_000,
      device: () => START + this.trueMs * this.#rate + this.skewMs,
    });
  }

  /** Asks the server; `out` and `back` are what the way takes. */
  ask(out: number, back: number): void {
    const sentAt = this.clock.monotonic();
    this.trueMs += out;
    const serverTime = new Date(START + this.trueMs).toISOString();
    this.trueMs += back;
    this.clock.observe(serverTime, sentAt);
  }

  hear(late: number): void {
    this.clock.observe(new Date(START + this.trueMs - late).toISOString());
  }

  sleep(ms: number): void {
    this.trueMs += ms;
    this.#sleptMs += ms;
  }

  get wrongByMs(): number {
    return this.clock.now() - (START + this.trueMs);
  }
}

test('before any answer the time is the device’s', () => {
  const device = new Device(90_000);
  expect(device.wrongByMs).toBe(90_000);
  expect([device.clock.skewMs, device.clock.uncertaintyMs]).toEqual([undefined, undefined]);
});

test('one answer sets the clock to within half its way, and tells the skew', () => {
  const device = new Device(-120_000);
  device.ask(30, 90);
  expect(Math.abs(device.wrongByMs)).toBeLessThanOrEqual(60);
  expect(device.clock.uncertaintyMs).toBeCloseTo(60, 5);
  expect(device.clock.skewMs).toBeCloseTo(-120_000, -2);
});

test('a quick answer is not spoilt by a slow one that follows', () => {
  const device = new Device(0);
  device.ask(5, 5);
  device.ask(2_900, 100);
  expect(Math.abs(device.wrongByMs)).toBeLessThanOrEqual(6);
});

test.each([-60, -20, 20, 60])(
  'in an hour with a crystal off by %i ppm it loses less than 1 s',
  (ppm) => {
    const device = new Device(3_600_000, ppm);
    device.ask(100, 20);
    for (let minute = 0; minute < 60; minute++) {
      device.trueMs += 60_000;
      expect(Math.abs(device.wrongByMs)).toBeLessThan(1_000);
    }
  },
);

test('over a bad line the answers of an hour keep it within a second, and it never runs back', () => {
  const device = new Device(-7_000, 50);
  const random = chance(11);
  let last = 0;
  device.ask(400, 400);
  for (let ask = 0; ask < 240; ask++) {
    device.trueMs += 14_000;
    device.ask(50 + random() * 1_900, 50 + random() * 1_900);
    expect(Math.abs(device.wrongByMs)).toBeLessThan(1_000);
    expect(device.clock.now()).toBeGreaterThanOrEqual(last);
    last = device.clock.now();
  }
  expect(Math.abs(device.wrongByMs)).toBeLessThan(500);
});

test('a device clock that is set during the exam changes nothing', () => {
  const device = new Device(0);
  device.ask(10, 10);
  device.skewMs = 3_600_000;
  expect(Math.abs(device.wrongByMs)).toBeLessThanOrEqual(10);
  expect(device.clock.isInDoubt).toBe(true);
});

test('after sleep it is in doubt until the server is asked', () => {
  const device = new Device(0);
  device.ask(10, 10);
  device.sleep(600_000);
  expect(device.clock.isInDoubt).toBe(true);
  device.ask(10, 10);
  expect(device.clock.isInDoubt).toBe(false);
  expect(Math.abs(device.wrongByMs)).toBeLessThanOrEqual(10);
});

test('what comes unasked only says that it is not earlier', () => {
  const device = new Device(0);
  device.ask(0, 400);
  expect(device.wrongByMs).toBe(-200);
  device.hear(5_000);
  expect(device.wrongByMs).toBe(-200);
  device.hear(100);
  expect(device.wrongByMs).toBe(-50);
});

test('the date of an answer counts until the time that decides was said', () => {
  const device = new Device(50_000);
  const dated = (wrong: number) => {
    const date = new Date(START + device.trueMs + wrong).toUTCString();
    device.clock.observeDate(date, device.clock.monotonic());
  };
  dated(0);
  expect(Math.abs(device.wrongByMs)).toBeLessThanOrEqual(1_000);
  device.ask(10, 10);
  device.trueMs += 1_000; // a second in which the clock may stand, rather than go back
  dated(-30_000);
  expect(Math.abs(device.wrongByMs)).toBeLessThanOrEqual(10);
});

test('remaining seconds are rounded as the server rounds, and end at nothing', () => {
  const device = new Device(0);
  device.ask(0, 0);
  const deadline = new Date(START + 61_500).toISOString();
  expect(device.clock.remainingSeconds(deadline)).toBe(61);
  device.trueMs += 61_000;
  expect(device.clock.remainingSeconds(deadline)).toBe(0);
  device.trueMs += 61_000;
  expect(device.clock.remainingSeconds(deadline)).toBe(0);
});

test('who computed with it hears of a correction', () => {
  const device = new Device(0);
  let heard = 0;
  device.clock.onChange(() => heard++);
  device.ask(100, 200);
  device.ask(1, 1);
  expect(heard).toBe(2);
});

test('it stands rather than goes back, but for a correction that nobody would wait for', () => {
  const device = new Device(0);
  device.ask(800, 0); // ahead by 400 ms
  const shown = device.clock.now();
  device.ask(1, 1);
  expect(device.clock.now()).toBe(shown);
  device.trueMs += 500;
  expect(Math.abs(device.wrongByMs)).toBeLessThanOrEqual(1);

  const wrong = new Device(0);
  wrong.clock.observeDate(new Date(START + 30_000).toUTCString(), wrong.clock.monotonic());
  expect(wrong.wrongByMs).toBeGreaterThan(29_000);
  wrong.ask(1, 1);
  expect(Math.abs(wrong.wrongByMs)).toBeLessThanOrEqual(1);
});

test('a page without a line goes on with the skew that was learnt before, until it hears better', () => {
  const device = new Device(90_000);
  const heard: number[] = [];
  device.clock.onChange(() => heard.push(device.clock.now()));
  device.clock.assume(90_000);
  expect(device.clock.now()).toBe(START);
  device.trueMs += 60_000;
  expect(device.clock.now()).toBe(START + 60_000);
  expect(device.clock.skewMs).toBeUndefined(); // it is not known, only assumed
  device.ask(10, 10);
  device.clock.assume(-5_000);
  expect(Math.abs(device.clock.now() - START - device.trueMs)).toBeLessThanOrEqual(10);
  expect(heard.length).toBe(2);
});

test('a skew that is no number is not assumed', () => {
  const device = new Device(0);
  device.clock.assume(Number.NaN);
  expect(device.clock.now()).toBe(START);
});
