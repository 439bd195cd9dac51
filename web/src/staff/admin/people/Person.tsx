import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useGet } from '../../../api';
import { PageTitle } from '../../../ui/Page';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import { Form } from '../Form';
import { useDeed } from '../useDeed';
import { changeOf, draftOf, flawsOf, type PersonChange } from './draft';
import { BackToPeople } from './NewPerson';
import { ActiveBadge } from './People';
import { PersonData } from './PersonData';
import { PERSON_FIELDS, PersonFields } from './PersonFields';
import { PersonSwitch } from './PersonSwitch';

/** One person: what is known, whether he may come in, what can be done with his data. */
export function Person({ personId }: { personId: number }) {
  const { data, error, refetch } = useGet('/api/v1/auth/users/{user_id}', {
    params: { path: { user_id: personId } },
  });
  if (error && !data) return <ProblemBox onRetry={() => refetch()} problem={error} />;
  if (!data) return <Loading />;
  return <Known key={JSON.stringify(data)} user={data} />;
}

function Known({ user }: { user: Schemas['User'] }) {
  const t = useTranslations('admin');
  return (
    <>
      <PageTitle
        above={<BackToPeople />}
        actions={<ActiveBadge isActive={user.is_active} />}
        below={user.hall_ticket_number ?? user.username}
        title={user.full_name}
      />
      <Panel title={t('person.known')}>
        <PersonForm user={user} />
      </Panel>
      <PersonSwitch user={user} />
      <PersonData user={user} />
    </>
  );
}

function PersonForm({ user }: { user: Schemas['User'] }) {
  const t = useTranslations('admin');
  const before = draftOf(user);
  const [draft, setDraft] = useState(before);
  const change = useDeed(
    (api, body: PersonChange) =>
      api.patch('/api/v1/auth/users/{user_id}', { params: { path: { user_id: user.id } }, body }),
    { changes: ['/api/v1/auth/users', '/api/v1/auth/users/{user_id}'], said: t('saved') },
  );
  const changed = changeOf(before, draft);
  const isSame = Object.keys(changed).length === 0;
  const hasFlaw = Object.keys(flawsOf(draft)).length > 0;
  return (
    <Form
      fields={PERSON_FIELDS}
      isDisabled={isSame || hasFlaw}
      isPending={change.isPending}
      onSubmit={() => change.mutate(changed)}
      problem={change.error}
      submitLabel={t('saveChanges')}
    >
      <PersonFields draft={draft} isKnown isStrict onChange={setDraft} problem={change.error} />
    </Form>
  );
}
