import type { User } from '@oep/client';
import { describe, expect, it } from 'vitest';
import { type Area, isChief, isStaff, opens } from './roles';

const AREAS: readonly Area[] = ['board', 'report', 'reviews', 'admin'];

function person(...names: string[]): User {
  return { roles: names.map((name) => ({ name })) } as User;
}

describe('what is offered to whom', () => {
  it.each([
    [['admin'], ['board', 'report', 'reviews', 'admin']],
    [['proctor'], ['board', 'report', 'reviews']],
    [['hall_in_charge'], ['report', 'reviews', 'admin']],
    [['grader'], ['report', 'reviews']],
    [['student'], []],
    [
      ['student', 'proctor'],
      ['board', 'report', 'reviews'],
    ],
  ])('%j: %j', (roles, areas) => {
    const user = person(...roles);
    expect(AREAS.filter((area) => opens(user, area))).toEqual(areas);
    expect(isStaff(user)).toBe(areas.length > 0);
  });

  it('lets only administrators and halls in charge take over', () => {
    expect([isChief(person('admin')), isChief(person('proctor'))]).toEqual([true, false]);
  });
});
