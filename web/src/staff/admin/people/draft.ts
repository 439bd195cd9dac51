import type { Schemas } from '@oep/client';
import { isoDay } from '../../../ui/dates';

/** A person as a form holds him, and what of it is sent. Pure. */

export type RoleName = Schemas['RoleName'];
export type NewPerson = Schemas['PersonIn'];
export type PersonChange = Schemas['PersonChange'];

export const ROLES = [
  'student',
  'proctor',
  'grader',
  'hall_in_charge',
  'hall_auth',
  'technician',
  'admin',
] as const satisfies readonly RoleName[];

/** Every field as it is typed; an empty one is none. Secrets are never shown, only set. */
export interface PersonDraft {
  full_name: string;
  username: string;
  email: string;
  roles: readonly string[];
  center_id: string;
  trade_id: string;
  hall_ticket_number: string;
  /** DD/MM/YYYY */
  date_of_birth: string;
  security_question: string;
  security_answer: string;
  password: string;
}

export const EMPTY: PersonDraft = {
  full_name: '',
  username: '',
  email: '',
  roles: ['student'],
  center_id: '',
  trade_id: '',
  hall_ticket_number: '',
  date_of_birth: '',
  security_question: '',
  security_answer: '',
  password: '',
};

/** The draft of somebody who is here; what the service never shows stays empty. */
export function draftOf(user: Schemas['User']): PersonDraft {
  return {
    ...EMPTY,
    full_name: user.full_name,
    username: user.username,
    email: user.email,
    roles: user.roles.map((role) => role.name),
    center_id: String(user.center?.id ?? ''),
    trade_id: String(user.trade?.id ?? ''),
    hall_ticket_number: user.hall_ticket_number ?? '',
  };
}

/** Fields of which something is wrong already before it is sent; the service looks at the rest. */
export type Flaw = 'needed' | 'day' | 'ticket';
export function flawsOf(draft: PersonDraft): Partial<Record<keyof PersonDraft, Flaw>> {
  const flaws: Partial<Record<keyof PersonDraft, Flaw>> = {};
  for (const name of ['full_name', 'username', 'email'] as const) {
    if (!draft[name].trim()) flaws[name] = 'needed';
  }
  if (draft.date_of_birth && !isoDay(draft.date_of_birth)) flaws.date_of_birth = 'day';
  const ticket = draft.hall_ticket_number.trim();
  if (ticket && ticket.length < 5) flaws.hall_ticket_number = 'ticket';
  return flaws;
}

/** What adds this person; fields that are empty are left out. */
export function newPerson(draft: PersonDraft): NewPerson {
  const { full_name, username, email, ...others } = sent(draft);
  const needed = { full_name: full_name ?? '', username: username ?? '', email: email ?? '' };
  const given = Object.entries(others).filter(([, value]) => value !== null && value !== '');
  return { ...needed, ...Object.fromEntries(given) } as NewPerson;
}

/** What is different from `before`; a secret or birth date that was left empty stays what it is. */
export function changeOf(before: PersonDraft, draft: PersonDraft): PersonChange {
  const [was, is] = [sent(before), sent(draft)];
  const changed = Object.entries(is).filter(
    ([name, value]) =>
      !same(value, was[name as keyof typeof was]) && !(value === null && isKept(name)),
  );
  return Object.fromEntries(changed) as PersonChange;
}

function isKept(name: string): boolean {
  return ['password', 'security_answer', 'security_question', 'date_of_birth'].includes(name);
}

function sent(draft: PersonDraft) {
  const id = (text: string) => (text ? Number(text) : null);
  const line = (text: string) => text.trim() || null;
  return {
    full_name: line(draft.full_name),
    username: line(draft.username),
    email: line(draft.email),
    roles: draft.roles.toSorted(),
    center_id: id(draft.center_id),
    trade_id: id(draft.trade_id),
    hall_ticket_number: line(draft.hall_ticket_number),
    date_of_birth: isoDay(draft.date_of_birth) ?? null,
    security_question: line(draft.security_question),
    security_answer: line(draft.security_answer),
    password: draft.password || null,
  };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
