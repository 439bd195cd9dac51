import { useEffect } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { announce } from '../../ui/announce';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { IconOnline } from '../../ui/icons';
import { useDuration } from '../../ui/Time';
import styles from './Freshness.module.css';
import type { Staleness } from './staleness';
import { type LiveBoard, useStaleness } from './useBoard';

/** Says at once, and unmissably, that what is shown may be old: by how much and why. */
export function StaleBanner({ board }: { board: LiveBoard }) {
  const t = useTranslations('board.fresh');
  const staleness = useStaleness(board);
  const { word } = staleness;
  const isStale = word !== 'live' && word !== 'loading';
  useEffect(() => {
    if (isStale) announce(t(`${word}.title`), 'assertive');
  }, [isStale, word, t]);

  if (!isStale) return null;
  const isGone = word === 'lost' || word === 'closed';
  return (
    <Banner
      actions={
        isGone && (
          <Button onPress={() => board.socket?.retry()} size="dense">
            {t('retry')}
          </Button>
        )
      }
      title={<Title staleness={staleness} />}
      tone={word === 'starting_over' ? 'warning' : 'bad'}
    >
      <p>
        {t(`${word}.title`)} {board.connection?.reason?.text}
      </p>
    </Banner>
  );
}

function Title({ staleness }: { staleness: Staleness }) {
  const t = useTranslations('board.fresh');
  const length = useDuration();
  if (staleness.asOf === null) return t('nothing');
  return t('behind', { length: length(staleness.behindSeconds) });
}

/** The exam, and as of when it is shown. */
export function LiveLine({ board, title }: { board: LiveBoard; title: string | undefined }) {
  const t = useTranslations('board.fresh');
  const format = useFormatter();
  const { word, asOf } = useStaleness(board);
  return (
    <span className={styles.line}>
      <bdi className={styles.exam}>{title}</bdi>
      {word === 'live' && (
        <span className={styles.live}>
          <IconOnline /> {t('live.title')}
        </span>
      )}
      {word === 'loading' && <span>{t('loading.title')}</span>}
      {asOf !== null && (
        <span>{t('as_of', { at: format.dateTime(new Date(asOf), { timeStyle: 'medium' }) })}</span>
      )}
    </span>
  );
}
