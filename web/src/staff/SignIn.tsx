import { type LoginEnd, type NextStep, nextStepOf, type User } from '@oep/client';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLogin, useProviderDoor } from '../api';
import { Banner } from '../ui/Banner';
import { Button } from '../ui/Button';
import { LanguageSwitch } from '../ui/LanguageSwitch';
import { PageFrame, PageTitle } from '../ui/Page';
import { ProblemBox } from '../ui/ProblemBox';
import { TextField } from '../ui/TextField';
import { ThemeSwitch } from '../ui/ThemeSwitch';
import { SecondStep } from './SecondStep';
import styles from './SignIn.module.css';

interface Props {
  end: LoginEnd | undefined;
  /** Somebody who is signed in, and has no business here: a student. */
  stranger: User | undefined;
}

/** The door of the staff's pages. */
export function SignIn({ end, stranger }: Props) {
  const t = useTranslations('staff.door');
  const { keeper } = useLogin();
  return (
    <PageFrame
      tools={
        <>
          <LanguageSwitch />
          <ThemeSwitch />
        </>
      }
      width="text"
    >
      <div className={styles.door}>
        <PageTitle below={t('for')} title={t('title')} />
        {end === 'ended' && <Banner live="polite" title={t('ended')} tone="info" />}
        {stranger && (
          <Banner
            actions={<Button onPress={() => keeper.signOut()}>{t('leave')}</Button>}
            live="polite"
            title={t('stranger', { name: stranger.full_name })}
            tone="warning"
          />
        )}
        {!stranger && <Steps />}
        <p>
          <a href="/app/">{t('students')}</a>
        </p>
      </div>
    </PageFrame>
  );
}

/** The first step, by password or by the identity provider, and the second where one is due. */
function Steps() {
  const t = useTranslations('staff.door');
  const refused = useTranslations('staff.door.refused');
  const door = useProviderDoor((slug) => refused(isWord(slug) ? slug : 'other'));
  const [step, setStep] = useState<NextStep | 'first'>();
  const next = step ?? nextStepOf(door.refusal);
  if (next && next !== 'first') return <SecondStep onBack={() => setStep('first')} step={next} />;
  const hasFailed = door.refusal !== undefined && step === undefined;
  return (
    <>
      {hasFailed && <ProblemBox problem={door.refusal} />}
      <Form onStep={setStep} />
      {door.name !== undefined && (
        <a className={styles.provider} href={door.address}>
          {t(door.isPending ? 'entering' : 'byProvider', { name: door.name })}
        </a>
      )}
    </>
  );
}

const REFUSED = ['oidc-flow-unknown', 'oidc-denied', 'oidc-identity-unknown'] as const;

function isWord(slug: string): slug is (typeof REFUSED)[number] {
  return (REFUSED as readonly string[]).includes(slug);
}

function Form({ onStep }: { onStep: (step: NextStep) => void }) {
  const t = useTranslations('staff.door');
  const { keeper } = useLogin();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<unknown>();

  async function enter(event: FormEvent) {
    event.preventDefault();
    if (isPending) return;
    setPending(true);
    setProblem(undefined);
    try {
      await keeper.signIn(name.trim(), password);
    } catch (error) {
      const next = nextStepOf(error);
      if (next) return onStep(next);
      setProblem(error);
      setPending(false);
    }
  }

  return (
    <form className={styles.form} onSubmit={enter}>
      {problem !== undefined && <ProblemBox problem={problem} />}
      <TextField
        autoComplete="username"
        autoFocus
        isRequired
        label={t('name')}
        name="username"
        onChange={setName}
        value={name}
      />
      <TextField
        autoComplete="current-password"
        isRequired
        label={t('password')}
        name="password"
        onChange={setPassword}
        type="password"
        value={password}
      />
      <Button look="primary" type="submit">
        {t(isPending ? 'entering' : 'enter')}
      </Button>
    </form>
  );
}
