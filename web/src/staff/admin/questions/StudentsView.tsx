import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Choice } from '../../../student/room/Choice';
import { type Answer, type Question, widgetOf } from '../../../student/room/question';
import { Written } from '../../../student/room/Written';
import { MoreWords } from '../../../words/Words';
import styles from './StudentsView.module.css';

/** A question with the exam room's own widgets, to be tried; nothing is kept and no attempt is made. */
export function StudentsView({ question }: { question: Question }) {
  return (
    <MoreWords of={['student']}>
      <Shown question={question} />
    </MoreWords>
  );
}

function Shown({ question }: { question: Question }) {
  const t = useTranslations('admin.question');
  const [answer, setAnswer] = useState<Answer>(null);
  const widget = widgetOf(question);
  return (
    <div className={styles.view}>
      <p className={styles.marks}>
        {t('worth', { marks: question.marks })}
        {question.negative_marks > 0 &&
          ` · ${t('worthNegative', { marks: question.negative_marks })}`}
      </p>
      <p className={styles.text} id="question-text">
        {question.question_text}
      </p>
      {widget === 'short' || widget === 'long' ? (
        <Written answer={answer} onWrite={setAnswer} widget={widget} />
      ) : (
        <Choice answer={answer} onWrite={setAnswer} question={question} widget={widget} />
      )}
      <p className={styles.note}>{t('notKept')}</p>
    </div>
  );
}
