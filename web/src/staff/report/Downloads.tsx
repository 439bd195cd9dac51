import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useApi } from '../../api';
import { Button } from '../../ui/Button';
import { IconDownload } from '../../ui/icons';
import { ProblemBox } from '../../ui/ProblemBox';
import { download, save } from '../attempt/download';
import styles from './Report.module.css';
import { fileOf, type Wanted } from './wanted';

const FORMATS = ['csv', 'pdf', 'json'] as const;

/** The report as a file, with the filters that are set below; and the page on paper. */
export function Downloads({ examId, wanted }: { examId: number; wanted: Wanted }) {
  const t = useTranslations('report.downloads');
  const api = useApi();
  const [pending, setPending] = useState<(typeof FORMATS)[number]>();
  const [problem, setProblem] = useState<unknown>();

  async function get(format: (typeof FORMATS)[number]) {
    setPending(format);
    setProblem(undefined);
    try {
      save(await download(api, fileOf(examId, wanted, format)));
    } catch (failure) {
      setProblem(failure);
    } finally {
      setPending(undefined);
    }
  }

  return (
    <div className={styles.downloads}>
      {FORMATS.map((format) => (
        <Button
          aria-label={t('as', { format: format.toUpperCase() })}
          isDisabled={pending !== undefined && pending !== format}
          isPending={pending === format}
          key={format}
          onPress={() => get(format)}
        >
          <IconDownload />
          {format.toUpperCase()}
        </Button>
      ))}
      <Button look="quiet" onPress={() => window.print()}>
        {t('print')}
      </Button>
      {problem !== undefined && <ProblemBox problem={problem} />}
    </div>
  );
}
