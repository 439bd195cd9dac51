import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { Badge } from '../../../ui/Badge';
import { EmptyState } from '../../../ui/EmptyState';
import { IconAdd, IconCheck, IconClose, IconUpload, IconUser } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { PersonName } from '../../../ui/PersonName';
import { Select } from '../../../ui/Select';
import type { Column } from '../../../ui/Table';
import { RelativeTime } from '../../../ui/Time';
import { Filters } from '../Filters';
import { Listed } from '../Listed';
import { asked, given } from '../lists';
import { SearchBox } from '../SearchBox';
import { useCenterChoices } from '../useChoices';
import { useFilters, useListed } from '../useListed';
import { ROLES, type RoleName } from './draft';

type User = Schemas['User'];

/** Who is known to the platform: searched and cut by the service. */
export function People() {
  const t = useTranslations('admin');
  const { values, set, skip, setSkip } = useFilters('q', 'role', 'center');
  const query = useListed('/api/v1/auth/users', {
    params: {
      query: {
        ...asked(skip),
        ...given({
          q: values.q,
          role: values.role as RoleName | '',
          center_id: Number(values.center) || undefined,
        }),
      },
    },
  });
  const columns = useColumns();
  return (
    <>
      <PageTitle actions={<Actions />} below={t('people.below')} title={t('areas.people')} />
      <PeopleFilters set={set} values={values} />
      <Listed
        caption={t('areas.people')}
        columns={columns}
        empty={<EmptyState icon={IconUser} title={t('people.none')} />}
        keyOf={(user) => user.id}
        onSkip={setSkip}
        query={query}
        skip={skip}
      />
    </>
  );
}

function Actions() {
  const t = useTranslations('admin');
  return (
    <>
      <Link look="normal" to="/people/import">
        <IconUpload />
        {t('people.import')}
      </Link>
      <Link look="primary" to="/people/new">
        <IconAdd />
        {t('people.add')}
      </Link>
    </>
  );
}

function PeopleFilters({
  values,
  set,
}: {
  values: Record<'q' | 'role' | 'center', string>;
  set: (name: 'q' | 'role' | 'center', value: string) => void;
}) {
  const t = useTranslations('admin');
  const centers = useCenterChoices(t('people.anyCenter'));
  const roles = ROLES.map((role) => ({ value: role as string, label: t(`roles.${role}`) }));
  return (
    <Filters>
      <SearchBox label={t('people.search')} onSearch={(text) => set('q', text)} value={values.q} />
      <Select
        label={t('person.roles')}
        onChange={(role) => set('role', role)}
        options={[{ value: '', label: t('people.anyRole') }, ...roles]}
        value={values.role}
      />
      <Select
        label={t('person.center_id')}
        onChange={(center) => set('center', center)}
        options={centers}
        value={values.center}
      />
    </Filters>
  );
}

function useColumns(): readonly Column<User>[] {
  const t = useTranslations('admin');
  return [
    {
      key: 'name',
      header: t('person.full_name'),
      isRowHeader: true,
      cell: (user) => (
        <Link to={`/people/${user.id}`}>
          <PersonName detail={user.hall_ticket_number ?? user.username} name={user.full_name} />
        </Link>
      ),
    },
    {
      key: 'roles',
      header: t('person.roles'),
      cell: (user) => user.roles.map((role) => t(`roles.${role.name as RoleName}`)).join(', '),
    },
    { key: 'center', header: t('person.center_id'), cell: (user) => user.center?.name ?? '–' },
    {
      key: 'login',
      header: t('people.lastLogin'),
      cell: (user) =>
        user.last_login ? <RelativeTime at={user.last_login} /> : t('people.neverLogin'),
    },
    {
      key: 'active',
      header: t('person.state'),
      cell: (user) => <ActiveBadge isActive={user.is_active} />,
    },
  ];
}

/** Whether somebody may sign in. */
export function ActiveBadge({ isActive }: { isActive: boolean }) {
  const t = useTranslations('admin');
  return (
    <Badge icon={isActive ? IconCheck : IconClose} tone={isActive ? 'good' : 'plain'}>
      {t(isActive ? 'active' : 'inactive')}
    </Badge>
  );
}
