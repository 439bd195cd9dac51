import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useGet } from '../../../api';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/EmptyState';
import { IconAdd, IconBack, IconUpload } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { Select } from '../../../ui/Select';
import type { Column } from '../../../ui/Table';
import { Filters } from '../Filters';
import { Listed } from '../Listed';
import { asked, given } from '../lists';
import { DIFFICULTIES, type Difficulty, KINDS, type Kind } from '../questions/draft';
import { useFilters, useListed } from '../useListed';
import { SheetDialog } from './SheetDialog';

type Question = Schemas['QuestionBody'];

/** The questions of one bank. */
export function Bank({ bankId }: { bankId: number }) {
  const t = useTranslations('admin');
  const [isImporting, setImporting] = useState(false);
  const { values, set, skip, setSkip } = useFilters('type', 'difficulty');
  const query = useListed('/api/v1/exams/questions', {
    params: {
      query: {
        ...asked(skip),
        question_bank_id: bankId,
        ...given({
          question_type: values.type as Kind | '',
          difficulty: values.difficulty as Difficulty | '',
        }),
      },
    },
  });
  const columns = useQuestionColumns();
  return (
    <>
      <PageTitle
        above={
          <Link to="/banks">
            <IconBack />
            {t('bank.title')}
          </Link>
        }
        actions={
          <>
            <Button onPress={() => setImporting(true)}>
              <IconUpload />
              {t('sheet.import')}
            </Button>
            <Link look="primary" to={`/banks/${bankId}/new`}>
              <IconAdd />
              {t('question.add')}
            </Link>
          </>
        }
        title={useBankName(bankId)}
      />
      <QuestionFilters set={set} values={values} />
      <Listed
        caption={t('areas.banks')}
        columns={columns}
        empty={<EmptyState title={t('question.none')} />}
        keyOf={(question) => question.id}
        onSkip={setSkip}
        query={query}
        skip={skip}
      />
      {isImporting && <SheetDialog bankId={bankId} onClose={() => setImporting(false)} />}
    </>
  );
}

/** The bank's name; there is no route for a single one, so it is looked up in the list. */
export function useBankName(bankId: number): string {
  const t = useTranslations('admin');
  const { data } = useGet('/api/v1/exams/question-banks', { params: { query: { limit: 1000 } } });
  return data?.find((bank) => bank.id === bankId)?.name ?? t('bank.one');
}

function QuestionFilters({
  values,
  set,
}: {
  values: Record<'type' | 'difficulty', string>;
  set: (name: 'type' | 'difficulty', value: string) => void;
}) {
  const t = useTranslations('admin');
  const kinds = KINDS.map((kind) => ({ value: kind as string, label: t(`kinds.${kind}`) }));
  const difficulties = DIFFICULTIES.map((one) => ({
    value: one as string,
    label: t(`difficulties.${one}`),
  }));
  return (
    <Filters>
      <Select
        label={t('question.question_type')}
        onChange={(type) => set('type', type)}
        options={[{ value: '', label: t('question.anyType') }, ...kinds]}
        value={values.type}
      />
      <Select
        label={t('question.difficulty')}
        onChange={(difficulty) => set('difficulty', difficulty)}
        options={[{ value: '', label: t('question.anyDifficulty') }, ...difficulties]}
        value={values.difficulty}
      />
    </Filters>
  );
}

function useQuestionColumns(): readonly Column<Question>[] {
  const t = useTranslations('admin');
  return [
    {
      key: 'text',
      header: t('question.question_text'),
      isRowHeader: true,
      cell: (question) => (
        <Link to={`/questions/${question.id}`}>{shortened(question.question_text)}</Link>
      ),
    },
    {
      key: 'type',
      header: t('question.question_type'),
      cell: (question) => t(`kinds.${question.question_type as Kind}`),
    },
    {
      key: 'difficulty',
      header: t('question.difficulty'),
      cell: (question) => t(`difficulties.${question.difficulty}`),
    },
    {
      key: 'marks',
      header: t('question.marks'),
      align: 'end',
      cell: (question) => t('marks', { marks: question.marks }),
    },
  ];
}

/** The beginning of a long text, for lists. */
export function shortened(text: string, most = 120): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
