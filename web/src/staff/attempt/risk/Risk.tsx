import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { useGet } from '../../../api';
import { Badge, type Tone } from '../../../ui/Badge';
import { Button } from '../../../ui/Button';
import { IconEye, IconInfo } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import { RelativeTime } from '../../../ui/Time';
import { useRuleName } from '../eventNames';
import { type Contribution, isCapped, type Level, levelOf, pointsOf } from './points';
import styles from './Risk.module.css';

const TONES: Record<Level, Tone> = { none: 'plain', some: 'warning', much: 'bad' };

/** Why somebody should look, point by point: each rule's share, its version, its limit, its events. */
export function Risk({
  attemptId,
  isLive,
  onEvents,
}: {
  attemptId: number;
  isLive: boolean;
  onEvents: (ids: number[]) => void;
}) {
  const t = useTranslations('attempt.risk');
  const path = { params: { path: { attempt_id: attemptId } } };
  const risk = useGet(
    '/api/v1/proctoring/attempt/{attempt_id}/risk',
    path,
    isLive ? { refetchInterval: 5_000 } : {},
  );
  const rules = useGet('/api/v1/proctoring/risk/rules', {}, { staleTime: 600_000 });
  return (
    <Panel title={t('title')}>
      {risk.error && <ProblemBox onRetry={() => risk.refetch()} problem={risk.error} />}
      {risk.isPending && <Loading />}
      {risk.data && <Score onEvents={onEvents} risk={risk.data} rules={rules.data ?? []} />}
    </Panel>
  );
}

function Score({
  risk,
  rules,
  onEvents,
}: {
  risk: Schemas['RiskBody'];
  rules: Schemas['RuleBody'][];
  onEvents: (ids: number[]) => void;
}) {
  const t = useTranslations('attempt.risk');
  const points = pointsOf(risk.contributions);
  if (risk.computed_at === null) return <p>{t('not_yet')}</p>;
  const level = levelOf(risk.score);
  return (
    <>
      <p className={styles.head}>
        <span className={styles.score}>{risk.score}</span>
        <Badge icon={level === 'none' ? IconInfo : IconEye} tone={TONES[level]}>
          {t(`levels.${level}`)}
        </Badge>
        <span className={styles.quiet}>
          {t('as_of', { number: risk.as_of_sequence, version: risk.rules_version })}{' '}
          <RelativeTime at={risk.computed_at} />
        </span>
      </p>
      <p className={styles.quiet}>{t('meaning')}</p>
      {points.sum !== risk.score && <p>{t('sum_differs', { sum: points.sum })}</p>}
      <ul aria-label={t('rules')} className={styles.rules}>
        {points.scored.map((each) => (
          <Rule contribution={each} key={each.rule_id} onEvents={onEvents} rules={rules} />
        ))}
      </ul>
      {points.scored.length === 0 && <p>{t('nothing_scored')}</p>}
      <Others items={points.free} onEvents={onEvents} title={t('free')} />
      <SwitchedOff items={points.off} />
      {points.silent > 0 && <p className={styles.quiet}>{t('silent', { count: points.silent })}</p>}
    </>
  );
}

function Rule({
  contribution,
  rules,
  onEvents,
}: {
  contribution: Contribution;
  rules: Schemas['RuleBody'][];
  onEvents: (ids: number[]) => void;
}) {
  const t = useTranslations('attempt.risk');
  const name = useRuleName();
  const { rule_id, version, weight, cap, points, event_count } = contribution;
  // The newest rules describe an older version only where both are the same one.
  const rule = rules.find((each) => each.id === rule_id && each.version === version);
  return (
    <li className={styles.rule}>
      <span className={styles.points}>{t('points', { points })}</span>
      <div className={styles.words}>
        <strong>{name(rule_id)}</strong>{' '}
        <span className={styles.quiet}>{t('version', { version })}</span>
        <meter
          aria-label={t('of_cap', { points, cap })}
          className={styles.meter}
          max={cap}
          min={0}
          value={points}
        />
        <span className={styles.quiet}>
          {t('how', {
            weight,
            cap,
            unit: rule ? unitOf(rule.unit) : 'other',
            free: rule?.free ?? 0,
          })}{' '}
          {isCapped(contribution) && t('capped')}
        </span>
      </div>
      <EventsButton contribution={contribution} count={event_count} onEvents={onEvents} />
    </li>
  );
}

function EventsButton({
  contribution,
  count,
  onEvents,
}: {
  contribution: Contribution;
  count: number;
  onEvents: (ids: number[]) => void;
}) {
  const t = useTranslations('attempt.risk');
  const name = useRuleName();
  const { event_ids, rule_id } = contribution;
  if (event_ids.length === 0) return <span className={styles.quiet}>{t('events', { count })}</span>;
  return (
    <Button
      aria-label={t('show_events', { count: event_ids.length, rule: name(rule_id) })}
      onPress={() => onEvents(event_ids)}
      size="dense"
    >
      {t('events', { count: event_ids.length })}
    </Button>
  );
}

function Others(props: {
  title: string;
  items: Contribution[];
  onEvents: (ids: number[]) => void;
}) {
  const { title, items, onEvents } = props;
  const name = useRuleName();
  if (items.length === 0) return null;
  return (
    <section className={styles.others}>
      <h3>{title}</h3>
      <ul>
        {items.map((each) => (
          <li key={each.rule_id}>
            <span>{name(each.rule_id)}</span>
            <EventsButton contribution={each} count={each.event_count} onEvents={onEvents} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function SwitchedOff({ items }: { items: Contribution[] }) {
  const t = useTranslations('attempt.risk');
  const name = useRuleName();
  if (items.length === 0) return null;
  return (
    <section className={styles.others}>
      <h3>{t('off')}</h3>
      <ul>
        {items.map((each) => (
          <li key={each.rule_id}>
            <span>{name(each.rule_id)}</span>
            <span className={styles.quiet}>{each.switched_off}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The units of the rules in the service's words; another one is shown without its name. */
const UNITS = {
  time: 'time',
  'full 30 s away': 'half_minute',
  'burst: 8 or more within 60 s': 'burst',
} as const;

function unitOf(unit: string): string {
  return unit in UNITS ? UNITS[unit as keyof typeof UNITS] : 'other';
}
