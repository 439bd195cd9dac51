import { type KeyboardEvent, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { IconCheck, IconFlag } from '../../ui/icons';
import styles from './Navigator.module.css';
import { type Place, stepped } from './progress';
import { usePlaces } from './usePlaces';

export interface NavigatorProps {
  ids: readonly number[];
  currentId: number;
  onShow: (id: number) => void;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** All questions at a glance. One stop of the Tab key; the arrow keys go from place to place. */
export function Navigator({ ids, currentId, onShow }: NavigatorProps) {
  const t = useTranslations('student.room');
  const places = usePlaces(ids, currentId);
  const list = useRef<HTMLOListElement>(null);
  const answered = places.filter((place) => place.isAnswered).length;

  function moved(event: KeyboardEvent, id: number) {
    const steps = STEPS[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    const isMirrored = document.documentElement.dir === 'rtl' && /Left|Right/.test(event.key);
    const next = ids.indexOf(stepped(ids, id, isMirrored ? -steps : steps));
    list.current?.querySelectorAll('button')[next]?.focus();
  }

  return (
    <nav aria-label={t('navigator')} className={styles.side}>
      <p className={styles.done}>{t('done', { answered, total: ids.length })}</p>
      <progress
        className={styles.bar}
        aria-label={t('done', { answered, total: ids.length })}
        max={ids.length}
        value={answered}
      />
      <ol className={styles.places} ref={list}>
        {places.map((place) => (
          <li key={place.id}>
            <PlaceButton
              onKeyDown={(event) => moved(event, place.id)}
              onShow={() => onShow(place.id)}
              place={place}
            />
          </li>
        ))}
      </ol>
      <Legend />
    </nav>
  );
}

function PlaceButton(props: {
  place: Place;
  onShow: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const t = useTranslations('student.room');
  const { number, isCurrent, isAnswered, isFlagged, isUnsaved } = props.place;
  const state = [
    t(isAnswered ? 'placeState.answered' : 'placeState.open'),
    isFlagged && t('placeFlagged'),
    isUnsaved && t('placeUnsaved'),
  ];
  return (
    <button
      aria-current={isCurrent ? 'step' : undefined}
      aria-label={t('place', { number, state: state.filter(Boolean).join(', ') })}
      className={`${styles.place} ${isAnswered ? styles.answered : ''}`}
      data-flagged={isFlagged || undefined}
      data-unsaved={isUnsaved || undefined}
      onClick={props.onShow}
      onKeyDown={props.onKeyDown}
      tabIndex={isCurrent ? 0 : -1}
      type="button"
    >
      {number}
      {isAnswered && (
        <span className={styles.check}>
          <IconCheck />
        </span>
      )}
      {isFlagged && (
        <span className={styles.flag}>
          <IconFlag />
        </span>
      )}
    </button>
  );
}

function Legend() {
  const t = useTranslations('student.room');
  return (
    <ul className={styles.legend}>
      <li>
        <span className={`${styles.sample} ${styles.answered}`}>
          <IconCheck />
        </span>
        {t('legendAnswered')}
      </li>
      <li>
        <span className={styles.sample} />
        {t('legendOpen')}
      </li>
      <li>
        <span className={`${styles.sample} ${styles.flagSample}`}>
          <IconFlag />
        </span>
        {t('legendFlagged')}
      </li>
    </ul>
  );
}
