import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { IconBack } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { Panel } from '../../../ui/Panel';
import { Form } from '../Form';
import { useDeed } from '../useDeed';
import { EMPTY, type ExamDraft, flawsOf, newExam } from './draft';
import { EXAM_FIELDS, ExamFields } from './ExamFields';

/** Adds an exam, as a draft; its questions are picked on its own page. */
export function NewExam() {
  const t = useTranslations('admin');
  const [, go] = useLocation();
  const [draft, setDraft] = useState<ExamDraft>(EMPTY);
  const [isStrict, setStrict] = useState(false);
  const add = useDeed(
    (api, typed: ExamDraft) => api.post('/api/v1/exams/', { body: newExam(typed) }),
    { changes: ['/api/v1/exams/'], said: (exam) => t('exam.added', { title: exam.title }) },
  );
  const submit = () => {
    setStrict(true);
    if (Object.keys(flawsOf(draft)).length > 0) return;
    add.mutate(draft, { onSuccess: (exam) => go(`/exams/${exam.id}/questions`) });
  };
  return (
    <>
      <PageTitle above={<BackToExams />} below={t('exam.addBelow')} title={t('exam.add')} />
      <Panel>
        <Form
          fields={EXAM_FIELDS}
          isPending={add.isPending}
          onCancel={() => go('/exams')}
          onSubmit={submit}
          problem={add.error}
          submitLabel={t('exam.add')}
        >
          <ExamFields
            draft={draft}
            isKnown={false}
            isStrict={isStrict}
            onChange={setDraft}
            problem={add.error}
          />
        </Form>
      </Panel>
    </>
  );
}

/** The way back to the list. */
export function BackToExams() {
  const t = useTranslations('admin');
  return (
    <Link to="/exams">
      <IconBack />
      {t('areas.exams')}
    </Link>
  );
}
