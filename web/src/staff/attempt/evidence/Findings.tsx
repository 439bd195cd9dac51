import { useTranslations } from 'use-intl';
import { Badge, type Tone } from '../../../ui/Badge';
import { Button } from '../../../ui/Button';
import { type Icon, IconCheck, IconInfo, IconStop } from '../../../ui/icons';
import styles from './Evidence.module.css';
import type { Finding, Verdict } from './finding';

const VERDICTS: Record<Verdict, [Tone, Icon]> = {
  holds: ['good', IconCheck],
  fails: ['bad', IconStop],
  unchecked: ['warning', IconInfo],
};

/** The five checks of a bundle: whether each holds, and where the first thing is that does not fit. */
export function Findings({
  findings,
  onEvent,
}: {
  findings: readonly Finding[];
  /** Shows an event by its number; absent for the file of another attempt. */
  onEvent?: ((sequence: number) => void) | undefined;
}) {
  const t = useTranslations('attempt.evidence');
  return (
    <ul aria-label={t('findings')} className={styles.findings}>
      {findings.map((finding) => (
        <Line finding={finding} key={finding.check} onEvent={onEvent} />
      ))}
    </ul>
  );
}

function Line({
  finding,
  onEvent,
}: {
  finding: Finding;
  onEvent?: ((sequence: number) => void) | undefined;
}) {
  const t = useTranslations('attempt.evidence');
  const [tone, icon] = VERDICTS[finding.verdict];
  const number = finding.verdict === 'fails' ? finding.place.event : undefined;
  return (
    <li className={styles.finding}>
      <Badge icon={icon} tone={tone}>
        {t(`verdicts.${finding.verdict}`)}
      </Badge>
      <div>
        <strong>{t(`checks.${finding.check}.name`)}</strong>
        <p>{useSentence()(finding)}</p>
        <p className={styles.meaning}>{t(`checks.${finding.check}.meaning`)}</p>
        {number !== undefined && onEvent && (
          <Button onPress={() => onEvent(number)} size="dense">
            {t('show_event', { number })}
          </Button>
        )}
      </div>
    </li>
  );
}

/** Returns the function that says what was found, with the place where it does not fit. */
function useSentence(): (finding: Finding) => string {
  const t = useTranslations('attempt.evidence');
  return ({ check, reason, place, facts }) => {
    const values = { ...facts, section: place.section ?? '', event: place.event ?? 0 };
    if (!reason) return t(`checks.${check}.holds`, values);
    const where = place.event
      ? t('at_event', { number: place.event })
      : place.section
        ? t('at_section', { section: place.section })
        : '';
    return [where, t(`reasons.${reason}`, values)].filter(Boolean).join(' ');
  };
}
