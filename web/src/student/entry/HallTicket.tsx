import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useOep } from '../../api';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Problem } from '../parts/Problem';
import { isDay, withSlashes } from './birthday';
import styles from './SignIn.module.css';
import { useEntry, useNeeded } from './useEntry';

/** Signs in by hall ticket, date of birth and the answer to the security question. */
export function HallTicket() {
  const t = useTranslations('student.entry');
  const { login } = useOep();
  const needed = useNeeded();
  const [ticket, setTicket] = useState('');
  const [birthday, setBirthday] = useState('');
  const [answer, setAnswer] = useState('');
  const entry = useEntry(
    () => ({
      ...(isDay(birthday) ? {} : { birthday: t('noDay') }),
      ...needed({ ticket, birthday, answer }),
    }),
    () => login.signInWithHallTicket(ticket.trim(), birthday, answer),
  );
  return (
    <form className={styles.form} noValidate onSubmit={entry.submit}>
      <Field
        autoCapitalize="characters"
        autoComplete="off"
        error={entry.errors.ticket}
        label={t('ticket')}
        name="ticket"
        onChange={setTicket}
        spellCheck={false}
        value={ticket}
      />
      <Field
        autoComplete="off"
        error={entry.errors.birthday}
        hint={t('birthdayHint')}
        inputMode="numeric"
        label={t('birthday')}
        name="birthday"
        onBlur={() => setBirthday(withSlashes(birthday))}
        onChange={(typed) =>
          setBirthday(typed.length > birthday.length ? withSlashes(typed) : typed)
        }
        value={birthday}
      />
      <Field
        autoComplete="off"
        error={entry.errors.answer}
        hint={t('answerHint')}
        label={t('answer')}
        name="answer"
        onChange={setAnswer}
        spellCheck={false}
        value={answer}
      />
      {entry.problem !== undefined && <Problem error={entry.problem} />}
      <Button isPending={entry.isPending} look="primary" type="submit">
        {t('submit')}
      </Button>
    </form>
  );
}
