import { useTranslations } from 'use-intl';
import { Badge, type Tone } from '../../ui/Badge';
import { type Icon, IconCheck, IconClock, IconEye, IconFlag } from '../../ui/icons';
import type { Decision, ReviewState } from './rights';

const STATES: Record<ReviewState, [Tone, Icon]> = {
  open: ['accent', IconEye],
  decided: ['warning', IconClock],
  appealed: ['warning', IconFlag],
  closed: ['plain', IconCheck],
};

/** Where a review stands, and how it ended as far as it has. */
export function ReviewBadge({ state, outcome }: { state: ReviewState; outcome: Decision | null }) {
  const t = useTranslations('reviews');
  const [tone, icon] = STATES[state];
  return (
    <>
      <Badge icon={icon} tone={tone}>
        {t(`states.${state}`)}
      </Badge>{' '}
      {outcome && <OutcomeBadge outcome={outcome} />}
    </>
  );
}

export function OutcomeBadge({ outcome }: { outcome: Decision }) {
  const t = useTranslations('reviews');
  const isClear = outcome === 'cleared';
  return (
    <Badge icon={isClear ? IconCheck : IconFlag} tone={isClear ? 'good' : 'bad'}>
      {t(`outcomes.${outcome}`)}
    </Badge>
  );
}
