import { useId } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { Checkbox } from '../../../ui/Checkbox';
import { ErrorWords } from '../../../ui/Field';
import { IconButton } from '../../../ui/IconButton';
import { IconAdd, IconTrash } from '../../../ui/icons';
import { TextField } from '../../../ui/TextField';
import { type OptionDraft, withOption } from './draft';
import styles from './OptionFields.module.css';

/** The options of a multiple-choice question, each with its text and whether it is right. */
export function OptionFields({
  options,
  onChange,
  error,
}: {
  options: readonly OptionDraft[];
  onChange: (options: readonly OptionDraft[]) => void;
  error: string | undefined;
}) {
  const t = useTranslations('admin');
  const notes = useId();
  const change = (key: string, changed: Partial<OptionDraft>) =>
    onChange(options.map((option) => (option.key === key ? { ...option, ...changed } : option)));
  return (
    <fieldset aria-describedby={notes} className={styles.options}>
      <legend className={styles.legend}>{t('question.options')}</legend>
      {options.map((option) => (
        <div className={styles.option} key={option.key}>
          <TextField
            label={t('question.option', { key: option.key })}
            onChange={(text) => change(option.key, { text })}
            value={option.text}
          />
          <Checkbox
            aria-label={t('question.optionIsRight', { key: option.key })}
            isSelected={option.isRight}
            onChange={(isRight) => change(option.key, { isRight })}
          >
            {t('question.isRight')}
          </Checkbox>
          <IconButton
            icon={IconTrash}
            isDisabled={options.length <= 2}
            label={t('question.removeOption', { key: option.key })}
            onPress={() => onChange(options.filter((other) => other.key !== option.key))}
          />
        </div>
      ))}
      <div id={notes}>
        {error && (
          <span className={styles.error}>
            <ErrorWords error={error} />
          </span>
        )}
      </div>
      <div>
        <Button onPress={() => onChange(withOption(options))}>
          <IconAdd />
          {t('question.addOption')}
        </Button>
      </div>
    </fieldset>
  );
}
