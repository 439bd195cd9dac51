import { useGet } from '../../api';

/** A question as people find it again: its place in the exam, and its text. */
export interface Question {
  number: number;
  text: string;
}

/** Returns the function that knows an exam's questions by id; undefined for a stranger or while they load. */
export function useQuestions(examId: number): (id: number | null) => Question | undefined {
  const exam = useGet(
    '/api/v1/exams/{exam_id}',
    { params: { path: { exam_id: examId } } },
    { staleTime: 60_000 },
  );
  const questions = exam.data?.questions ?? [];
  return (id) => {
    const place = questions.findIndex((each) => each.id === id);
    return place < 0
      ? undefined
      : { number: place + 1, text: questions[place]?.question_text ?? '' };
  };
}
