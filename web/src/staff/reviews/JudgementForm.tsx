import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../ui/Button';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { TextArea } from '../../ui/TextField';
import { toast } from '../../ui/toasts';
import styles from './Reviews.module.css';

/** What every judgement says beside itself. */
export interface Reasoning {
  /** For the student. */
  readonly explanation: string;
  /** For colleagues. */
  readonly internal_note: string | null;
}

interface Props {
  title: string;
  submit: string;
  /** Whether the judgement itself is chosen. */
  isChosen: boolean;
  /** Says it to the platform; what it raises is shown. */
  send: (reasoning: Reasoning) => Promise<unknown>;
  /** The choice. */
  children: ReactNode;
}

/** A judgement on a review, the first or the last word: a choice, its reasons, and what was refused. */
export function JudgementForm({ title, submit, isChosen, send, children }: Props) {
  const t = useTranslations('reviews');
  const queries = useQueryClient();
  const [explanation, setExplanation] = useState('');
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);

  async function decide() {
    setPending(true);
    setProblem(undefined);
    try {
      await send({ explanation, internal_note: note.trim() || null });
      toast(t('form.decided'));
      await queries.invalidateQueries();
    } catch (failure) {
      setProblem(failure);
    } finally {
      setPending(false);
    }
  }

  return (
    <Panel title={title}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          decide();
        }}
      >
        {children}
        <TextArea
          hint={t('form.explanation_hint')}
          label={t('decision.explanation')}
          maxLength={5_000}
          onChange={setExplanation}
          value={explanation}
        />
        <TextArea
          hint={t('form.note_hint')}
          isOptional
          label={t('decision.note')}
          maxLength={5_000}
          onChange={setNote}
          rows={2}
          value={note}
        />
        {problem !== undefined && <ProblemBox problem={problem} />}
        <div>
          <Button
            isDisabled={!isChosen || !explanation.trim()}
            isPending={isPending}
            look="primary"
            type="submit"
          >
            {submit}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
