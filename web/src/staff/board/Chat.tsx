import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { Button } from '../../ui/Button';
import { IconButton } from '../../ui/IconButton';
import { IconClose, IconHand } from '../../ui/icons';
import { ProblemBox } from '../../ui/ProblemBox';
import { TextArea } from '../../ui/TextField';
import styles from './Chat.module.css';
import { nameOf } from './deeds/Names';
import type { Deeds } from './deeds/useDeeds';
import type { BoardStore } from './store';
import { type ChatMessage, useChat } from './useChat';

interface Props {
  attemptId: number;
  store: BoardStore;
  deeds: Deeds;
  onClose: () => void;
}

/** What a student and the staff have said to each other; what is shown here counts as read. */
export function Chat({ attemptId, store, deeds, onClose }: Props) {
  const t = useTranslations('board.chat');
  const { messages, error, say } = useChat(attemptId, store);
  const end = useRef<HTMLLIElement>(null);
  const count = messages.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message is to be seen
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' }); // newer browsers return a promise of it
  }, [count]);
  return (
    <aside aria-label={t('title', { name: nameOf(store, attemptId) })} className={styles.chat}>
      <header className={styles.head}>
        <h2 className={styles.title}>
          <bdi>{nameOf(store, attemptId)}</bdi>
        </h2>
        {store.student(attemptId)?.row.hand_raised_at && (
          <IconButton
            icon={IconHand}
            label={t('lower_hand')}
            onPress={() => deeds.lowerHand(attemptId)}
            size="dense"
          />
        )}
        <IconButton icon={IconClose} label={t('close')} onPress={onClose} size="dense" />
      </header>
      {error && <ProblemBox problem={error} />}
      {count === 0 && !error && <p className={styles.nothing}>{t('nothing')}</p>}
      <ol aria-live="polite" className={styles.messages}>
        {messages.map((message, index) => (
          <li
            className={message.is_from_student ? styles.theirs : styles.ours}
            key={message.id}
            ref={index === count - 1 ? end : null}
          >
            <Said message={message} />
          </li>
        ))}
      </ol>
      <Say say={say} />
    </aside>
  );
}

function Said({ message }: { message: ChatMessage }) {
  const t = useTranslations('board.chat');
  const format = useFormatter();
  const at = format.dateTime(new Date(message.sent_at), { timeStyle: 'short' });
  return (
    <>
      <p className={styles.text}>{message.text ?? t('erased')}</p>
      <p className={styles.by}>
        <bdi>{message.is_from_student ? t('student') : message.sender_name}</bdi> {at}
        {!message.is_from_student && message.read_at && <> · {t('read')}</>}
      </p>
    </>
  );
}

function Say({ say }: { say: (text: string, key: string) => Promise<unknown> }) {
  const t = useTranslations('board.chat');
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const key = useRef<string>(undefined);

  async function send(event: FormEvent) {
    event.preventDefault();
    if (isPending || text.trim() === '') return;
    setPending(true);
    key.current ??= crypto.randomUUID();
    try {
      await say(text, key.current);
      key.current = undefined;
      setText('');
      setProblem(undefined);
    } catch (error) {
      setProblem(error);
    } finally {
      setPending(false);
    }
  }

  return (
    <form className={styles.say} onSubmit={send}>
      {problem !== undefined && <ProblemBox problem={problem} />}
      <TextArea
        autoFocus
        label={t('text')}
        maxLength={1000}
        onChange={(next) => {
          key.current = undefined;
          setText(next);
        }}
        rows={2}
        size="dense"
        value={text}
      />
      <Button isPending={isPending} look="primary" size="dense" type="submit">
        {t('send')}
      </Button>
    </form>
  );
}
