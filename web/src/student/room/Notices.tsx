import { useFormatter, useTranslations } from 'use-intl';
import { useAround, useSitting } from '../attempt/useSitting';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import styles from './Notices.module.css';
import type { Notice } from './told';

/** What the staff want the student to see, one after the other; the platform hears that it was seen. */
export function Notices() {
  const t = useTranslations('student.notice');
  const around = useAround();
  const { notices } = useSitting();
  const notice = notices.find(({ kind }) => kind !== 'pause');
  if (!notice) return null;
  return (
    <Dialog
      actions={
        <Button autoFocus look="primary" onClick={() => around.see(notice)}>
          {t('seen')}
        </Button>
      }
      key={notice.key}
      kind="alertdialog"
      title={t(notice.kind)}
    >
      {notice.kind === 'extra_time' && <ExtraTime notice={notice} />}
      {notice.text && <p className={styles.text}>{notice.text}</p>}
    </Dialog>
  );
}

function ExtraTime({ notice }: { notice: Notice }) {
  const t = useTranslations('student.notice');
  const format = useFormatter();
  const { time } = useSitting();
  const seconds = notice.seconds ?? 0;
  return (
    <>
      <p className={styles.extra}>
        {t('extra', { minutes: Math.floor(seconds / 60), seconds: seconds % 60 })}
      </p>
      {time.deadlineAt !== null && (
        <p>{t('until', { at: format.dateTime(time.deadlineAt, { timeStyle: 'short' }) })}</p>
      )}
    </>
  );
}
