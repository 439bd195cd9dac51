import { useId } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useEventName } from '../eventNames';
import { GAP, type Label, labelled } from './labels';
import type { Lane, Mark, Moment, Severity } from './marks';
import { placeOf, type Scale, ticks } from './scale';
import styles from './Timeline.module.css';
import type { Wait } from './waits';

export const LANE = 30;
const AXIS = 24;
const TICK_WIDTH = 90;
/** The height of a milestone's name. */
const NAME = 13;
/** How much of its lane a mark fills: the shape says how grave it is, the colour repeats it. */
const HEIGHTS: Record<Severity, number> = { violation: 24, warning: 15, info: 8 };
export const COLUMN = 4;

/** An instant with a name: begun, submitted, deadline. */
export interface Milestone {
  name: string;
  at: number;
}

export interface PictureProps {
  width: number;
  scale: Scale;
  lanes: readonly Lane[];
  marks: readonly Mark[];
  waits: readonly Wait[];
  milestones: readonly Milestone[];
  onChoose: (moments: Moment[]) => void;
}

/** The drawing; everything on it stands in the table below too. */
export function Picture(props: PictureProps) {
  const { width, scale, lanes, marks, waits, milestones } = props;
  const hatch = useId();
  const bottom = (lanes.length + 1) * LANE;
  const x = (at: number) => placeOf(scale, at) * width;
  return (
    <svg
      aria-hidden="true"
      className={styles.svg}
      height={bottom + AXIS}
      preserveAspectRatio="none"
      viewBox={`0 0 ${width} ${bottom + AXIS}`}
      width={width}
    >
      <defs>
        <pattern height="6" id={hatch} patternUnits="userSpaceOnUse" width="6">
          <path className={styles.hatch} d="M-1 1 1-1M0 6 6 0M5 7 7 5" />
        </pattern>
      </defs>
      {[...lanes, undefined].map((lane, place) => (
        <line
          className={styles.rule}
          key={lane?.name ?? 'line'}
          x1={0}
          x2={width}
          y1={(place + 1) * LANE - 0.5}
          y2={(place + 1) * LANE - 0.5}
        />
      ))}
      <Axis bottom={bottom} scale={scale} width={width} />
      {waits.map((wait) => (
        <WaitBand fill={`url(#${hatch})`} key={wait.from} wait={wait} x={x} y={bottom - LANE} />
      ))}
      {labelled(
        milestones.map(({ name, at }) => ({ name, x: x(at) })),
        width,
      ).map((label) => (
        <MilestoneLine bottom={bottom} key={label.name} {...label} />
      ))}
      {marks.map((mark) => (
        <MarkBar key={`${mark.lane} ${mark.column}`} mark={mark} {...props} />
      ))}
    </svg>
  );
}

function Axis({ scale, width, bottom }: { scale: Scale; width: number; bottom: number }) {
  const format = useFormatter();
  const isClose = scale.to - scale.from < 20 * 60_000;
  return ticks(scale, Math.max(2, width / TICK_WIDTH)).map((at) => {
    const x = placeOf(scale, at) * width;
    return (
      <g key={at}>
        <line className={styles.tick} x1={x} x2={x} y1={0} y2={bottom + 4} />
        <text className={styles.time} textAnchor="middle" x={x} y={bottom + 18}>
          {format.dateTime(at, {
            hour: '2-digit',
            minute: '2-digit',
            hour12: false,
            ...(isClose ? { second: '2-digit' } : {}),
          })}
        </text>
      </g>
    );
  });
}

function WaitBand(props: { wait: Wait; x: (at: number) => number; y: number; fill: string }) {
  const t = useTranslations('attempt.timeline');
  const { wait, x, y, fill } = props;
  const from = x(wait.from);
  return (
    <rect
      className={styles.wait}
      fill={fill}
      height={LANE - 8}
      rx={3}
      width={Math.max(x(wait.to) - from, 3)}
      x={from}
      y={y + 4}
    >
      <title>{t('waited', { count: wait.count })}</title>
    </rect>
  );
}

function MilestoneLine({ name, x, isLeft, row, bottom }: Label & { bottom: number }) {
  return (
    <g>
      <line className={styles.milestone} x1={x} x2={x} y1={0} y2={bottom} />
      <text
        className={styles.milestoneName}
        textAnchor={isLeft ? 'end' : 'start'}
        x={x + (isLeft ? -GAP : GAP)}
        y={11 + row * NAME}
      >
        {name}
      </text>
    </g>
  );
}

function MarkBar({ mark, width, lanes, onChoose }: PictureProps & { mark: Mark }) {
  const t = useTranslations('attempt.timeline');
  const name = useEventName();
  const height = HEIGHTS[mark.severity];
  const columns = Math.floor(width / COLUMN);
  const moments = () =>
    (lanes[mark.lane]?.moments ?? []).filter(
      (each) => each.sequence >= mark.first.sequence && each.sequence <= mark.last.sequence,
    );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a short cut for the pointer; keys choose in the table
    <rect
      className={`${styles.mark} ${styles[mark.severity]} ${mark.isChosen ? styles.chosen : ''}`}
      height={height}
      onClick={() => onChoose(moments())}
      rx={1}
      width={mark.count > 1 ? COLUMN : COLUMN - 1}
      x={(mark.column * width) / columns}
      y={mark.lane * LANE + (LANE - height) / 2}
    >
      <title>{t('mark', { type: name(mark.first.type), count: mark.count })}</title>
    </rect>
  );
}
