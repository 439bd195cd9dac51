import { useTranslations } from 'use-intl';
import { Checkbox } from '../../../ui/Checkbox';
import { CheckboxGroup } from '../../../ui/CheckboxGroup';
import { DayField } from '../../../ui/DayField';
import { errorOf } from '../../../ui/problems';
import { Select } from '../../../ui/Select';
import { TextField } from '../../../ui/TextField';
import { Row } from '../Form';
import { useCenterChoices, useTradeChoices } from '../useChoices';
import { flawsOf, type PersonDraft, ROLES } from './draft';

export interface PersonFieldsProps {
  draft: PersonDraft;
  onChange: (draft: PersonDraft) => void;
  problem: unknown;
  /** Whether fields that are needed and still empty are marked: after the first try to send. */
  isStrict: boolean;
  /** Secrets and birth date are known already: empty means "as it is". */
  isKnown: boolean;
}

/** The names that `ProblemBox` need not repeat. */
export const PERSON_FIELDS = [
  'full_name',
  'username',
  'email',
  'roles',
  'center_id',
  'trade_id',
  'hall_ticket_number',
  'date_of_birth',
  'security_question',
  'security_answer',
  'password',
] as const;

/** All that is known of a person. */
export function PersonFields(props: PersonFieldsProps) {
  const t = useTranslations('admin');
  const { draft, onChange } = props;
  const { text, error } = useFields(props);
  return (
    <>
      <Row>
        <TextField {...text('full_name')} isRequired />
        <TextField {...text('email')} isRequired type="email" />
      </Row>
      <CheckboxGroup
        error={error('roles')}
        label={t('person.roles')}
        onChange={(roles) => onChange({ ...draft, roles })}
        value={draft.roles}
      >
        {ROLES.map((role) => (
          <Checkbox key={role} size="dense" value={role}>
            {t(`roles.${role}`)}
          </Checkbox>
        ))}
      </CheckboxGroup>
      <Places {...props} />
      <WaysIn {...props} />
    </>
  );
}

function Places(props: PersonFieldsProps) {
  const t = useTranslations('admin');
  const { select } = useFields(props);
  const centers = useCenterChoices(t('person.noCenter'));
  const trades = useTradeChoices(t('person.noTrade'));
  return (
    <Row>
      <Select {...select('center_id')} options={centers} />
      <Select {...select('trade_id')} options={trades} />
    </Row>
  );
}

/** What he signs in with: user name and password, or hall ticket, birth date and answer. */
function WaysIn(props: PersonFieldsProps) {
  const t = useTranslations('admin');
  const { text } = useFields(props);
  const kept = props.isKnown ? { hint: t('person.kept') } : {};
  const isStudent = props.draft.roles.includes('student');
  return (
    <>
      <Row>
        <TextField {...text('username')} autoComplete="off" isRequired />
        <TextField
          {...text('password')}
          autoComplete="new-password"
          isOptional
          type="password"
          {...kept}
        />
      </Row>
      {isStudent && (
        <>
          <Row>
            <TextField {...text('hall_ticket_number')} isOptional />
            <DayField
              {...text('date_of_birth')}
              hint={kept.hint ?? t('person.dayForm')}
              isOptional
            />
          </Row>
          <Row>
            <TextField {...text('security_question')} isOptional {...kept} />
            <TextField {...text('security_answer')} autoComplete="off" isOptional {...kept} />
          </Row>
        </>
      )}
    </>
  );
}

type TextName = Exclude<keyof PersonDraft, 'roles'>;

function useFields({ draft, onChange, problem, isStrict }: PersonFieldsProps) {
  const t = useTranslations('admin');
  const flaws = flawsOf(draft);
  const error = (name: keyof PersonDraft) => {
    const flaw = flaws[name];
    const isTold = flaw && (isStrict || flaw !== 'needed');
    return isTold ? t(`flaws.${flaw}`) : errorOf(problem, name);
  };
  const base = (name: TextName) => ({
    label: t(`person.${name}`),
    value: draft[name],
    error: error(name),
    onChange: (value: string) => onChange({ ...draft, [name]: value }),
  });
  return { error, text: base, select: base };
}
