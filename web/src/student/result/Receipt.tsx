import { keptReceipt, type Receipt as Signed } from '@oep/client';
import { useEffect, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useGet } from '../../api';
import { IconDownload } from '../../ui/icons';
import { Button } from '../parts/Button';
import { Problem } from '../parts/Problem';
import { fileOf, wordsOf } from './proof';
import styles from './Receipt.module.css';

/** The signed receipt: from this computer, where it was kept at the submit, else from the platform. */
export function Receipt({ attemptId }: { attemptId: number }) {
  const t = useTranslations('student.result');
  const [kept, setKept] = useState<Signed>();
  useEffect(() => {
    keptReceipt(attemptId).then(setKept, () => undefined);
  }, [attemptId]);
  const { data, error, refetch } = useGet('/api/v1/attempts/{attempt_id}/receipt', {
    params: { path: { attempt_id: attemptId } },
  });
  const receipt = data ?? kept;
  return (
    <section className={styles.receipt}>
      <h2>{t('receipt')}</h2>
      <p>{t('receiptWhat')}</p>
      {receipt ? <Shown receipt={receipt} /> : error && <Problem error={error} onRetry={refetch} />}
    </section>
  );
}

function Shown({ receipt }: { receipt: Signed }) {
  const t = useTranslations('student.result');
  const format = useFormatter();
  const { submittedAt, answerCount, fingerprint, kid } = wordsOf(receipt);
  return (
    <>
      <dl className={styles.facts}>
        {submittedAt && (
          <div>
            <dt>{t('submittedAt')}</dt>
            <dd>
              {format.dateTime(new Date(submittedAt), { dateStyle: 'long', timeStyle: 'long' })} ·{' '}
              {t('receiptAnswers', { count: answerCount })}
            </dd>
          </div>
        )}
        <div>
          <dt>{t('fingerprint')}</dt>
          <dd className={styles.code}>{fingerprint}</dd>
        </div>
        <div>
          <dt>{t('key')}</dt>
          <dd className={styles.code}>{kid}</dd>
        </div>
      </dl>
      <Button look="primary" onClick={() => download(receipt)}>
        <IconDownload />
        {t('download')}
      </Button>
    </>
  );
}

function download(receipt: Signed): void {
  const { name, text } = fileOf(receipt);
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // the browser has taken the file when the click returns, but not in every one of them
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
