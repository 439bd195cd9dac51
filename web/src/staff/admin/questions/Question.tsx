import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { useGet } from '../../../api';
import { Button } from '../../../ui/Button';
import { Confirm } from '../../../ui/Confirm';
import { IconBack, IconTrash } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import { useBankName } from '../banks/Bank';
import { useDeed } from '../useDeed';
import { changeOf, draftOf, flawsOf } from './draft';
import { QuestionEditor } from './QuestionEditor';

type Stored = Schemas['QuestionBody'];

/** One question, to be changed or deleted. */
export function Question({ questionId }: { questionId: number }) {
  const { data, error, refetch } = useGet('/api/v1/exams/questions/{question_id}', {
    params: { path: { question_id: questionId } },
  });
  if (error && !data) return <ProblemBox onRetry={() => refetch()} problem={error} />;
  if (!data) return <Loading />;
  return <Known key={data.updated_at} question={data} />;
}

function Known({ question }: { question: Stored }) {
  const t = useTranslations('admin');
  const before = draftOf(question);
  const [draft, setDraft] = useState(before);
  const save = useDeed(
    (api, body: Schemas['QuestionChange']) =>
      api.put('/api/v1/exams/questions/{question_id}', {
        params: { path: { question_id: question.id } },
        body,
      }),
    {
      changes: ['/api/v1/exams/questions', '/api/v1/exams/questions/{question_id}'],
      said: t('saved'),
    },
  );
  const changed = changeOf(before, draft);
  const hasFlaw = Object.keys(flawsOf(draft)).length > 0;
  return (
    <>
      <PageTitle
        above={
          <Link to={`/banks/${question.question_bank_id}`}>
            <IconBack />
            {useBankName(question.question_bank_id)}
          </Link>
        }
        actions={<Deletion question={question} />}
        title={t('question.edit')}
      />
      <QuestionEditor
        draft={draft}
        isDisabled={hasFlaw || Object.keys(changed).length === 0}
        isPending={save.isPending}
        isStrict
        onChange={setDraft}
        onSubmit={() => save.mutate(changed)}
        problem={save.error}
        submitLabel={t('saveChanges')}
      />
    </>
  );
}

function Deletion({ question }: { question: Stored }) {
  const t = useTranslations('admin');
  const [, go] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const remove = useDeed(
    (api, question_id: number) =>
      api.delete('/api/v1/exams/questions/{question_id}', { params: { path: { question_id } } }),
    { changes: ['/api/v1/exams/questions'], said: t('question.deleted') },
  );
  return (
    <>
      <Button look="danger" onPress={() => setAsking(true)}>
        <IconTrash />
        {t('delete')}
      </Button>
      <Confirm
        confirmLabel={t('delete')}
        consequence={t('question.deleteConsequence')}
        isDanger
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await remove.mutateAsync(question.id);
          go(`/banks/${question.question_bank_id}`);
        }}
        title={t('question.deleteTitle')}
      />
    </>
  );
}
