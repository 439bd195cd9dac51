import type { ExamWithQuestions } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Banner } from '../../../ui/Banner';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/EmptyState';
import { IconBack, IconForward } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { draftOf, shownAs } from '../questions/draft';
import { StudentsView } from '../questions/StudentsView';
import styles from './ExamPreview.module.css';

/** The exam's questions as a student will meet them, one at a time; no attempt is made. */
export function ExamPreview({ exam }: { exam: ExamWithQuestions }) {
  const t = useTranslations('admin');
  const [index, setIndex] = useState(0);
  const question = exam.questions[index];
  if (!question) return <EmptyState title={t('picking.none')} />;
  const total = exam.questions.length;
  return (
    <div className={styles.preview}>
      <Banner tone="info">{t('preview.below')}</Banner>
      {exam.instructions && (
        <Panel title={t('exam.instructions')}>
          <p className={styles.instructions}>{exam.instructions}</p>
        </Panel>
      )}
      <Panel title={t('preview.question', { number: index + 1, total })}>
        <StudentsView
          key={question.id}
          question={{ ...question, question_type: shownAs(draftOf(question)) }}
        />
        <div className="beside">
          <Button isDisabled={index === 0} onPress={() => setIndex(index - 1)}>
            <IconBack />
            {t('preview.previous')}
          </Button>
          <Button isDisabled={index === total - 1} onPress={() => setIndex(index + 1)}>
            {t('preview.next')}
            <IconForward />
          </Button>
        </div>
      </Panel>
    </div>
  );
}
