import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLogin } from '../../../api';
import { Button } from '../../../ui/Button';
import { Confirm } from '../../../ui/Confirm';
import { EmptyState } from '../../../ui/EmptyState';
import { IconButton } from '../../../ui/IconButton';
import { IconAdd, IconEdit, IconTrash } from '../../../ui/icons';
import { PageTitle } from '../../../ui/Page';
import type { Column } from '../../../ui/Table';
import { Listed } from '../Listed';
import { asked } from '../lists';
import { ActiveBadge } from '../people/People';
import { useDeed } from '../useDeed';
import { useFilters, useListed } from '../useListed';
import { TradeDialog } from './TradeDialog';

type Trade = Schemas['TradeBody'];
type Open = { deed: 'edit'; trade?: Trade } | { deed: 'delete'; trade: Trade } | undefined;

/** The trades that exams and question banks belong to. */
export function Trades() {
  const t = useTranslations('admin');
  const [open, setOpen] = useState<Open>();
  const { skip, setSkip } = useFilters();
  const query = useListed('/api/v1/exams/trades', {
    params: { query: { ...asked(skip), active_only: false } },
  });
  const columns = useColumns(setOpen);
  const close = () => setOpen(undefined);
  return (
    <>
      <PageTitle
        actions={
          <Button look="primary" onPress={() => setOpen({ deed: 'edit' })}>
            <IconAdd />
            {t('trade.add')}
          </Button>
        }
        below={t('trade.below')}
        title={t('areas.trades')}
      />
      <Listed
        caption={t('areas.trades')}
        columns={columns}
        empty={<EmptyState title={t('trade.none')} />}
        keyOf={(trade) => trade.id}
        onSkip={setSkip}
        query={query}
        skip={skip}
      />
      {open?.deed === 'edit' && <TradeDialog onClose={close} trade={open.trade} />}
      {open?.deed === 'delete' && <Deletion onClose={close} trade={open.trade} />}
    </>
  );
}

function useColumns(open: (what: Open) => void): readonly Column<Trade>[] {
  const t = useTranslations('admin');
  const { keeper } = useLogin();
  return [
    { key: 'code', header: t('trade.code'), cell: (trade) => trade.code },
    { key: 'name', header: t('trade.name'), isRowHeader: true, cell: (trade) => trade.name },
    { key: 'about', header: t('trade.description'), cell: (trade) => trade.description ?? '–' },
    {
      key: 'active',
      header: t('person.state'),
      cell: (trade) => <ActiveBadge isActive={trade.is_active} />,
    },
    {
      key: 'deeds',
      header: t('deeds'),
      isHeaderHidden: true,
      align: 'end',
      cell: (trade) => (
        <>
          <IconButton
            icon={IconEdit}
            label={t('trade.edit', { name: trade.name })}
            onPress={() => open({ deed: 'edit', trade })}
            size="dense"
          />
          {keeper.hasRole('admin') && (
            <IconButton
              icon={IconTrash}
              label={t('trade.delete', { name: trade.name })}
              onPress={() => open({ deed: 'delete', trade })}
              size="dense"
            />
          )}
        </>
      ),
    },
  ];
}

function Deletion({ trade, onClose }: { trade: Trade; onClose: () => void }) {
  const t = useTranslations('admin');
  const remove = useDeed(
    (api, trade_id: number) =>
      api.delete('/api/v1/exams/trades/{trade_id}', { params: { path: { trade_id } } }),
    { changes: ['/api/v1/exams/trades'], said: t('trade.deleted', { name: trade.name }) },
  );
  return (
    <Confirm
      confirmLabel={t('delete')}
      consequence={t('trade.deleteConsequence')}
      isDanger
      isOpen
      onClose={onClose}
      onConfirm={() => remove.mutateAsync(trade.id)}
      title={t('trade.deleteTitle', { name: trade.name })}
    />
  );
}
