import { type FormEvent, useId, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useOep } from '../../../api';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { NumberField } from '../../../ui/NumberField';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Select } from '../../../ui/Select';
import { TextArea } from '../../../ui/TextField';
import type { BoardStore } from '../store';
import styles from './deeds.module.css';
import { FIELDS, type Kind, missing, REASON_CODES, type Typed } from './kinds';
import { Names } from './Names';
import { Order } from './ordering';
import type { Deeds } from './useDeeds';

interface Props {
  kind: Kind;
  ids: readonly number[];
  /** So many were chosen and are left out, because it does not fit them. */
  left: number;
  deeds: Deeds;
  store: BoardStore;
}

const NOTHING: Typed = { text: '', reason: '', minutes: 10, reasonCode: 'misconduct' };

/** Fills in an order, says what it does and whether it can be taken back, and gives it. */
export function OrderWindow({ kind, ids, left, deeds, store }: Props) {
  const t = useTranslations('board');
  const ui = useTranslations('ui');
  const form = useId();
  const { typed, type, isTried, isPending, problem, give } = useOrder(kind, ids, deeds);
  return (
    <Dialog
      actions={
        <>
          <Button
            form={form}
            isPending={isPending}
            look={kind === 'terminate' ? 'danger' : 'primary'}
            type="submit"
          >
            {t(`do.${kind}`, { count: ids.length })}
          </Button>
          <Button onPress={deeds.close}>{ui('cancel')}</Button>
        </>
      }
      isOpen
      onClose={deeds.close}
      title={t(`kind.${kind}`)}
    >
      <form className={styles.form} id={form} onSubmit={give}>
        <Names ids={ids} store={store} />
        {left > 0 && <p className={styles.quiet}>{t('left_out', { count: left })}</p>}
        <Fields isTried={isTried} kind={kind} type={type} typed={typed} />
        <p className={styles.note}>{t(`consequence.${kind}`)}</p>
        {problem !== undefined && <ProblemBox problem={problem} />}
      </form>
    </Dialog>
  );
}

/** An order keeps its key until what it says is another thing: a repeated one is done once. */
function useOrder(kind: Kind, ids: readonly number[], deeds: Deeds) {
  const { api } = useOep();
  const [typed, setTyped] = useState(NOTHING);
  const [isTried, setTried] = useState(false);
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const order = useRef<Order>(undefined);

  const type = (more: Partial<Typed>) => {
    order.current = undefined;
    setTyped((before) => ({ ...before, ...more }));
  };

  const give = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isPending || Object.keys(missing(kind, typed)).length > 0) return;
    setPending(true);
    setProblem(undefined);
    order.current ??= new Order(kind, typed, ids);
    try {
      const outcome = await order.current.give(api, deeds.examId);
      deeds.close();
      deeds.told(kind, outcome);
    } catch (error) {
      setProblem(error);
      setPending(false);
    }
  };
  return { typed, type, isTried, isPending, problem, give };
}

interface FieldsProps {
  kind: Kind;
  typed: Typed;
  type: (more: Partial<Typed>) => void;
  isTried: boolean;
}

function Fields({ kind, typed, type, isTried }: FieldsProps) {
  const t = useTranslations('board.field');
  const wrong = isTried ? missing(kind, typed) : {};
  const needs = FIELDS[kind];
  return (
    <>
      {needs.includes('text') && (
        <TextArea
          autoFocus
          error={wrong.text && t('text_empty')}
          label={t(kind === 'warn' ? 'warning' : 'text')}
          maxLength={1000}
          onChange={(text) => type({ text })}
          value={typed.text}
        />
      )}
      {needs.includes('minutes') && (
        <NumberField
          autoFocus
          error={wrong.minutes && t('minutes_range')}
          label={t('minutes')}
          maxValue={24 * 60}
          minValue={1}
          onChange={(minutes) => type({ minutes })}
          value={typed.minutes}
        />
      )}
      {needs.includes('reason_code') && (
        <Select
          label={t('reason_code')}
          onChange={(reasonCode) => type({ reasonCode })}
          options={REASON_CODES.map((value) => ({ value, label: t(`code.${value}`) }))}
          value={typed.reasonCode}
        />
      )}
      {needs.includes('reason') && (
        <TextArea
          error={wrong.reason && t('reason_short')}
          hint={t('reason_hint')}
          label={t('reason')}
          maxLength={1000}
          onChange={(reason) => type({ reason })}
          rows={2}
          value={typed.reason}
        />
      )}
    </>
  );
}
