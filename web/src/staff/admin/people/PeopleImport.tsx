import type { Api, Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Checkbox } from '../../../ui/Checkbox';
import { FileField } from '../../../ui/FileField';
import { PageTitle } from '../../../ui/Page';
import { Panel } from '../../../ui/Panel';
import { Radio, RadioGroup } from '../../../ui/RadioGroup';
import { Form } from '../Form';
import { useDeed } from '../useDeed';
import { ImportOutcome } from './ImportOutcome';
import { BackToPeople } from './NewPerson';

const HEADER =
  'username,email,full_name,hall_ticket_number,date_of_birth,security_question,security_answer,password,center_code,trade_code';

interface Sheet {
  file: File;
  isTrial: boolean;
  onExisting: string;
}

/** Enrols students from a sheet; a trial first shows what would become of each row. */
export function PeopleImport() {
  const t = useTranslations('admin');
  const [file, setFile] = useState<File>();
  const [isTrial, setTrial] = useState(true);
  const [onExisting, setOnExisting] = useState('skip');
  const read = useDeed(readIn, { changes: ['/api/v1/auth/users'] });
  return (
    <>
      <PageTitle
        above={<BackToPeople />}
        below={t('peopleImport.below')}
        title={t('people.import')}
      />
      <Panel>
        <Form
          isDisabled={!file}
          isPending={read.isPending}
          onSubmit={() => file && read.mutate({ file, isTrial, onExisting })}
          problem={read.error}
          submitLabel={t(isTrial ? 'peopleImport.try' : 'peopleImport.do')}
        >
          <FileField
            accept=".csv,text/csv"
            hint={t('peopleImport.columns', { columns: HEADER.replaceAll(',', ', ') })}
            label={t('peopleImport.file')}
            onChange={(chosen) => {
              setFile(chosen);
              read.reset();
            }}
          />
          <RadioGroup
            label={t('peopleImport.existing')}
            onChange={setOnExisting}
            value={onExisting}
          >
            <Radio value="skip">{t('peopleImport.skip')}</Radio>
            <Radio value="update">{t('peopleImport.update')}</Radio>
          </RadioGroup>
          <Checkbox isSelected={isTrial} onChange={setTrial}>
            {t('peopleImport.trial')}
          </Checkbox>
        </Form>
      </Panel>
      {read.data && <ImportOutcome report={read.data} />}
    </>
  );
}

/** A request may take a minute: each secret is hashed behind the logins of others. */
async function readIn(api: Api, sheet: Sheet): Promise<Schemas['ImportReport']> {
  const body = new FormData();
  body.append('file', sheet.file);
  const query = new URLSearchParams({
    dry_run: String(sheet.isTrial),
    on_existing: sheet.onExisting,
  });
  const answer = await api.fetch(`/api/v1/auth/users/import-csv?${query}`, {
    method: 'POST',
    body,
  });
  return answer.json();
}
