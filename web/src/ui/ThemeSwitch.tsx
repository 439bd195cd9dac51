import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Select } from './Select';
import { chooseTheme, chosenTheme, THEMES, type Theme } from './theme';

/** Light, dark or as the system has it. */
export function ThemeSwitch() {
  const t = useTranslations('ui');
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (chosen: Theme) => {
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <Select
      isLabelHidden
      label={t('theme.label')}
      onChange={choose}
      options={THEMES.map((value) => ({ value, label: t(`theme.${value}`) }))}
      size="dense"
      value={theme}
    />
  );
}
