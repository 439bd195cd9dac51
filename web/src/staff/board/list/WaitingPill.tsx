import { useEffect } from 'react';
import { useTranslations } from 'use-intl';
import { announce } from '../../../ui/announce';
import { Button } from '../../../ui/Button';
import { IconWarning } from '../../../ui/icons';
import type { Waiting } from '../model/listing';
import styles from './Grid.module.css';

/** Says, while the list is held, how much would move, and lets it. */
export function WaitingPill({ waiting, onShow }: { waiting: Waiting; onShow: () => void }) {
  const t = useTranslations('board.waiting');
  const { moves, urgent } = waiting;
  useEffect(() => {
    if (urgent > 0) announce(t('urgent', { count: urgent }));
  }, [urgent, t]);
  if (moves === 0) return null;
  return (
    <div className={`${styles.pill} ${urgent > 0 ? styles.urgent : ''}`}>
      {urgent > 0 && <IconWarning />}
      <span>{t('moves', { count: moves })}</span>
      {urgent > 0 && <strong>{t('urgent', { count: urgent })}</strong>}
      <Button onPress={onShow} size="dense">
        {t('show')}
      </Button>
    </div>
  );
}
