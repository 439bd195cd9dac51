import type { ExamWithQuestions } from '@oep/client';
import { useTranslations } from 'use-intl';
import { useGet, useLogin } from '../../../api';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import styles from './Exam.module.css';
import { ExamAssignments } from './ExamAssignments';
import { ExamDetails } from './ExamDetails';
import { ExamPreview } from './ExamPreview';
import { ExamQuestions } from './ExamQuestions';
import { ExamStatusBadge } from './Exams';
import { ExportButton } from './ExportButton';
import { BackToExams } from './NewExam';

const TABS = ['details', 'questions', 'staff', 'preview'] as const;

/** One exam: its details and status, its questions, who looks after it, and how it will look. */
export function Exam({ examId, tab }: { examId: number; tab: string }) {
  const { data, error, refetch } = useGet('/api/v1/exams/{exam_id}', {
    params: { path: { exam_id: examId } },
  });
  if (error && !data) return <ProblemBox onRetry={() => refetch()} problem={error} />;
  if (!data) return <Loading />;
  return <Known exam={data} tab={tab} />;
}

function Known({ exam, tab }: { exam: ExamWithQuestions; tab: string }) {
  const t = useTranslations('admin');
  return (
    <>
      <PageTitle
        above={<BackToExams />}
        actions={
          <>
            <ExamStatusBadge status={exam.status} />
            <ExportButton examId={exam.id} />
          </>
        }
        below={t('exam.subtitle', { code: exam.exam_code, version: exam.version })}
        title={exam.title}
      />
      <Parts examId={exam.id} tab={tab} />
      {tab === 'details' && <ExamDetails exam={exam} key={exam.updated_at} />}
      {tab === 'questions' && <ExamQuestions exam={exam} key={exam.updated_at} />}
      {tab === 'staff' && <ExamAssignments examId={exam.id} />}
      {tab === 'preview' && <ExamPreview exam={exam} />}
    </>
  );
}

/** Links, not tabs: each part has its own address. */
function Parts({ examId, tab }: { examId: number; tab: string }) {
  const t = useTranslations('admin');
  const { keeper } = useLogin();
  const offered = TABS.filter((one) => one !== 'staff' || keeper.hasRole('admin'));
  return (
    <nav aria-label={t('exam.parts')} className={styles.parts}>
      {offered.map((one) => (
        <Link
          isCurrent={one === tab}
          key={one}
          to={one === 'details' ? `/exams/${examId}` : `/exams/${examId}/${one}`}
        >
          {t(`examTabs.${one}`)}
        </Link>
      ))}
    </nav>
  );
}
