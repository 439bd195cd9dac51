import type { Exam } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { Confirm } from '../../../ui/Confirm';
import { Panel } from '../../../ui/Panel';
import { type ExamStatus, STATUSES } from './draft';
import { useExamChange } from './ExamDetails';

/** Where the exam stands and where it may go; each way says first what follows for students. */
export function ExamStatusPanel({ exam }: { exam: Exam }) {
  const t = useTranslations('admin');
  const [asked, setAsked] = useState<ExamStatus>();
  const change = useExamChange(exam.id);
  return (
    <Panel title={t('exam.status')}>
      <p>{t(`statusMeaning.${exam.status}`)}</p>
      <div className="beside">
        {STATUSES.filter((status) => status !== exam.status).map((status) => (
          <Button key={status} onPress={() => setAsked(status)}>
            {t(`statusDeed.${status}`)}
          </Button>
        ))}
      </div>
      {asked && (
        <Confirm
          confirmLabel={t(`statusDeed.${asked}`)}
          consequence={t(`statusMeaning.${asked}`)}
          isOpen
          onClose={() => setAsked(undefined)}
          onConfirm={() =>
            change.mutateAsync({ status: asked } as Parameters<typeof change.mutate>[0])
          }
          title={t('exam.statusTitle', { status: t(`examStatus.${asked}`) })}
        />
      )}
    </Panel>
  );
}
