import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { useTranslations } from 'use-intl';
import { useFileAddress } from '../../../api';
import { Spinner } from '../../../ui/Spinner';
import { Instant } from '../../../ui/Time';
import { type Snapshot, usePicture } from './gallery';
import styles from './Snapshots.module.css';
import { useAlt } from './useAlt';

/** One picture of the gallery, fetched when it comes into sight. */
export function Thumbnail({ of, onOpen }: { of: Snapshot; onOpen: () => void }) {
  const t = useTranslations('attempt.snapshots');
  const alt = useAlt();
  const place = useRef<HTMLLIElement>(null);
  const picture = usePicture(of, useSeen(place));
  const address = useFileAddress(picture.data);
  return (
    <li className={styles.item} ref={place}>
      {of.sha256 === null ? (
        <p className={styles.frame}>{t('erased')}</p>
      ) : (
        <Button
          aria-label={t('open', { what: alt(of) })}
          className={`${styles.frame}`}
          onPress={onOpen}
        >
          {address && <img alt={alt(of)} src={address} />}
          {picture.isPending && <Spinner />}
          {picture.error && <span>{picture.error.message}</span>}
        </Button>
      )}
      <p className={styles.said}>
        <Instant at={of.taken_at} look="time" /> {t(of.source)}
        {of.late && <span className={styles.late}>{t('late')}</span>}
      </p>
      {of.sha256 !== null && <code className={styles.hash}>{of.sha256.slice(0, 12)}</code>}
    </li>
  );
}

/** True from the moment when the element has come near the window. */
function useSeen(place: React.RefObject<HTMLElement | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const watcher = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        setSeen(true);
        watcher.disconnect();
      },
      { rootMargin: '200px' },
    );
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, [place]);
  return isSeen;
}
