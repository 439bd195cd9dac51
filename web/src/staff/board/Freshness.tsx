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

/** How old what is shown may be: one quiet line while it is live, a banner while it is not. */
export function Freshness({ board }: { board: LiveBoard }) {
  const t = useTranslations('board.fresh');
  const staleness = useStaleness(board);
  const { word } = staleness;
  useEffect(() => {
    if (word === 'live' || word === 'loading') return;
    announce(t(`${word}.title`), 'assertive');
  }, [word, t]);

  if (word === 'live' || word === 'loading') return <Line staleness={staleness} />;
  return (
    <div data-testid="stale">
      <Banner
        actions={
          (word === 'lost' || word === 'closed') && (
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
    </div>
  );
}

function Title({ staleness }: { staleness: Staleness }) {
  const t = useTranslations('board.fresh');
  const length = useDuration();
  if (staleness.asOf === null) return t('nothing');
  return t('behind', { length: length(staleness.behindSeconds) });
}

function Line({ staleness }: { staleness: Staleness }) {
  const t = useTranslations('board.fresh');
  const format = useFormatter();
  if (staleness.asOf === null) return <p className={styles.line}>{t('loading.title')}</p>;
  const at = format.dateTime(new Date(staleness.asOf), { timeStyle: 'medium' });
  return (
    <p className={styles.line}>
      <span className={styles.live}>
        <IconOnline /> {t('live.title')}
      </span>
      <span>{t('as_of', { at })}</span>
    </p>
  );
}
