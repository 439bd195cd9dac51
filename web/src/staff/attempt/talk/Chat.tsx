import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { getKey, useApi, useGet } from '../../../api';
import { Button } from '../../../ui/Button';
import { IconSend } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import { TextArea } from '../../../ui/TextField';
import { Instant } from '../../../ui/Time';
import styles from './Talk.module.css';

const PATH = '/api/v1/proctoring/attempt/{attempt_id}/messages';

/** What student and proctors wrote to each other, and whether it was read; while it lasts, an answer. */
export function Chat({ attemptId, isOpen }: { attemptId: number; isOpen: boolean }) {
  const t = useTranslations('attempt.chat');
  const api = useApi();
  const asked = { params: { path: { attempt_id: attemptId }, query: { limit: 500 } } };
  const chat = useGet(PATH, asked, isOpen ? { refetchInterval: 3_000 } : {});
  const unread = chat.data?.findLast((each) => each.is_from_student && each.read_at === null);

  useEffect(() => {
    if (!unread) return;
    // Seen is seen; when it cannot be said now, the next message says it with it.
    api
      .post('/api/v1/proctoring/attempt/{attempt_id}/messages/read', {
        params: { path: { attempt_id: attemptId } },
        body: { up_to_id: unread.id },
      })
      .catch(() => undefined);
  }, [api, attemptId, unread]);

  return (
    <Panel title={t('title')}>
      {chat.error && <ProblemBox onRetry={() => chat.refetch()} problem={chat.error} />}
      {chat.isPending && <Loading />}
      {chat.data?.length === 0 && <p className={styles.quiet}>{t('none')}</p>}
      {chat.data && chat.data.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard
        <ol aria-label={t('title')} className={styles.messages} tabIndex={0}>
          {chat.data.map((message) => (
            <li className={message.is_from_student ? styles.theirs : styles.ours} key={message.id}>
              <p className={styles.quiet}>
                {message.is_from_student ? t('student') : (message.sender_name ?? t('staff'))}{' '}
                <Instant at={message.sent_at} look="time" />{' '}
                {t(message.read_at === null ? 'unread' : 'read')}
              </p>
              <p className={styles.text}>
                {message.text ?? <em className={styles.quiet}>{t('erased')}</em>}
              </p>
            </li>
          ))}
        </ol>
      )}
      {isOpen && <Reply attemptId={attemptId} />}
    </Panel>
  );
}

function Reply({ attemptId }: { attemptId: number }) {
  const t = useTranslations('attempt.chat');
  const api = useApi();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  // The key stays until the message is in: a second try of the same words is the same message.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);

  async function send() {
    setPending(true);
    setProblem(undefined);
    try {
      const params = { path: { attempt_id: attemptId } };
      await api.post(PATH, { params, body: { message_id: key, text } });
      setText('');
      setKey(crypto.randomUUID());
      await queries.invalidateQueries({ queryKey: getKey(PATH) });
    } catch (failure) {
      setProblem(failure);
    } finally {
      setPending(false);
    }
  }

  return (
    <form
      className={styles.reply}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) send();
      }}
    >
      <TextArea label={t('message')} maxLength={1_000} onChange={setText} rows={2} value={text} />
      {problem !== undefined && <ProblemBox problem={problem} />}
      <Button isDisabled={!text.trim()} isPending={isPending} type="submit">
        <IconSend />
        {t('send')}
      </Button>
    </form>
  );
}
