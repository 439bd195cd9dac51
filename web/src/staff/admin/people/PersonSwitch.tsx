import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { Confirm } from '../../../ui/Confirm';
import { Panel } from '../../../ui/Panel';
import { useDeed } from '../useDeed';

/** Lets somebody in or keeps him out. */
export function PersonSwitch({ user }: { user: Schemas['User'] }) {
  const t = useTranslations('admin');
  const [isAsking, setAsking] = useState(false);
  const isActive = user.is_active;
  const change = useDeed(
    (api, is_active: boolean) =>
      api.patch('/api/v1/auth/users/{user_id}', {
        params: { path: { user_id: user.id } },
        body: { is_active } as Schemas['PersonChange'],
      }),
    {
      changes: ['/api/v1/auth/users', '/api/v1/auth/users/{user_id}'],
      said: t(isActive ? 'person.isOut' : 'person.isIn', { name: user.full_name }),
    },
  );
  return (
    <Panel title={t('person.access')}>
      <p>{t(isActive ? 'person.mayEnter' : 'person.mayNotEnter', { name: user.full_name })}</p>
      <div>
        <Button look={isActive ? 'danger' : 'normal'} onPress={() => setAsking(true)}>
          {t(isActive ? 'person.deactivate' : 'person.activate')}
        </Button>
      </div>
      <Confirm
        confirmLabel={t(isActive ? 'person.deactivate' : 'person.activate')}
        consequence={t(isActive ? 'person.deactivateConsequence' : 'person.activateConsequence')}
        isDanger={isActive}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => change.mutateAsync(!isActive)}
        title={t(isActive ? 'person.deactivateTitle' : 'person.activateTitle', {
          name: user.full_name,
        })}
      />
    </Panel>
  );
}
