import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { type Answer, mostCharacters, writtenOf } from './question';
import styles from './Written.module.css';

export interface WrittenProps {
  widget: 'short' | 'long';
  answer: Answer;
  onWrite: (answer: Answer) => void;
}

/** A written answer; every keystroke is handed on as it is made. */
export function Written({ widget, answer, onWrite }: WrittenProps) {
  const t = useTranslations('student.room');
  const most = mostCharacters(widget);
  const [text, setText] = useState(() => writtenOf(answer));
  const handed = useRef(text);

  // what comes from elsewhere (the platform had a newer one) is shown; our own echo is not typed again
  const given = writtenOf(answer);
  useEffect(() => {
    if (given === handed.current) return;
    handed.current = given;
    setText(given);
  }, [given]);

  return (
    <div className={styles.written}>
      <textarea
        aria-describedby="written-count"
        aria-labelledby="question-text"
        autoComplete="off"
        className={`${styles.text} ${styles[widget]}`}
        maxLength={most}
        onChange={(event) => {
          handed.current = event.target.value;
          setText(event.target.value);
          onWrite(event.target.value);
        }}
        rows={widget === 'long' ? 10 : 3}
        spellCheck={false}
        value={text}
      />
      <p className={styles.count} id="written-count">
        {t('characters', { used: text.length, most })}
      </p>
    </div>
  );
}
