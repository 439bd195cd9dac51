import { useTranslations } from 'use-intl';
import { type Icon, IconCheck, IconInfo, IconStop } from '../../ui/icons';
import { Spinner } from '../../ui/Spinner';
import { Button } from '../parts/Button';
import styles from './Checks.module.css';
import { type Check, type CheckState, type Measures, mayBegin } from './check';
import type { CheckRun } from './useChecks';

const SIGNS: Readonly<Record<CheckState, Icon>> = {
  good: IconCheck,
  notice: IconInfo,
  bad: IconStop,
};

/** The check of this computer, line by line, with what to do where it is not fit. */
export function Checks({ check }: { check: CheckRun }) {
  const t = useTranslations('student.door');
  const { checks, measures } = check;
  return (
    <section className={styles.checks}>
      <h2>{t('check')}</h2>
      <p aria-live="polite" className={styles.sum}>
        {checks ? (
          t(mayBegin(checks) ? 'allGood' : 'someBad')
        ) : (
          <>
            <Spinner /> {t('checking')}
          </>
        )}
      </p>
      {checks && measures && (
        <ul className={styles.list}>
          {checks.map((each) => (
            <Line check={each} key={each.id} measures={measures} />
          ))}
        </ul>
      )}
      <Button disabled={!checks} look="quiet" onClick={check.again}>
        {t('checkAgain')}
      </Button>
    </section>
  );
}

function Line({ check, measures }: { check: Check; measures: Measures }) {
  const t = useTranslations('student.door');
  const Sign = SIGNS[check.state];
  return (
    <li className={styles.line} data-check={check.id} data-state={check.state}>
      <span className={`${styles.sign} ${styles[check.state]}`}>
        <Sign />
        <span className="visually-hidden">{t(`state.${check.state}`)}</span>
      </span>
      <span>
        <strong>{t(`${check.id}.name`)}</strong> <span>{useFinding(check, measures)}</span>
      </span>
    </li>
  );
}

/** What was found, in a sentence. */
function useFinding({ id, state }: Check, measures: Measures): string {
  const t = useTranslations('student.door');
  const isGood = state === 'good';
  switch (id) {
    case 'browser':
      return isGood ? t('browser.good') : t('browser.bad', { names: measures.missing.join(', ') });
    case 'storage':
      return t(isGood ? 'storage.good' : 'storage.bad');
    case 'full_screen':
      return t(isGood ? 'full_screen.good' : 'full_screen.notice');
    case 'network': {
      if (measures.roundTripMs === null) return t('network.bad');
      const ms = Math.ceil(measures.roundTripMs);
      return t(isGood ? 'network.good' : 'network.notice', { ms });
    }
    case 'clock': {
      if (isGood) return t('clock.good');
      if (measures.skewMs === null) return t('clock.unknown');
      return t('clock.notice', { seconds: Math.round(Math.abs(measures.skewMs) / 1000) });
    }
  }
}
