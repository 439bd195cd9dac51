import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { EmptyState } from '../../../ui/EmptyState';
import { IconAdd } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { errorOf } from '../../../ui/problems';
import { Select } from '../../../ui/Select';
import type { Column } from '../../../ui/Table';
import { TextArea, TextField } from '../../../ui/TextField';
import { Filters } from '../Filters';
import { Form } from '../Form';
import { Listed } from '../Listed';
import { asked, given } from '../lists';
import { useTradeChoices } from '../useChoices';
import { useDeed } from '../useDeed';
import { useFilters, useListed } from '../useListed';

type Bank = Schemas['QuestionBankBody'];

/** The question banks, by trade. */
export function Banks() {
  const t = useTranslations('admin');
  const [isAdding, setAdding] = useState(false);
  const { values, set, skip, setSkip } = useFilters('trade');
  const trades = useTradeChoices(t('anyTrade'));
  const query = useListed('/api/v1/exams/question-banks', {
    params: {
      query: { ...asked(skip), ...given({ trade_id: Number(values.trade) || undefined }) },
    },
  });
  const columns: Column<Bank>[] = [
    {
      key: 'name',
      header: t('bank.name'),
      isRowHeader: true,
      cell: (bank) => <Link to={`/banks/${bank.id}`}>{bank.name}</Link>,
    },
    { key: 'trade', header: t('trade.one'), cell: (bank) => bank.trade?.name ?? '–' },
    { key: 'about', header: t('bank.description'), cell: (bank) => bank.description ?? '–' },
  ];
  return (
    <>
      <PageTitle
        actions={
          <Button look="primary" onPress={() => setAdding(true)}>
            <IconAdd />
            {t('bank.add')}
          </Button>
        }
        below={t('bank.below')}
        title={t('bank.title')}
      />
      <Filters>
        <Select
          label={t('trade.one')}
          onChange={(trade) => set('trade', trade)}
          options={trades}
          value={values.trade}
        />
      </Filters>
      <Listed
        caption={t('bank.title')}
        columns={columns}
        empty={<EmptyState title={t('bank.none')} />}
        keyOf={(bank) => bank.id}
        onSkip={setSkip}
        query={query}
        skip={skip}
      />
      {isAdding && <NewBank onClose={() => setAdding(false)} />}
    </>
  );
}

function NewBank({ onClose }: { onClose: () => void }) {
  const t = useTranslations('admin');
  const [, go] = useLocation();
  const [draft, setDraft] = useState({ name: '', trade_id: '', description: '' });
  const trades = useTradeChoices(t('choose'));
  const add = useDeed(
    (api, typed: typeof draft) => {
      const description = typed.description.trim() || null;
      const body = { ...typed, description, trade_id: Number(typed.trade_id) };
      return api.post('/api/v1/exams/question-banks', { body });
    },
    {
      changes: ['/api/v1/exams/question-banks'],
      said: (bank) => t('bank.added', { name: bank.name }),
    },
  );
  const field = (name: keyof typeof draft) => ({
    error: errorOf(add.error, name),
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
    value: draft[name],
  });
  return (
    <Dialog isOpen onClose={onClose} title={t('bank.add')}>
      <Form
        fields={['name', 'trade_id', 'description']}
        isDisabled={!draft.name.trim() || !draft.trade_id}
        isPending={add.isPending}
        onCancel={onClose}
        onSubmit={() => add.mutate(draft, { onSuccess: (bank) => go(`/banks/${bank.id}`) })}
        problem={add.error}
        submitLabel={t('bank.add')}
      >
        <TextField {...field('name')} label={t('bank.name')} />
        <Select {...field('trade_id')} label={t('trade.one')} options={trades} />
        <TextArea {...field('description')} isOptional label={t('bank.description')} />
      </Form>
    </Dialog>
  );
}
