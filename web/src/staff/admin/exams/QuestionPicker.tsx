import type { Question } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useGet } from '../../../api';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/EmptyState';
import { IconAdd, IconCheck } from '../../../ui/icons';
import { Pagination } from '../../../ui/Pagination';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Select } from '../../../ui/Select';
import { Loading } from '../../../ui/Spinner';
import { shortened } from '../banks/Bank';
import { asked, cut, PAGE_SIZE } from '../lists';
import type { Kind } from '../questions/draft';
import { useListed } from '../useListed';
import styles from './ExamQuestions.module.css';

export interface QuestionPickerProps {
  tradeId: number;
  pickedIds: ReadonlySet<number>;
  onPick: (question: Question) => void;
}

/** The banks of the exam's trade, and the questions of the chosen one. */
export function QuestionPicker({ tradeId, ...rest }: QuestionPickerProps) {
  const t = useTranslations('admin');
  const [bank, setBank] = useState('');
  const banks = useGet('/api/v1/exams/question-banks', {
    params: { query: { trade_id: tradeId, limit: 1000 } },
  });
  const choices = (banks.data ?? []).map((one) => ({ value: String(one.id), label: one.name }));
  const chosen = bank || choices[0]?.value;
  if (banks.error) return <ProblemBox onRetry={() => banks.refetch()} problem={banks.error} />;
  if (!banks.data) return <Loading />;
  if (!chosen) return <EmptyState title={t('picking.noBank')} />;
  return (
    <>
      <Select label={t('bank.one')} onChange={setBank} options={choices} value={chosen} />
      <Found bankId={Number(chosen)} key={chosen} {...rest} />
    </>
  );
}

function Found({
  bankId,
  pickedIds,
  onPick,
}: Omit<QuestionPickerProps, 'tradeId'> & { bankId: number }) {
  const t = useTranslations('admin');
  const [skip, setSkip] = useState(0);
  const query = useListed('/api/v1/exams/questions', {
    params: { query: { ...asked(skip), question_bank_id: bankId } },
  });
  if (query.error && !query.data) {
    return <ProblemBox onRetry={() => query.refetch()} problem={query.error} />;
  }
  if (!query.data) return <Loading />;
  const { rows, hasNext } = cut(query.data);
  if (rows.length === 0) return <EmptyState title={t('question.none')} />;
  return (
    <>
      <ul className={styles.list}>
        {rows.map((question) => (
          <Offered
            isPicked={pickedIds.has(question.id)}
            key={question.id}
            onPick={() => onPick(question)}
            question={question}
          />
        ))}
      </ul>
      {(skip > 0 || hasNext) && (
        <Pagination
          count={rows.length}
          hasNext={hasNext}
          limit={PAGE_SIZE}
          onSkip={setSkip}
          skip={skip}
        />
      )}
    </>
  );
}

function Offered({
  question,
  isPicked,
  onPick,
}: {
  question: Question;
  isPicked: boolean;
  onPick: () => void;
}) {
  const t = useTranslations('admin');
  return (
    <li className={`${styles.item} ${styles.found}`}>
      <span className={styles.text}>
        {shortened(question.question_text)}
        <span className={styles.kind}>
          {t(`kinds.${question.question_type as Kind}`)} ·{' '}
          {t('question.worth', { marks: question.marks })}
        </span>
      </span>
      <Button
        aria-label={t(isPicked ? 'picking.picked1' : 'picking.pick', {
          text: shortened(question.question_text, 60),
        })}
        isDisabled={isPicked}
        onPress={onPick}
        size="dense"
      >
        {isPicked ? <IconCheck /> : <IconAdd />}
        {t(isPicked ? 'picking.isPicked' : 'picking.take')}
      </Button>
    </li>
  );
}
