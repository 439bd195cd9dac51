/**
 * JSON as the evidence's hashes need it: nothing that the text says is lost on the way in, and the way
 * out is the one canonical text that the platform hashed (docs/evidence.md). `JSON.parse` would take
 * 1.0 for 1, round large whole numbers, and keep the second of two equal names in silence.
 */

/** A number that was written with a point or an exponent; 1.0 is not 1 in a canonical text. */
export class Float {
  constructor(readonly value: number) {}
}

export type Json = null | boolean | string | number | bigint | Float | Json[] | JsonObject;
/** Without a prototype, so that a name like `__proto__` is a name like any other. */
export interface JsonObject {
  [name: string]: Json;
}

/** What makes a text no JSON, or a value one that has no canonical text. */
export class NotJson extends Error {
  constructor(
    readonly reason: 'syntax' | 'repeated' | 'surrogate',
    readonly at: number,
  ) {
    super(`${reason} at ${at}`);
  }
}

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string
const STRING = /"((?:[^"\\\u0000-\u001f]|\\.)*)"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const WORDS: Record<string, Json> = { true: true, false: false, null: null };

/**
 * Returns the value of a JSON text. With `isLenient` the last of equal names stands, as in signed bodies.
 * Throws {@link NotJson}, and `RangeError` for what is nested too deeply.
 */
export function parse(text: string, isLenient = false): Json {
  const reader = new Reader(text, isLenient);
  const value = reader.value();
  reader.end();
  return value;
}

class Reader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly isLenient: boolean,
  ) {}

  value(): Json {
    this.space();
    const found = this.any();
    this.space();
    return found;
  }

  end(): void {
    if (this.at < this.text.length) this.fail();
  }

  private any(): Json {
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      case 't':
      case 'f':
      case 'n':
        return WORDS[this.token(WORD)[0]] ?? null;
      default:
        return this.number();
    }
  }

  private object(): JsonObject {
    const found: JsonObject = Object.create(null);
    this.each('}', () => {
      this.space();
      const start = this.at;
      const name = this.string();
      if (name in found && !this.isLenient) throw new NotJson('repeated', start);
      this.space();
      this.skip(':');
      found[name] = this.value();
    });
    return found;
  }

  private array(): Json[] {
    const found: Json[] = [];
    this.each(']', () => found.push(this.value()));
    return found;
  }

  private each(close: string, take: () => void): void {
    this.at += 1;
    this.space();
    if (this.text[this.at] === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      take();
      this.space();
      if (this.text[this.at] === close) break;
      this.skip(',');
    }
    this.at += 1;
  }

  private string(): string {
    const start = this.at;
    const [whole, inner = ''] = this.token(STRING);
    if (!inner.includes('\\')) return inner;
    try {
      return JSON.parse(whole);
    } catch {
      throw new NotJson('syntax', start);
    }
  }

  private number(): Json {
    const [whole, fraction, exponent] = this.token(NUMBER);
    if (fraction !== undefined || exponent !== undefined) return new Float(Number(whole));
    const found = Number(whole);
    return Number.isSafeInteger(found) ? found : BigInt(whole);
  }

  private token(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return this.fail();
    this.at = pattern.lastIndex;
    return found;
  }

  private space(): void {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.text);
    this.at = SPACE.lastIndex;
  }

  private skip(mark: string): void {
    if (this.text[this.at] !== mark) this.fail();
    this.at += 1;
  }

  private fail(): never {
    throw new NotJson('syntax', this.at);
  }
}

const PLAIN = /^[ !#-[\]-~]*$/;
const LONE_SURROGATE = /\p{Cs}/u;

/** Returns the one text of a value: names sorted by code point, no spaces, no escapes beyond JSON's own. */
export function canonical(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Float) return floatText(value.value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  const names = Object.keys(value).sort(byCodePoint);
  return `{${names.map((name) => `${quoted(name)}:${canonical(value[name] ?? null)}`).join(',')}}`;
}

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  // UTF-8 has no form for half a pair; the encoder would silently write U+FFFD, which could hide an edit.
  if (LONE_SURROGATE.test(text)) throw new NotJson('surrogate', 0);
  return JSON.stringify(text);
}

/** Orders as UTF-8 does; JavaScript's own order puts U+10000 and above before U+E000. */
export function byCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a === b) continue;
    return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1;
  }
  return one.length - other.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Returns the shortest text that reads back as the same number, in the form of the platform (1e-07, 1.0). */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const point = Number(exponent) + 1;
  if (point > 16 || point < -3) return sign + withExponent(digits, point - 1);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const whole = digits.slice(0, point).padEnd(point, '0');
  return `${sign}${whole}.${digits.slice(point) || '0'}`;
}

function withExponent(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
}
