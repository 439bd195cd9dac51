import { useMemo, useRef, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { IconButton } from '../../../ui/IconButton';
import { IconAdd, IconBack, IconForward, IconFull } from '../../../ui/icons';
import { Select } from '../../../ui/Select';
import { useEventName } from '../eventNames';
import { IconLess } from './icons';
import { type Grouping, lanesOf, type Moment, marksOf } from './marks';
import { COLUMN, type Milestone, Picture } from './Picture';
import { focusOf, isWhole, type Scale } from './scale';
import styles from './Timeline.module.css';
import { MOVES, useGestures } from './useGestures';
import { useWidth } from './useWidth';
import type { Wait } from './waits';

export interface TimelineProps {
  moments: readonly Moment[];
  waits: readonly Wait[];
  milestones: readonly Milestone[];
  scale: Scale;
  onScale: (next: (scale: Scale) => Scale) => void;
  chosen: ReadonlySet<number>;
  onChoose: (moments: Moment[]) => void;
}

/** When what happened, in lanes; zoomed and moved by buttons, keys, dragging or Ctrl and the wheel. */
export function Timeline(props: TimelineProps) {
  const { moments, waits, milestones, scale, onScale, chosen, onChoose } = props;
  const t = useTranslations('attempt.timeline');
  const [grouping, setGrouping] = useState<Grouping>('severity');
  const picture = useRef<HTMLFieldSetElement>(null);
  const width = useWidth(picture);
  const instants = useMemo(() => moments.map((each) => each.at), [moments]);
  const focusOn = (shown: Scale) => focusOf(shown, instants);
  const gestures = useGestures(picture, onScale, focusOn);
  const lanes = useMemo(() => lanesOf(moments, grouping), [moments, grouping]);
  const columns = Math.max(1, Math.floor(width / COLUMN));
  const marks = useMemo(
    () => marksOf(lanes, scale, columns, chosen),
    [lanes, scale, columns, chosen],
  );
  return (
    <div className={styles.timeline}>
      <div className={styles.tools}>
        <Select
          label={t('lanes')}
          onChange={setGrouping}
          options={[
            { value: 'severity', label: t('by_severity') },
            { value: 'type', label: t('by_type') },
          ]}
          size="dense"
          value={grouping}
        />
        <Span scale={scale} />
        <ZoomButtons focusOn={focusOn} onScale={onScale} scale={scale} />
      </div>
      <div className={styles.drawing}>
        <LaneNames grouping={grouping} names={lanes.map((lane) => lane.name)} />
        <fieldset
          aria-label={t('keys')}
          className={styles.picture}
          ref={picture}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: keys zoom and move the picture
          tabIndex={0}
          {...gestures}
        >
          {width > 0 && (
            <Picture
              lanes={lanes}
              marks={marks}
              milestones={milestones}
              onChoose={onChoose}
              scale={scale}
              waits={waits}
              width={width}
            />
          )}
        </fieldset>
      </div>
      <p className={styles.note}>{t('note')}</p>
    </div>
  );
}

function Span({ scale }: { scale: Scale }) {
  const t = useTranslations('attempt.timeline');
  const format = useFormatter();
  const look = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false } as const;
  const [from, to] = [scale.from, scale.to].map((at) => format.dateTime(at, look));
  return (
    <p className={styles.span} role="status">
      {t('span', { from: from ?? '', to: to ?? '' })}
    </p>
  );
}

function ZoomButtons({
  scale,
  onScale,
  focusOn,
}: Pick<TimelineProps, 'scale' | 'onScale'> & {
  focusOn: (scale: Scale) => number | undefined;
}) {
  const t = useTranslations('attempt.timeline');
  const isAll = isWhole(scale);
  return (
    <div className={styles.buttons}>
      <IconButton
        icon={IconAdd}
        label={t('closer')}
        onPress={() => onScale((shown) => MOVES.in(shown, focusOn(shown)))}
        size="dense"
      />
      <IconButton
        icon={IconLess}
        isDisabled={isAll}
        label={t('farther')}
        onPress={() => onScale(MOVES.out)}
        size="dense"
      />
      <IconButton
        icon={IconBack}
        isDisabled={isAll}
        label={t('earlier')}
        onPress={() => onScale(MOVES.earlier)}
        size="dense"
      />
      <IconButton
        icon={IconForward}
        isDisabled={isAll}
        label={t('later')}
        onPress={() => onScale(MOVES.later)}
        size="dense"
      />
      <IconButton
        icon={IconFull}
        isDisabled={isAll}
        label={t('all')}
        onPress={() => onScale(MOVES.all)}
        size="dense"
      />
    </div>
  );
}

function LaneNames({ names, grouping }: { names: string[]; grouping: Grouping }) {
  const t = useTranslations('attempt.timeline');
  const ui = useTranslations('ui');
  const name = useEventName();
  return (
    <ul aria-hidden="true" className={styles.names}>
      {names.map((each) => (
        <li key={each}>{grouping === 'type' ? name(each) : ui(`severity.${each as 'info'}`)}</li>
      ))}
      <li>{t('line')}</li>
    </ul>
  );
}
