import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { Confirm } from '../../../ui/Confirm';
import { IconDownload, IconTrash } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { TextField } from '../../../ui/TextField';
import { downloadJson } from '../download';
import { useDeed } from '../useDeed';
import { erasePerson, exportPerson } from './data';

/** What the law lets a person ask for: all that is held about him, and that it is forgotten. */
export function PersonData({ user }: { user: Schemas['User'] }) {
  const t = useTranslations('admin');
  const [isAsking, setAsking] = useState(false);
  const fetched = useDeed((api, _: undefined) => exportPerson(api, user.id, new Date()), {
    changes: [],
    said: t('person.exported'),
  });
  const isOnlyStudent = user.roles.every((role) => role.name === 'student');
  return (
    <Panel title={t('person.data')}>
      <p>{t('person.dataBelow')}</p>
      {fetched.error && <ProblemBox problem={fetched.error} />}
      <div className="beside">
        <Button
          isPending={fetched.isPending}
          onPress={() =>
            fetched.mutate(undefined, {
              onSuccess: (document) => downloadJson(`person-${user.id}.json`, document),
            })
          }
        >
          <IconDownload />
          {t('person.export')}
        </Button>
        <Button isDisabled={!isOnlyStudent} look="danger" onPress={() => setAsking(true)}>
          <IconTrash />
          {t('person.erase')}
        </Button>
      </div>
      {!isOnlyStudent && <p>{t('person.eraseOnlyStudents')}</p>}
      <Erasure isOpen={isAsking} onClose={() => setAsking(false)} user={user} />
    </Panel>
  );
}

function Erasure({
  user,
  isOpen,
  onClose,
}: {
  user: Schemas['User'];
  isOpen: boolean;
  onClose: () => void;
}) {
  const t = useTranslations('admin');
  const [reason, setReason] = useState('');
  const erase = useDeed((api, why: string) => erasePerson(api, user.id, why), {
    changes: ['/api/v1/auth/users', '/api/v1/auth/users/{user_id}'],
    said: t('person.erased'),
  });
  return (
    <Confirm
      confirmLabel={t('person.erase')}
      consequence={
        <div className="below">
          <p>{t('person.eraseConsequence')}</p>
          <p>{t('person.eraseKeeps')}</p>
          <TextField
            hint={t('person.reasonHint')}
            isRequired
            label={t('person.reason')}
            onChange={setReason}
            value={reason}
          />
        </div>
      }
      isConfirmDisabled={reason.trim().length < 3}
      isDanger
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={() => erase.mutateAsync(reason.trim())}
      title={t('person.eraseTitle', { name: user.full_name })}
    />
  );
}
