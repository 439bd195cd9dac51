import type { ExamWithQuestions, Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Banner } from '../../../ui/Banner';
import { Button } from '../../../ui/Button';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { useExamChange } from './ExamDetails';
import styles from './ExamQuestions.module.css';
import { PickedList } from './PickedList';
import { added, isSame, linksOf, type Picked, pickedOf, sumOf } from './picking';
import { QuestionPicker } from './QuestionPicker';

/** Which questions the exam asks, in which order, for how many marks. */
export function ExamQuestions({ exam }: { exam: ExamWithQuestions }) {
  const t = useTranslations('admin');
  const [before] = useState(() => pickedOf(exam.questions, new Map()));
  const [picked, setPicked] = useState<readonly Picked[]>(before);
  const save = useExamChange(exam.id);
  const send = () => save.mutate({ questions: linksOf(picked) } as Schemas['ExamChange']);
  return (
    <div className={styles.halves}>
      <Panel title={t('picking.picked', { count: picked.length })}>
        <Sum picked={picked} total={exam.total_marks} />
        <PickedList onChange={setPicked} picked={picked} />
        {save.error && <ProblemBox problem={save.error} />}
        <div className="beside">
          <Button
            isDisabled={isSame(before, picked)}
            isPending={save.isPending}
            look="primary"
            onPress={send}
          >
            {t('picking.save')}
          </Button>
        </div>
      </Panel>
      <Panel title={t('picking.add')}>
        <QuestionPicker
          onPick={(question) => setPicked((now) => added(now, question))}
          pickedIds={new Set(picked.map((one) => one.id))}
          tradeId={exam.trade_id}
        />
      </Panel>
    </div>
  );
}

function Sum({ picked, total }: { picked: readonly Picked[]; total: number }) {
  const t = useTranslations('admin');
  const sum = sumOf(picked);
  if (sum === total) return <p role="status">{t('picking.sum', { sum })}</p>;
  return (
    <Banner live="polite" tone="warning">
      {t('picking.sumDiffers', { sum, total })}
    </Banner>
  );
}
