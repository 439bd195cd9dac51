import type { ExamWithQuestions } from '@oep/client';
import { useTranslations } from 'use-intl';
import { useDuration } from '../../ui/Time';
import styles from './Facts.module.css';

/** The exam at a glance. */
export function Facts({ exam, minutes }: { exam: ExamWithQuestions; minutes: number }) {
  const t = useTranslations('student');
  const words = useDuration();
  return (
    <dl aria-label={t('door.facts')} className={styles.facts}>
      <Fact name={t('door.length')} value={words(minutes * 60)} />
      <Fact name={t('door.questions')} value={String(exam.questions.length)} />
      <Fact name={t('door.marks')} value={String(exam.total_marks)} />
      <Fact name={t('door.toPass')} value={String(exam.passing_marks)} />
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
