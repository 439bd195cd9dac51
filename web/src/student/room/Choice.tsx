import { useTranslations } from 'use-intl';
import styles from './Choice.module.css';
import { type Answer, chosenKeys, optionsOf, type Question, textsOf, truthOf } from './question';

export interface ChoiceProps {
  question: Question;
  widget: 'single' | 'multiple' | 'truth';
  answer: Answer;
  onWrite: (answer: Answer) => void;
}

/** The options of a question: the browser's own radio buttons and boxes, each a whole row to hit. */
export function Choice(props: ChoiceProps) {
  const t = useTranslations('student.room');
  const hint = props.widget === 'multiple' ? t('several') : t('one');
  return (
    <fieldset aria-labelledby="question-text choice-hint" className={styles.choice}>
      <p className={styles.hint} id="choice-hint">
        {hint}
      </p>
      {props.widget === 'truth' ? <Truth {...props} /> : <Options {...props} />}
    </fieldset>
  );
}

function Options({ question, widget, answer, onWrite }: ChoiceProps) {
  const chosen = chosenKeys(question, answer);
  const isMultiple = widget === 'multiple';
  const toggle = (key: string, text: string) => {
    if (!isMultiple) return onWrite(text);
    const keys = chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key];
    onWrite(textsOf(question, keys));
  };
  return optionsOf(question).map(({ key, text }) => (
    <label className={styles.option} key={key}>
      <input
        checked={chosen.includes(key)}
        className={styles.mark}
        name="choice"
        onChange={() => toggle(key, text)}
        type={isMultiple ? 'checkbox' : 'radio'}
        value={key}
      />
      <span className={styles.key}>{key}</span>
      <span className={styles.words}>{text}</span>
    </label>
  ));
}

function Truth({ answer, onWrite }: ChoiceProps) {
  const t = useTranslations('student.room');
  const truth = truthOf(answer);
  return [true, false].map((value) => (
    <label className={styles.option} key={String(value)}>
      <input
        checked={truth === value}
        className={styles.mark}
        name="choice"
        onChange={() => onWrite(value)}
        type="radio"
        value={String(value)}
      />
      <span className={styles.words}>{t(value ? 'true' : 'false')}</span>
    </label>
  ));
}
