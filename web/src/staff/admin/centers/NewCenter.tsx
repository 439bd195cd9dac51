import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '../../../ui/Dialog';
import { errorOf } from '../../../ui/problems';
import { TextField } from '../../../ui/TextField';
import { Form, Row } from '../Form';
import { given } from '../lists';
import { useDeed } from '../useDeed';

const FIELDS = ['name', 'code', 'address', 'city', 'district', 'state', 'pincode'] as const;
type Field = (typeof FIELDS)[number];
type Draft = Record<Field, string>;
const EMPTY = Object.fromEntries(FIELDS.map((name) => [name, ''])) as Draft;

/** Adds a center. */
export function NewCenter({ onClose }: { onClose: () => void }) {
  const t = useTranslations('admin');
  const [draft, setDraft] = useState(EMPTY);
  const add = useDeed(
    (api, typed: Draft) =>
      api.post('/api/v1/auth/centers', { body: given(typed) as Schemas['CenterIn'] }),
    {
      changes: ['/api/v1/auth/centers'],
      said: (center) => t('center.added', { name: center.name }),
    },
  );
  const field = (name: Field) => (
    <TextField
      error={errorOf(add.error, name)}
      isOptional={name !== 'name' && name !== 'code'}
      key={name}
      label={t(`center.${name}`)}
      onChange={(value) => setDraft({ ...draft, [name]: value })}
      value={draft[name]}
    />
  );
  return (
    <Dialog isOpen onClose={onClose} title={t('center.add')}>
      <Form
        fields={FIELDS}
        isDisabled={!draft.name.trim() || !draft.code.trim()}
        isPending={add.isPending}
        onCancel={onClose}
        onSubmit={() => add.mutate(draft, { onSuccess: onClose })}
        problem={add.error}
        submitLabel={t('center.add')}
      >
        {field('name')}
        {field('code')}
        {field('address')}
        <Row>{(['city', 'district', 'state', 'pincode'] as const).map(field)}</Row>
      </Form>
    </Dialog>
  );
}
