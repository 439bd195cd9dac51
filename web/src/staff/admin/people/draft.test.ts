import { expect, it } from 'vitest';
import { changeOf, EMPTY, flawsOf, newPerson, type PersonDraft } from './draft';

const asha: PersonDraft = {
  ...EMPTY,
  full_name: ' Asha Rao ',
  username: 'asha',
  email: 'asha@example.org',
  center_id: '3',
  date_of_birth: '02/03/2001',
};

it('sends what was typed, and nothing that was not', () => {
  expect(newPerson(asha)).toEqual({
    full_name: 'Asha Rao',
    username: 'asha',
    email: 'asha@example.org',
    roles: ['student'],
    center_id: 3,
    date_of_birth: '2001-03-02',
  });
});

it('sends only what is different', () => {
  expect(changeOf(asha, { ...asha, full_name: 'Asha R', roles: ['proctor', 'student'] })).toEqual({
    full_name: 'Asha R',
    roles: ['proctor', 'student'],
  });
  expect(changeOf(asha, { ...asha, full_name: 'Asha Rao' })).toEqual({});
});

it('does not take the order of roles for a change', () => {
  const both = { ...asha, roles: ['student', 'proctor'] };
  expect(changeOf(both, { ...both, roles: ['proctor', 'student'] })).toEqual({});
});

it('takes a center away when none is chosen, but never a secret that was left empty', () => {
  const before = { ...asha, password: 'old', security_answer: 'old' };
  const after = { ...before, center_id: '', password: '', security_answer: '' };
  expect(changeOf(before, after)).toEqual({ center_id: null });
});

it('says what is missing or malformed before it is sent', () => {
  expect(flawsOf({ ...EMPTY, hall_ticket_number: 'X1', date_of_birth: '31/02/2001' })).toEqual({
    full_name: 'needed',
    username: 'needed',
    email: 'needed',
    hall_ticket_number: 'ticket',
    date_of_birth: 'day',
  });
  expect(flawsOf(asha)).toEqual({});
});
