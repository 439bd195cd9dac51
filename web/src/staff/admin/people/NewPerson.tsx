import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { IconBack } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { Panel } from '../../../ui/Panel';
import { Form } from '../Form';
import { useDeed } from '../useDeed';
import { EMPTY, flawsOf, newPerson, type PersonDraft } from './draft';
import { PERSON_FIELDS, PersonFields } from './PersonFields';

/** Adds a person. */
export function NewPerson() {
  const t = useTranslations('admin');
  const [, go] = useLocation();
  const [draft, setDraft] = useState<PersonDraft>(EMPTY);
  const [isStrict, setStrict] = useState(false);
  const add = useDeed(
    (api, given: PersonDraft) => api.post('/api/v1/auth/users', { body: newPerson(given) }),
    {
      changes: ['/api/v1/auth/users'],
      said: (user) => t('people.added', { name: user.full_name }),
    },
  );
  const submit = () => {
    setStrict(true);
    if (Object.keys(flawsOf(draft)).length > 0) return;
    add.mutate(draft, { onSuccess: (user) => go(`/people/${user.id}`) });
  };
  return (
    <>
      <PageTitle above={<BackToPeople />} title={t('people.add')} />
      <Panel>
        <Form
          fields={PERSON_FIELDS}
          isPending={add.isPending}
          onCancel={() => go('/people')}
          onSubmit={submit}
          problem={add.error}
          submitLabel={t('people.add')}
        >
          <PersonFields
            draft={draft}
            isKnown={false}
            isStrict={isStrict}
            onChange={setDraft}
            problem={add.error}
          />
        </Form>
      </Panel>
    </>
  );
}

/** The way back to the list. */
export function BackToPeople() {
  const t = useTranslations('admin');
  return (
    <Link look="text" to="/people">
      <IconBack />
      {t('areas.people')}
    </Link>
  );
}
