import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useAround, useSitting } from '../attempt/useSitting';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import type { Line } from './lines';
import styles from './Talk.module.css';

const MOST = 1_000;

/** The chat with the staff. What is written without a connection is sent when it is back. */
export function Talk({ onClose }: { onClose: () => void }) {
  const t = useTranslations('student.talk');
  const around = useAround();
  const { lines } = useSitting();
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (lines.length > 0) around.readTalk();
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [around, lines]);
  return (
    <Dialog
      actions={<Button onClick={onClose}>{t('close')}</Button>}
      onClose={onClose}
      title={t('title')}
    >
      {lines.length === 0 && <p className={styles.quiet}>{t('none')}</p>}
      <ol aria-live="polite" className={styles.lines}>
        {lines.map((line) => (
          <LineOf key={line.messageId} line={line} />
        ))}
        <li aria-hidden="true" ref={end} />
      </ol>
      <Say />
    </Dialog>
  );
}

function LineOf({ line }: { line: Line }) {
  const t = useTranslations('student.talk');
  const format = useFormatter();
  return (
    <li className={`${styles.line} ${line.isOwn ? styles.own : ''}`}>
      <p className={styles.quiet}>
        {line.isOwn ? t('you') : (line.sender ?? t('staff'))}{' '}
        {line.sentAt && format.dateTime(new Date(line.sentAt), { timeStyle: 'short' })}
        {line.isRefused && t('refused')}
        {line.id === null && !line.isRefused && t('sending')}
      </p>
      <p className={styles.text}>{line.text}</p>
    </li>
  );
}

function Say() {
  const t = useTranslations('student.talk');
  const around = useAround();
  const id = useId();
  const [text, setText] = useState('');
  function send(event: FormEvent) {
    event.preventDefault();
    if (text.trim() === '') return;
    around.say(text.trim());
    setText('');
  }
  return (
    <form className={styles.say} onSubmit={send}>
      <label className="visually-hidden" htmlFor={id}>
        {t('message')}
      </label>
      <input
        autoComplete="off"
        // biome-ignore lint/a11y/noAutofocus: whoever opens the chat wants to write
        autoFocus
        className={styles.input}
        id={id}
        maxLength={MOST}
        onChange={(event) => setText(event.target.value)}
        placeholder={t('message')}
        value={text}
      />
      <Button look="primary" type="submit">
        {t('send')}
      </Button>
    </form>
  );
}
