import { type Api, Refusal } from '@oep/client';
import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useApi } from '../../../api';
import { announce } from '../../../ui/announce';
import { Banner } from '../../../ui/Banner';
import { Button } from '../../../ui/Button';
import { IconCheck, IconDownload, IconUpload } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Progress } from '../../../ui/Progress';
import { download, save } from '../download';
import styles from './Evidence.module.css';
import { Findings } from './Findings';
import { useVerification, type Verification } from './useVerification';
import { isIntact } from './verify';

const KEYS = '/api/v1/proctoring/evidence-keys';

/** The evidence of an attempt: to take away, and to be checked here without trusting the server's word. */
export function Evidence({
  attemptId,
  onEvent,
}: {
  attemptId: number;
  onEvent: (sequence: number) => void;
}) {
  const t = useTranslations('attempt.evidence');
  const api = useApi();
  const [verification, start] = useVerification();
  const [isForeign, setForeign] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const path = `/api/v1/proctoring/attempt/${attemptId}/evidence`;

  async function guarded(work: () => Promise<void>) {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (failure) {
      setProblem(failure);
    } finally {
      setBusy(false);
    }
  }

  const verifyStored = () =>
    guarded(async () => {
      const bundle = await download(api, path);
      setForeign(false);
      start(bundle.name, { bundle: bundle.blob, keys: await publishedKeys(api) });
    });
  const verifyFile = (chosen: File) =>
    guarded(async () => {
      setForeign(true);
      start(chosen.name, { bundle: chosen, keys: await publishedKeys(api) });
    });
  const keep = () => guarded(async () => save(await download(api, path)));

  return (
    <Panel title={t('title')}>
      <p className={styles.lead}>{t('lead')}</p>
      <div className={styles.buttons}>
        <Button isPending={isBusy} onPress={verifyStored}>
          <IconCheck />
          {t('verify')}
        </Button>
        <Button isDisabled={isBusy} onPress={keep}>
          <IconDownload />
          {t('download')}
        </Button>
        <Button isDisabled={isBusy} onPress={() => file.current?.click()}>
          <IconUpload />
          {t('verify_file')}
        </Button>
        <input
          accept="application/json,.json"
          aria-label={t('file')}
          className="visually-hidden"
          onChange={(event) => {
            const chosen = event.target.files?.[0];
            if (chosen) verifyFile(chosen);
            event.target.value = '';
          }}
          ref={file}
          tabIndex={-1}
          type="file"
        />
      </div>
      {problem !== undefined && <ProblemBox problem={problem} />}
      <Outcome onEvent={isForeign ? undefined : onEvent} verification={verification} />
    </Panel>
  );
}

function Outcome({
  verification,
  onEvent,
}: {
  verification: Verification;
  onEvent: ((sequence: number) => void) | undefined;
}) {
  const t = useTranslations('attempt.evidence');
  const words = useVerdictWords(verification);
  useEffect(() => {
    if (words) announce(words);
  }, [words]);
  if (verification.state === 'none') return null;
  if (verification.state === 'broken') return <Banner title={t('broken')} tone="bad" />;
  if (verification.state === 'running') {
    const percent = Math.round(verification.share * 100);
    return <Progress label={t('running')} max={100} text={`${percent} %`} value={percent} />;
  }
  const { findings, name, milliseconds } = verification;
  return (
    <div className={styles.outcome}>
      <Banner title={words} tone={toneOf(verification)}>
        {t('checked', { name, seconds: milliseconds / 1_000 })}
      </Banner>
      <Findings findings={findings} onEvent={onEvent} />
    </div>
  );
}

function useVerdictWords(verification: Verification): string {
  const t = useTranslations('attempt.evidence');
  if (verification.state !== 'done') return '';
  const failed = verification.findings.filter((each) => each.verdict === 'fails').length;
  if (failed > 0) return t('not_intact', { count: failed });
  return t(isIntact(verification.findings) ? 'intact' : 'not_all_checked');
}

function toneOf(verification: Extract<Verification, { state: 'done' }>) {
  if (verification.findings.some((each) => each.verdict === 'fails')) return 'bad';
  return isIntact(verification.findings) ? 'good' : 'warning';
}

/** Returns the text of the keys that the platform publishes, null when it has none for us now. */
async function publishedKeys(api: Api): Promise<string | null> {
  try {
    return await (await api.fetch(KEYS)).text();
  } catch (failure) {
    if (failure instanceof Refusal) return null;
    throw failure;
  }
}
