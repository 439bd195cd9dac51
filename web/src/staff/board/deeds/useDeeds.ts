import { Refusal, type User } from '@oep/client';
import { useMemo, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useOep } from '../../../api';
import { toast } from '../../../ui/toasts';
import { isChief } from '../../roles';
import type { BoardStore } from '../store';
import { fits, type Kind } from './kinds';
import { claim, Order, type Outcome, release } from './ordering';

/** A window that is open: an order to be filled in, a hand-over, or what became of something. */
export type OpenWindow =
  | {
      readonly name: 'order';
      readonly kind: Kind;
      readonly ids: readonly number[];
      readonly left: number;
    }
  | { readonly name: 'hand_over'; readonly ids: readonly number[] }
  | { readonly name: 'take_over'; readonly id: number; readonly holder: string }
  | { readonly name: 'refused'; readonly outcome: Outcome };

export interface Deeds {
  readonly examId: number;
  readonly user: User;
  readonly isChief: boolean;
  readonly window: OpenWindow | undefined;
  readonly show: (window: OpenWindow) => void;
  readonly close: () => void;
  /** Opens the window of a kind for those whom it fits. */
  readonly start: (kind: Kind, ids: readonly number[]) => void;
  /** Claims those whom nobody has; gives back instead when all are one's own. */
  readonly claim: (ids: readonly number[]) => void;
  readonly lowerHand: (id: number) => void;
  /** Says what was done, with a way back where there is one. */
  readonly told: (kind: Kind, outcome: Outcome) => void;
}

/** What can be done to students, and the window in which it is being done. */
export function useDeeds(examId: number, user: User, store: BoardStore): Deeds {
  const t = useTranslations('board');
  const { api } = useOep();
  const [window, setWindow] = useState<OpenWindow>();

  return useMemo(() => {
    const rowsOf = (ids: readonly number[]) =>
      ids.flatMap((id) => {
        const row = store.student(id)?.row;
        return row ? [row] : [];
      });

    const failed = (error: unknown) => {
      const words = error instanceof Refusal ? error.detail : t('done.not_reached');
      toast(words, { tone: 'bad' });
    };

    const undo = (kind: Kind, ids: readonly number[]) => {
      const typed = { text: '', reason: '', minutes: null, reasonCode: 'other' } as const;
      new Order(kind, typed, ids)
        .give(api, examId)
        .then((outcome) => told(kind, outcome))
        .catch(failed);
    };

    const told = (kind: Kind, outcome: Outcome) => {
      const { done } = outcome;
      const text = t(`done.${kind}`, { count: done.length });
      if (done.length > 0 && kind === 'pause') {
        toast(text, { action: { label: t('undo'), onPress: () => undo('resume', done) } });
      } else if (done.length > 0) toast(text);
      if (outcome.refused.length + outcome.unsure.length > 0) {
        setWindow({ name: 'refused', outcome });
      }
    };

    const claimed = (outcome: Outcome, isBack: boolean) => {
      const { done, refused } = outcome;
      if (done.length > 0) {
        const text = t(isBack ? 'done.released' : 'done.claimed', { count: done.length });
        const onPress = () => (isBack ? take(done) : giveBack(done));
        toast(text, { action: { label: t('undo'), onPress } });
      }
      const [first] = refused;
      if (first && refused.length === 1 && done.length === 0) {
        const name = store.student(first.id)?.row.student_name ?? '';
        toast(t('done.taken', { name, by: first.detail }), { tone: 'bad' });
      } else if (first) setWindow({ name: 'refused', outcome });
    };

    const take = (ids: readonly number[]) =>
      claim(api, examId, ids)
        .then((outcome) => claimed(outcome, false))
        .catch(failed);
    const giveBack = (ids: readonly number[]) =>
      release(api, ids)
        .then((outcome) => claimed(outcome, true))
        .catch(failed);

    return {
      examId,
      user,
      isChief: isChief(user),
      window,
      show: setWindow,
      close: () => setWindow(undefined),
      start: (kind, ids) => {
        const fitting = rowsOf(ids).filter((row) => fits(kind, row));
        const found = fitting.map((row) => row.attempt_id);
        const left = ids.length - found.length;
        if (found.length > 0) setWindow({ name: 'order', kind, ids: found, left });
        else if (ids.length > 0) toast(t(`fits_nobody.${kind}`), { tone: 'info' });
      },
      claim: (ids) => {
        const rows = rowsOf(ids);
        if (rows.length === 0) return;
        const isBack = rows.every((row) => row.claimed_by_id === user.id);
        if (isBack) giveBack(ids);
        else take(ids);
      },
      lowerHand: (id) => {
        if (!store.student(id)?.row.hand_raised_at) return;
        api
          .delete('/api/v1/proctoring/attempt/{attempt_id}/hand', {
            params: { path: { attempt_id: id } },
          })
          .then(() => toast(t('done.hand')))
          .catch(failed);
      },
      told,
    };
  }, [api, examId, store, t, user, window]);
}
