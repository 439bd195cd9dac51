import { useTranslations } from 'use-intl';
import { LANGUAGES, type Language } from '../words/languages';
import { useChooseLanguage, useLanguage } from '../words/Words';
import { Select } from './Select';

const OPTIONS = Object.entries(LANGUAGES).map(([value, label]) => ({
  value: value as Language,
  label,
}));

/** The language of the pages; each under its own name. */
export function LanguageSwitch() {
  const t = useTranslations('ui');
  const language = useLanguage();
  const choose = useChooseLanguage();
  return (
    <Select
      isLabelHidden
      label={t('language')}
      onChange={choose}
      options={OPTIONS}
      size="dense"
      value={language}
    />
  );
}
