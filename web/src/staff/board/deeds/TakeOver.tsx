import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useOep } from '../../../api';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { ProblemBox } from '../../../ui/ProblemBox';
import { TextArea } from '../../../ui/TextField';
import { toast } from '../../../ui/toasts';
import type { BoardStore } from '../store';
import styles from './deeds.module.css';
import { nameOf } from './Names';
import type { Deeds } from './useDeeds';

interface Props {
  id: number;
  holder: string;
  deeds: Deeds;
  store: BoardStore;
}

/** Takes a student from whoever has him; for administrators and halls in charge, with a reason. */
export function TakeOver({ id, holder, deeds, store }: Props) {
  const t = useTranslations('board');
  const ui = useTranslations('ui');
  const { api } = useOep();
  const [reason, setReason] = useState('');
  const [isTried, setTried] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const isShort = reason.trim().length < 3;

  const take = async () => {
    setTried(true);
    if (isShort) return;
    try {
      await api.post('/api/v1/proctoring/attempt/{attempt_id}/claim/take-over', {
        params: { path: { attempt_id: id } },
        body: { reason },
      });
      deeds.close();
      toast(t('done.claimed', { count: 1 }));
    } catch (error) {
      setProblem(error);
    }
  };

  return (
    <Dialog
      actions={
        <>
          <Button look="primary" onPress={take}>
            {t('take_over.do')}
          </Button>
          <Button onPress={deeds.close}>{ui('cancel')}</Button>
        </>
      }
      isOpen
      onClose={deeds.close}
      title={t('take_over.title', { name: nameOf(store, id), holder })}
    >
      <div className={styles.form}>
        <TextArea
          autoFocus
          error={isTried && isShort ? t('field.reason_short') : undefined}
          label={t('field.reason')}
          maxLength={1000}
          onChange={setReason}
          value={reason}
        />
        {problem !== undefined && <ProblemBox problem={problem} />}
      </div>
    </Dialog>
  );
}
