import type { Json } from '@oep/client';
import type { RefObject } from 'react';
import { useTranslations } from 'use-intl';
import { useAnswer } from '../../api';
import { IconFlag } from '../../ui/icons';
import { Button } from '../parts/Button';
import { Choice } from './Choice';
import styles from './QuestionCard.module.css';
import { QuestionImage } from './QuestionImage';
import { type Answer, answerOf, isAnswered, nothing, type Question, widgetOf } from './question';
import { SavingState } from './SavingState';
import { useAnswerChanges } from './useAnswerChanges';
import { Written } from './Written';

export interface QuestionCardProps {
  question: Question;
  number: number;
  total: number;
  heading: RefObject<HTMLHeadingElement | null>;
}

/** One question, its answer, its flag, and whether the answer is safe. */
export function QuestionCard({ question, number, total, heading }: QuestionCardProps) {
  const t = useTranslations('student.room');
  const view = useAnswer(question.id);
  const answer = answerOf(view.value);
  const widget = widgetOf(question);
  const noteChange = useAnswerChanges(question.id, answer);
  const write = (next: Answer) => {
    view.write(next as Json);
    noteChange(next);
  };
  const isWritten = widget === 'short' || widget === 'long';
  return (
    <article aria-labelledby="question-number" className={styles.card}>
      <header className={styles.head}>
        <h2 className={styles.number} id="question-number" ref={heading} tabIndex={-1}>
          {t('question', { number, total })}
        </h2>
        <p>
          {t('marks', { marks: question.marks })}
          {question.negative_marks > 0 && (
            <span> · {t('negative', { marks: question.negative_marks })}</span>
          )}
        </p>
      </header>
      <p className={styles.text} id="question-text">
        {question.question_text}
      </p>
      {question.images?.map((image) => (
        <QuestionImage image={image} key={image.number} questionId={question.id} />
      ))}
      {isWritten ? (
        <Written answer={answer} onWrite={write} widget={widget} />
      ) : (
        <Choice answer={answer} onWrite={write} question={question} widget={widget} />
      )}
      <footer className={styles.foot}>
        <SavingState view={view} />
        <div className={styles.deeds}>
          {isAnswered(answer) && !isWritten && (
            <Button look="quiet" onClick={() => write(nothing(widget))}>
              {t('clear')}
            </Button>
          )}
          <Button isOn={view.isFlagged} onClick={() => view.flag(!view.isFlagged)}>
            <IconFlag />
            {t('flag')}
          </Button>
        </div>
      </footer>
    </article>
  );
}
