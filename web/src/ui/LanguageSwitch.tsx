import { useTranslations } from 'use-intl';
import { offered } from '../words/languages';
import { useChooseLanguage, useLanguage } from '../words/Words';
import { Select } from './Select';

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
      options={offered(language)}
      size="dense"
      value={language}
    />
  );
}
