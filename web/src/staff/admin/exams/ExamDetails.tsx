import type { ExamWithQuestions, Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Panel } from '../../../ui/Panel';
import { Form } from '../Form';
import { useDeed } from '../useDeed';
import { changeOf, draftOf, flawsOf } from './draft';
import { ExamDeletion } from './ExamDeletion';
import { EXAM_FIELDS, ExamFields } from './ExamFields';
import { ExamStatusPanel } from './ExamStatusPanel';

/** The exam's details and what may be done to all of it. */
export function ExamDetails({ exam }: { exam: ExamWithQuestions }) {
  const t = useTranslations('admin');
  return (
    <>
      <ExamStatusPanel exam={exam} />
      <Panel title={t('examTabs.details')}>
        <DetailsForm exam={exam} />
      </Panel>
      <ExamDeletion exam={exam} />
    </>
  );
}

function DetailsForm({ exam }: { exam: ExamWithQuestions }) {
  const t = useTranslations('admin');
  const before = draftOf(exam);
  const [draft, setDraft] = useState(before);
  const save = useExamChange(exam.id);
  const changed = changeOf(before, draft);
  const hasFlaw = Object.keys(flawsOf(draft)).length > 0;
  return (
    <Form
      fields={EXAM_FIELDS}
      isDisabled={hasFlaw || Object.keys(changed).length === 0}
      isPending={save.isPending}
      onSubmit={() => save.mutate(changed)}
      problem={save.error}
      submitLabel={t('saveChanges')}
    >
      <ExamFields draft={draft} isKnown isStrict onChange={setDraft} problem={save.error} />
    </Form>
  );
}

/** Changes an exam; what its first attempt has frozen is refused by the service, field by field. */
export function useExamChange(examId: number) {
  const t = useTranslations('admin');
  return useDeed(
    (api, body: Schemas['ExamChange']) =>
      api.put('/api/v1/exams/{exam_id}', { params: { path: { exam_id: examId } }, body }),
    { changes: ['/api/v1/exams/', '/api/v1/exams/{exam_id}'], said: t('saved') },
  );
}
