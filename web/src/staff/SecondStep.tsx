import type { Enrolled, NextStep, Schemas } from '@oep/client';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLogin } from '../api';
import { Button } from '../ui/Button';
import { ProblemBox } from '../ui/ProblemBox';
import { TextField } from '../ui/TextField';
import styles from './SignIn.module.css';

interface Props {
  step: NextStep;
  /** Back to the first step. */
  onBack: () => void;
}

/** What comes behind the password: a code, or setting a second factor up. */
export function SecondStep({ step, onBack }: Props) {
  return step.isEnrolment ? (
    <Enrolment challenge={step.challenge} onBack={onBack} />
  ) : (
    <CodeStep challenge={step.challenge} onBack={onBack} />
  );
}

function CodeStep({ challenge, onBack }: { challenge: string; onBack: () => void }) {
  const t = useTranslations('staff.door');
  const { keeper } = useLogin();
  return (
    <CodeForm
      hint={t('codeHint')}
      onBack={onBack}
      send={(code) => keeper.takeStep(challenge, code)}
    />
  );
}

function Enrolment({ challenge, onBack }: { challenge: string; onBack: () => void }) {
  const t = useTranslations('staff.door');
  const { keeper } = useLogin();
  const [secret, setSecret] = useState<Schemas['SecretShape']>();
  const [enrolled, setEnrolled] = useState<Enrolled>();
  const [problem, setProblem] = useState<unknown>();

  useEffect(() => {
    let isGone = false;
    keeper.enrol(challenge).then(
      (made) => isGone || setSecret(made),
      (error) => isGone || setProblem(error),
    );
    return () => {
      isGone = true;
    };
  }, [keeper, challenge]);

  if (enrolled) return <Codes enrolled={enrolled} />;
  if (problem !== undefined) return <ProblemBox onRetry={onBack} problem={problem} />;
  if (!secret) return null;
  return (
    <CodeForm
      onBack={onBack}
      send={async (code) => setEnrolled(await keeper.confirmEnrolment(challenge, code))}
    >
      <p>{t('due')}</p>
      <p className={styles.secret}>
        <code>{secret.secret}</code>
      </p>
      <p>
        <a href={secret.otpauth_uri}>{t('openAuthenticator')}</a>
      </p>
    </CodeForm>
  );
}

function Codes({ enrolled }: { enrolled: Enrolled }) {
  const t = useTranslations('staff.door');
  return (
    <div className={styles.form}>
      <p>{t('keepCodes')}</p>
      <ul className={styles.codes}>
        {enrolled.recoveryCodes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Button look="primary" onPress={() => enrolled.begin()}>
        {t('codesKept')}
      </Button>
    </div>
  );
}

interface CodeFormProps {
  hint?: string;
  onBack: () => void;
  send: (code: string) => Promise<unknown>;
  children?: React.ReactNode;
}

function CodeForm({ hint, onBack, send, children }: CodeFormProps) {
  const t = useTranslations('staff.door');
  const [code, setCode] = useState('');
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<unknown>();

  async function enter(event: FormEvent) {
    event.preventDefault();
    if (isPending) return;
    setPending(true);
    setProblem(undefined);
    try {
      await send(code);
    } catch (error) {
      setProblem(error);
      setPending(false);
    }
  }

  return (
    <form className={styles.form} onSubmit={enter}>
      {problem !== undefined && <ProblemBox problem={problem} />}
      {children}
      <TextField
        autoComplete="one-time-code"
        autoFocus
        hint={hint}
        isRequired
        label={t('code')}
        name="code"
        onChange={setCode}
        value={code}
      />
      <Button look="primary" type="submit">
        {t(isPending ? 'entering' : 'enter')}
      </Button>
      <Button look="quiet" onPress={onBack}>
        {t('again')}
      </Button>
    </form>
  );
}
