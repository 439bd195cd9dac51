import type { Schemas } from '@oep/client';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { getKey, useGet, useOep } from '../../api';
import type { BoardStore } from './store';

const PATH = '/api/v1/proctoring/attempt/{attempt_id}/messages';

export type ChatMessage = Schemas['MessageOut'];

/** The chat of an attempt, kept up to date by the board's socket and marked as read. */
export function useChat(attemptId: number, store: BoardStore) {
  const { api } = useOep();
  const queries = useQueryClient();
  const params = useMemo(
    () => ({ path: { attempt_id: attemptId }, query: { limit: 500 } }),
    [attemptId],
  );
  const { data, error } = useGet(PATH, { params });

  useEffect(
    () =>
      store.onTalk(attemptId, () => {
        queries.invalidateQueries({ queryKey: getKey(PATH, { params }) });
      }),

    [store, attemptId, queries, params],
  );

  const unread = data?.findLast((message) => message.is_from_student && !message.read_at)?.id;
  useEffect(() => {
    if (unread === undefined) return;
    api
      .post('/api/v1/proctoring/attempt/{attempt_id}/messages/read', {
        params: { path: { attempt_id: attemptId } },
        body: { up_to_id: unread },
      })
      .catch(() => undefined); // it stays unread, and the board goes on saying so
  }, [api, attemptId, unread]);

  const say = async (text: string, message_id: string) => {
    await api.post(PATH, {
      params: { path: { attempt_id: attemptId } },
      body: { message_id, text },
    });
    await queries.invalidateQueries({ queryKey: getKey(PATH, { params }) });
  };
  return { messages: data ?? [], error, say };
}
