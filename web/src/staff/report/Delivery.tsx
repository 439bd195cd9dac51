import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useGet } from '../../api';
import { Button } from '../../ui/Button';
import { IconBack, IconForward } from '../../ui/icons';
import { Link } from '../../ui/Link';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Loading } from '../../ui/Spinner';
import { Table } from '../../ui/Table';
import { Instant } from '../../ui/Time';
import { rangesOf } from './figures';
import styles from './Report.module.css';

const LIMIT = 20;

/** Submitted attempts of whose events some have not come: a fact about lines and devices. */
export function Delivery({ examId }: { examId: number }) {
  const t = useTranslations('report.delivery');
  const ui = useTranslations('ui');
  const [skip, setSkip] = useState(0);
  const found = useGet('/api/v1/proctoring/exams/{exam_id}/delivery', {
    params: { path: { exam_id: examId }, query: { skip, limit: LIMIT } },
  });
  const rows = found.data ?? [];
  return (
    <Panel title={t('title')}>
      <p className={styles.quiet}>{t('meaning')}</p>
      {found.error && <ProblemBox onRetry={() => found.refetch()} problem={found.error} />}
      {found.isPending && <Loading />}
      {found.data && (
        <Table
          caption={t('title')}
          columns={[
            {
              key: 'attempt',
              header: t('attempt'),
              isRowHeader: true,
              cell: (row) => <Link to={`/attempts/${row.attempt_id}`}>{row.attempt_id}</Link>,
            },
            {
              key: 'submitted',
              header: t('submitted'),
              cell: (row) => row.submitted_at && <Instant at={row.submitted_at} />,
            },
            {
              key: 'claimed',
              header: t('claimed'),
              align: 'end',
              cell: (row) => row.delivery.claimed_last_sequence ?? '–',
            },
            {
              key: 'received',
              header: t('received'),
              align: 'end',
              cell: (row) => row.delivery.received_count,
            },
            {
              key: 'missing',
              header: t('missing'),
              align: 'end',
              cell: (row) => row.delivery.missing_count,
            },
            { key: 'numbers', header: t('numbers'), cell: (row) => rangesOf(row.delivery.missing) },
          ]}
          empty={<p>{t('none')}</p>}
          keyOf={(row) => row.attempt_id}
          rows={rows}
          size="dense"
        />
      )}
      {(skip > 0 || rows.length === LIMIT) && (
        <nav aria-label={t('pages')} className={styles.downloads}>
          <Button isDisabled={skip === 0} onPress={() => setSkip(Math.max(0, skip - LIMIT))}>
            <IconBack />
            {ui('previous')}
          </Button>
          <Button isDisabled={rows.length < LIMIT} onPress={() => setSkip(skip + LIMIT)}>
            {ui('next')}
            <IconForward />
          </Button>
        </nav>
      )}
    </Panel>
  );
}
