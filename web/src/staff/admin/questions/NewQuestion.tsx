import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { IconBack } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { useBankName } from '../banks/Bank';
import { useDeed } from '../useDeed';
import { EMPTY, flawsOf, type QuestionDraft, sentOf } from './draft';
import { QuestionEditor } from './QuestionEditor';

/** Adds a question to a bank. */
export function NewQuestion({ bankId }: { bankId: number }) {
  const t = useTranslations('admin');
  const [, go] = useLocation();
  const [draft, setDraft] = useState<QuestionDraft>(EMPTY);
  const add = useDeed(
    (api, typed: QuestionDraft) =>
      api.post('/api/v1/exams/questions', {
        body: { ...sentOf(typed), question_bank_id: bankId },
      }),
    { changes: ['/api/v1/exams/questions'], said: t('question.added') },
  );
  return (
    <>
      <PageTitle
        above={
          <Link to={`/banks/${bankId}`}>
            <IconBack />
            {useBankName(bankId)}
          </Link>
        }
        title={t('question.add')}
      />
      <QuestionEditor
        draft={draft}
        isDisabled={Object.keys(flawsOf(draft)).length > 0}
        isPending={add.isPending}
        isStrict={draft !== EMPTY}
        onChange={setDraft}
        onSubmit={() => add.mutate(draft, { onSuccess: () => go(`/banks/${bankId}`) })}
        problem={add.error}
        submitLabel={t('question.add')}
      />
    </>
  );
}
