import type { Exam } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { useLogin } from '../../../api';
import { Button } from '../../../ui/Button';
import { Confirm } from '../../../ui/Confirm';
import { IconTrash } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { useDeed } from '../useDeed';

/** Deletes an exam that nobody has an attempt at; for administrators. */
export function ExamDeletion({ exam }: { exam: Exam }) {
  const t = useTranslations('admin');
  const { keeper } = useLogin();
  const [, go] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const remove = useDeed(
    (api, exam_id: number) =>
      api.delete('/api/v1/exams/{exam_id}', { params: { path: { exam_id } } }),
    { changes: ['/api/v1/exams/'], said: t('exam.deleted', { title: exam.title }) },
  );
  if (!keeper.hasRole('admin')) return null;
  return (
    <Panel title={t('exam.delete')}>
      <p>{t('exam.deleteBelow')}</p>
      <div>
        <Button look="danger" onPress={() => setAsking(true)}>
          <IconTrash />
          {t('exam.delete')}
        </Button>
      </div>
      <Confirm
        confirmLabel={t('exam.delete')}
        consequence={t('exam.deleteConsequence')}
        isDanger
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await remove.mutateAsync(exam.id);
          go('/exams');
        }}
        title={t('exam.deleteTitle', { title: exam.title })}
      />
    </Panel>
  );
}
