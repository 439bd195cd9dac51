import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useOep } from '../../../api';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Select } from '../../../ui/Select';
import { toast } from '../../../ui/toasts';
import { useColleagues, watchersIn } from '../../colleagues';
import type { BoardStore } from '../store';
import styles from './deeds.module.css';
import { Names } from './Names';
import { eachOf } from './ordering';
import type { Deeds } from './useDeeds';

/** Gives students to a colleague. */
export function HandOver(props: { ids: readonly number[]; deeds: Deeds; store: BoardStore }) {
  const { ids, deeds, store } = props;
  const t = useTranslations('board');
  const ui = useTranslations('ui');
  const { api } = useOep();
  const [chosen, setChosen] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const { by, error, isLoading } = useColleagues([deeds.examId]);
  const colleagues = watchersIn(by.values(), deeds.user.id);
  const colleague = colleagues.find(({ id }) => String(id) === chosen) ?? colleagues[0];

  const give = async () => {
    if (!colleague) return;
    setPending(true);
    try {
      const outcome = await eachOf(ids, (attempt_id) =>
        api.post('/api/v1/proctoring/attempt/{attempt_id}/claim/hand-over', {
          params: { path: { attempt_id } },
          body: { to_user_id: colleague.id },
        }),
      );
      deeds.close();
      const { done, refused } = outcome;
      if (done.length > 0) {
        toast(t('done.handed_over', { count: done.length, name: colleague.full_name }));
      }
      if (refused.length > 0) deeds.show({ name: 'refused', outcome });
    } catch (failure) {
      setProblem(failure);
      setPending(false);
    }
  };

  return (
    <Dialog
      actions={
        <>
          <Button isDisabled={!colleague} isPending={isPending} look="primary" onPress={give}>
            {t('hand_over.do')}
          </Button>
          <Button onPress={deeds.close}>{ui('cancel')}</Button>
        </>
      }
      isOpen
      onClose={deeds.close}
      title={t('hand_over.title')}
    >
      <div className={styles.form}>
        <Names ids={ids} store={store} />
        {colleague ? (
          <Select
            label={t('hand_over.to')}
            onChange={setChosen}
            options={colleagues.map(({ id, full_name }) => ({
              value: String(id),
              label: full_name,
            }))}
            value={String(colleague.id)}
          />
        ) : (
          !isLoading && !error && <p>{t('hand_over.nobody')}</p>
        )}
        <p className={styles.note}>{t('hand_over.consequence')}</p>
        {(problem ?? error) !== null && (problem ?? error) !== undefined && (
          <ProblemBox problem={problem ?? error} />
        )}
      </div>
    </Dialog>
  );
}
