import { describe, expect, it } from 'vitest';
import { dayOf, isoDay, withSlashes } from './dates';

describe('a day in words of people', () => {
  it('gets its slashes while it is typed', () => {
    let shown = '';
    for (const key of '02032001') shown = withSlashes(shown + key, shown);
    expect(shown).toBe('02/03/2001');
  });

  it('gets its slashes when it is pasted', () => {
    expect(withSlashes('02032001', '')).toBe('02/03/2001');
  });

  it('lets slashes be typed and deleted', () => {
    expect(withSlashes('02/', '02/')).toBe('02/');
    expect(withSlashes('02', '02/')).toBe('02');
    expect(withSlashes('02/03/2001', '02/03/200')).toBe('02/03/2001');
  });

  it('keeps what is no date as it was typed', () => {
    expect(withSlashes('2 March', '2 Marc')).toBe('2 March');
  });

  it('becomes an ISO day, or nothing when no calendar has it', () => {
    expect(isoDay('02/03/2001')).toBe('2001-03-02');
    expect(isoDay('29/02/2004')).toBe('2004-02-29');
    expect(isoDay('29/02/2001')).toBeUndefined();
    expect(isoDay('31/04/2001')).toBeUndefined();
    expect(isoDay('2001-03-02')).toBeUndefined();
  });

  it('comes back from an ISO day', () => {
    expect(dayOf('2001-03-02')).toBe('02/03/2001');
    expect(dayOf(null)).toBe('');
  });
});
