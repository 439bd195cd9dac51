import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useOep } from '../../api';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Problem } from '../parts/Problem';
import styles from './SignIn.module.css';
import { useEntry, useNeeded } from './useEntry';

/** Signs in by user name (or e-mail) and password. */
export function Password() {
  const t = useTranslations('student.entry');
  const { login } = useOep();
  const needed = useNeeded();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const entry = useEntry(
    () => needed({ username, password }),
    () => login.signIn(username.trim(), password),
  );
  return (
    <form className={styles.form} noValidate onSubmit={entry.submit}>
      <Field
        autoCapitalize="none"
        autoComplete="username"
        error={entry.errors.username}
        label={t('username')}
        name="username"
        onChange={setUsername}
        spellCheck={false}
        value={username}
      />
      <Field
        autoComplete="current-password"
        error={entry.errors.password}
        label={t('password')}
        name="password"
        onChange={setPassword}
        type="password"
        value={password}
      />
      {entry.problem !== undefined && <Problem error={entry.problem} />}
      <Button isPending={entry.isPending} look="primary" type="submit">
        {t('submit')}
      </Button>
    </form>
  );
}
