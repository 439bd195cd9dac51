import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useProviderDoor } from '../../api';
import { Banner } from '../../ui/Banner';
import { Frame } from '../parts/Frame';
import { Problem } from '../parts/Problem';
import { HallTicket } from './HallTicket';
import { Password } from './Password';
import styles from './SignIn.module.css';

const WAYS = { ticket: 'byTicket', password: 'byPassword' } as const;
type Way = keyof typeof WAYS;

/** The student's first page: by hall ticket, by user name and password, or by an identity provider. */
export function SignIn({ hasEnded }: { hasEnded: boolean }) {
  const t = useTranslations('student.entry');
  const [way, setWay] = useState<Way>('ticket');
  return (
    <Frame title={t('title')}>
      {hasEnded && <Banner tone="info">{t('ended')}</Banner>}
      <fieldset className={styles.ways}>
        <legend className="visually-hidden">{t('way')}</legend>
        {(Object.keys(WAYS) as Way[]).map((each) => (
          <label className={styles.way} key={each}>
            <input
              checked={way === each}
              name="way"
              onChange={() => setWay(each)}
              type="radio"
              value={each}
            />
            {t(WAYS[each])}
          </label>
        ))}
      </fieldset>
      {way === 'ticket' ? <HallTicket /> : <Password />}
      <Provider />
    </Frame>
  );
}

function Provider() {
  const t = useTranslations('student.entry');
  const door = useProviderDoor((slug) => t(isKnown(slug) ? 'unknownThere' : 'notThere'));
  return (
    <>
      {door.refusal !== undefined && <Problem error={door.refusal} />}
      {door.name !== undefined && (
        <a className={styles.provider} href={door.address}>
          {t('byProvider', { name: door.name })}
        </a>
      )}
    </>
  );
}

/** Whether the provider knows somebody whom nobody has linked with an account here. */
function isKnown(slug: string): boolean {
  return slug === 'oidc-identity-unknown';
}
