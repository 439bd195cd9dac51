import { useTranslations } from 'use-intl';
import { EmptyState } from '../../ui/EmptyState';
import { IconInfo } from '../../ui/icons';
import { Link } from '../../ui/Link';
import { PageTitle } from '../../ui/Page';

/** For who reaches the exam and not its live board: what there is for him instead. */
export function NoBoard({ examId, hasReport }: { examId: number; hasReport: boolean }) {
  const t = useTranslations('staff');
  return (
    <>
      <PageTitle title={t('to_board')} />
      <EmptyState
        actions={
          hasReport && (
            <Link look="primary" to={`/exams/${examId}/report`}>
              {t('to_report')}
            </Link>
          )
        }
        icon={IconInfo}
        title={t('no_board')}
      >
        {t('no_board_why')}
      </EmptyState>
    </>
  );
}
