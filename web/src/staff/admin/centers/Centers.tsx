import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/EmptyState';
import { IconAdd, IconHome } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import type { Column } from '../../../ui/Table';
import { Listed } from '../Listed';
import { asked } from '../lists';
import { ActiveBadge } from '../people/People';
import { useFilters, useListed } from '../useListed';
import { NewCenter } from './NewCenter';

type Center = Schemas['CenterShape'];

/** Where exams are sat. */
export function Centers() {
  const t = useTranslations('admin');
  const [isAdding, setAdding] = useState(false);
  const { skip, setSkip } = useFilters();
  const query = useListed('/api/v1/auth/centers', { params: { query: asked(skip) } });
  const columns: Column<Center>[] = [
    { key: 'code', header: t('center.code'), cell: (center) => center.code },
    { key: 'name', header: t('center.name'), isRowHeader: true, cell: (center) => center.name },
    {
      key: 'place',
      header: t('center.place'),
      cell: ({ city, district, state }) =>
        [city, district, state].filter(Boolean).join(', ') || '–',
    },
    {
      key: 'people',
      header: t('areas.people'),
      cell: (center) => <Link to={`/people?center=${center.id}`}>{t('center.people')}</Link>,
    },
    {
      key: 'active',
      header: t('person.state'),
      cell: (center) => <ActiveBadge isActive={center.is_active} />,
    },
  ];
  return (
    <>
      <PageTitle
        actions={
          <Button look="primary" onPress={() => setAdding(true)}>
            <IconAdd />
            {t('center.add')}
          </Button>
        }
        below={t('center.below')}
        title={t('areas.centers')}
      />
      <Listed
        caption={t('areas.centers')}
        columns={columns}
        empty={<EmptyState icon={IconHome} title={t('center.none')} />}
        keyOf={(center) => center.id}
        onSkip={setSkip}
        query={query}
        skip={skip}
      />
      {isAdding && <NewCenter onClose={() => setAdding(false)} />}
    </>
  );
}
