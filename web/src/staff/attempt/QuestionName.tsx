import styles from './QuestionName.module.css';
import { useQuestions } from './useQuestions';

/** A question: its place in the exam and the begin of its text; its id where the exam is not known. */
export function QuestionName({ examId, id }: { examId: number; id: number }) {
  const question = useQuestions(examId)(id);
  if (!question) return <>{id}</>;
  return (
    <span className={styles.question} title={question.text}>
      <span>{question.number}</span> <bdi className={styles.text}>{question.text}</bdi>
    </span>
  );
}
