import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Checkbox } from '../../../ui/Checkbox';
import { Dialog } from '../../../ui/Dialog';
import { errorOf } from '../../../ui/problems';
import { TextArea, TextField } from '../../../ui/TextField';
import { Form } from '../Form';
import { useDeed } from '../useDeed';

type Trade = Schemas['TradeBody'];

interface Draft {
  name: string;
  code: string;
  description: string;
  is_active: boolean;
}

/** Adds a trade or changes one. */
export function TradeDialog({ trade, onClose }: { trade: Trade | undefined; onClose: () => void }) {
  const t = useTranslations('admin');
  const [draft, setDraft] = useState<Draft>({
    name: trade?.name ?? '',
    code: trade?.code ?? '',
    description: trade?.description ?? '',
    is_active: trade?.is_active ?? true,
  });
  const save = useSave(trade);
  const text = (name: 'name' | 'code' | 'description') => ({
    label: t(`trade.${name}`),
    error: errorOf(save.error, name),
    value: draft[name],
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
  });
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={trade ? t('trade.edit', { name: trade.name }) : t('trade.add')}
    >
      <Form
        fields={['name', 'code', 'description']}
        isDisabled={!draft.name.trim() || !draft.code.trim()}
        isPending={save.isPending}
        onCancel={onClose}
        onSubmit={() => save.mutate(draft, { onSuccess: onClose })}
        problem={save.error}
        submitLabel={t(trade ? 'saveChanges' : 'trade.add')}
      >
        <TextField {...text('name')} />
        <TextField {...text('code')} />
        <TextArea {...text('description')} isOptional />
        {trade && (
          <Checkbox
            isSelected={draft.is_active}
            onChange={(is_active) => setDraft({ ...draft, is_active })}
          >
            {t('active')}
          </Checkbox>
        )}
      </Form>
    </Dialog>
  );
}

function useSave(trade: Trade | undefined) {
  const t = useTranslations('admin');
  return useDeed(
    (api, { is_active, ...typed }: Draft) => {
      const body = { ...typed, description: typed.description.trim() || null };
      if (!trade) return api.post('/api/v1/exams/trades', { body });
      const params = { path: { trade_id: trade.id } };
      return api.put('/api/v1/exams/trades/{trade_id}', { params, body: { ...body, is_active } });
    },
    { changes: ['/api/v1/exams/trades'], said: t('saved') },
  );
}
