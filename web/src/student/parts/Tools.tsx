import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { chooseTheme, chosenTheme, THEMES, type Theme } from '../../ui/theme';
import { LANGUAGES, type Language } from '../../words/languages';
import { useChooseLanguage, useLanguage } from '../../words/Words';
import styles from './Tools.module.css';

/** Language and colours, in the corner of every page of the student. */
export function Tools() {
  const t = useTranslations('ui');
  const language = useLanguage();
  const choose = useChooseLanguage();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <>
      <select
        aria-label={t('language')}
        className={styles.select}
        onChange={(event) => choose(event.target.value as Language)}
        value={language}
      >
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} lang={tag} value={tag}>
            {name}
          </option>
        ))}
      </select>
      <select
        aria-label={t('theme.label')}
        className={styles.select}
        onChange={(event) => {
          const chosen = event.target.value as Theme;
          chooseTheme(chosen);
          setTheme(chosen);
        }}
        value={theme}
      >
        {THEMES.map((each) => (
          <option key={each} value={each}>
            {t(`theme.${each}`)}
          </option>
        ))}
      </select>
    </>
  );
}
