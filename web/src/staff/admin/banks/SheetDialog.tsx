import type { Api, Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Banner } from '../../../ui/Banner';
import { Dialog } from '../../../ui/Dialog';
import { FileField } from '../../../ui/FileField';
import { Form } from '../Form';
import { useDeed } from '../useDeed';
import styles from './SheetDialog.module.css';

const HEADER =
  'question_text, question_type, option_a … option_d, correct_answer, explanation, difficulty, marks, negative_marks, tags';

/** Reads questions from a CSV file into a bank; says which rows were not taken and why. */
export function SheetDialog({ bankId, onClose }: { bankId: number; onClose: () => void }) {
  const t = useTranslations('admin');
  const [file, setFile] = useState<File>();
  const read = useDeed((api, sheet: File) => readIn(api, bankId, sheet), {
    changes: ['/api/v1/exams/questions'],
  });
  return (
    <Dialog isOpen onClose={onClose} title={t('sheet.import')} width="wide">
      <Form
        isDisabled={!file}
        isPending={read.isPending}
        onCancel={onClose}
        onSubmit={() => file && read.mutate(file)}
        problem={read.error}
        submitLabel={t('sheet.read')}
      >
        <FileField
          accept=".csv,text/csv"
          hint={t('sheet.columns', { columns: HEADER })}
          label={t('sheet.file')}
          onChange={(chosen) => {
            setFile(chosen);
            read.reset();
          }}
        />
      </Form>
      {read.data && <Outcome report={read.data} />}
    </Dialog>
  );
}

function Outcome({ report }: { report: Schemas['attempts.ImportReport'] }) {
  const t = useTranslations('admin');
  const { imported, errors } = report;
  return (
    <Banner
      live="polite"
      title={t('sheet.outcome', { imported, refused: errors.length })}
      tone={errors.length > 0 ? 'warning' : 'good'}
    >
      {errors.length > 0 && (
        <ul className={styles.errors}>
          {errors.map((error) => (
            <li key={error}>{error}</li>
          ))}
        </ul>
      )}
    </Banner>
  );
}

async function readIn(
  api: Api,
  bankId: number,
  sheet: File,
): Promise<Schemas['attempts.ImportReport']> {
  const body = new FormData();
  body.append('file', sheet);
  const path = `/api/v1/exams/question-banks/${bankId}/import-csv`;
  const answer = await api.fetch(path, { method: 'POST', body });
  return answer.json();
}
