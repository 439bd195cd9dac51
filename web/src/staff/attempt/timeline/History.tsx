import type { ProctoringEvent, Schemas } from '@oep/client';
import { type Ref, useCallback, useImperativeHandle, useMemo, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { announce } from '../../../ui/announce';
import { momentOf } from '../events';
import { EventTable } from './EventTable';
import { isInSight, type Moment } from './marks';
import type { Milestone } from './Picture';
import { around, isWhole, type Scale, whole } from './scale';
import { Timeline } from './Timeline';
import styles from './Timeline.module.css';
import { Waits } from './Waits';
import { waitsOf } from './waits';

/** What other parts of the page may ask of the timeline. */
export interface HistoryHandle {
  /** Zooms to these events (their `id`s) and brings the timeline into view. */
  show: (ids: number[]) => void;
}

export interface HistoryProps {
  events: readonly ProctoringEvent[];
  sitting: Schemas['SittingBody'];
  chosen: ReadonlySet<number>;
  onChosen: (ids: ReadonlySet<number>) => void;
  ref: Ref<HistoryHandle>;
}

/** The events as a picture and as a table of the same span; choosing in one shows it in the other. */
export function History({ events, sitting, chosen, onChosen, ref }: HistoryProps) {
  const t = useTranslations('attempt.timeline');
  const top = useRef<HTMLDivElement>(null);
  const moments = useMemo(() => events.map(momentOf), [events]);
  const waits = useMemo(() => waitsOf(moments), [moments]);
  const milestones = useMilestones(sitting);
  const [scale, setScale] = useScale(moments, milestones);

  const show = useCallback(
    (ids: number[]) => {
      const wanted = new Set(ids);
      const found = moments.filter((each) => wanted.has(each.id)).map((each) => each.at);
      if (found.length === 0) return;
      setScale((before) => around(before, Math.min(...found), Math.max(...found)));
      top.current?.scrollIntoView({ block: 'start' });
      announce(t('shown', { count: found.length }));
    },
    [moments, setScale, t],
  );
  useImperativeHandle(ref, () => ({ show }), [show]);

  const seen = useMemo(
    () => events.filter((_, place) => isInSight(moments[place], scale)),
    [events, moments, scale],
  );

  return (
    <div className={styles.history} ref={top}>
      <Timeline
        chosen={chosen}
        milestones={milestones}
        moments={moments}
        onChoose={(found: Moment[]) => onChosen(new Set(found.map((each) => each.id)))}
        onScale={setScale}
        scale={scale}
        waits={waits}
      />
      <Waits waits={waits} />
      <EventTable
        examId={sitting.exam_id}
        chosen={chosen}
        events={seen}
        onChosen={onChosen}
        onShow={(event) => {
          onChosen(new Set([event.id]));
          show([event.id]);
        }}
      />
    </div>
  );
}

function useMilestones(sitting: Schemas['SittingBody']): Milestone[] {
  const t = useTranslations('attempt.timeline');
  const { started_at, deadline_at, submitted_at } = sitting;
  return useMemo(() => {
    const known: [string, string | null][] = [
      [t('begun'), started_at],
      [t('submitted'), submitted_at],
      [t('deadline'), deadline_at],
    ];
    return known.flatMap(([name, at]) => (at ? [{ name, at: Date.parse(at) }] : []));
  }, [t, started_at, deadline_at, submitted_at]);
}

/** What is looked at; while all is in sight, what comes later is in sight too. */
function useScale(moments: readonly Moment[], milestones: readonly Milestone[]) {
  const all = useMemo(() => {
    const ends = [moments[0]?.at, moments.at(-1)?.at, ...milestones.map((each) => each.at)];
    const known = ends.filter((at) => at !== undefined);
    return known.length === 0 ? whole(0, 0) : whole(Math.min(...known), Math.max(...known));
  }, [moments, milestones]);
  const [asked, setAsked] = useState<Scale>();
  const scale = asked && !isWhole(asked) ? { ...asked, min: all.min, max: all.max } : all;
  const change = useCallback(
    (next: (scale: Scale) => Scale) =>
      setAsked((before) =>
        next(before && !isWhole(before) ? { ...before, min: all.min, max: all.max } : all),
      ),
    [all],
  );
  return [scale, change] as const;
}
