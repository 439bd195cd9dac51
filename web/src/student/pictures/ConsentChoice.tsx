import { useId } from 'react';
import { useTranslations } from 'use-intl';
import styles from './ConsentChoice.module.css';
import type { Consent } from './consent';
import { PicturesWords } from './PicturesWords';

export interface ConsentChoiceProps {
  value: Consent | undefined;
  onChange: (consent: Consent) => void;
}

const ANSWERS = ['given', 'refused'] as const;

/** Asks whether pictures may be taken; neither answer is chosen beforehand. */
export function ConsentChoice({ value, onChange }: ConsentChoiceProps) {
  const t = useTranslations('camera.pictures');
  const name = useId();
  return (
    <fieldset className={styles.consent}>
      <legend className={styles.legend}>{t('ask')}</legend>
      <PicturesWords />
      {ANSWERS.map((each) => (
        <label className={styles.answer} key={each}>
          <input
            checked={value === each}
            className={styles.mark}
            name={name}
            onChange={() => onChange(each)}
            type="radio"
          />
          <span>{t(each)}</span>
        </label>
      ))}
    </fieldset>
  );
}
