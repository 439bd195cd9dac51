import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { IconDownload } from '../../../ui/icons';
import { problemOf } from '../../../ui/problems';
import { toast } from '../../../ui/toasts';
import { downloadJson } from '../download';
import { useDeed } from '../useDeed';

/** Downloads the exam with its questions and keys, as the service exports it. */
export function ExportButton({ examId }: { examId: number }) {
  const t = useTranslations('admin');
  const fetched = useDeed(
    (api, exam_id: number) =>
      api.get('/api/v1/exams/{exam_id}/export-qti', { params: { path: { exam_id } } }),
    { changes: [], said: t('person.exported') },
  );
  return (
    <Button
      isPending={fetched.isPending}
      onPress={() =>
        fetched.mutate(examId, {
          onSuccess: (exam) => downloadJson(`exam-${examId}-qti.json`, exam),
          onError: (error) =>
            toast(problemOf(error).detail || t('exam.notExported'), { tone: 'bad' }),
        })
      }
    >
      <IconDownload />
      {t('exam.export')}
    </Button>
  );
}
