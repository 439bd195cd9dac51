import { expect, it } from 'vitest';
import { type Colleague, watchersIn } from './colleagues';

const person = (id: number, full_name: string, ...roles: Colleague['roles']): Colleague => ({
  id,
  full_name,
  roles,
});

it('a student is handed over to who watches the exam: by name, not to oneself', () => {
  const staff = [
    person(1, 'Mina', 'proctor'),
    person(2, 'Tariq', 'proctor', 'grader'),
    person(3, 'Asha', 'proctor'),
    person(4, 'Grader', 'grader'),
    person(5, 'Chief', 'admin', 'hall_in_charge'),
  ];
  expect(watchersIn(staff, 1).map(({ full_name }) => full_name)).toEqual(['Asha', 'Tariq']);
});
