import type { Schemas } from '@oep/client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useApi } from '../../api';
import { Button } from '../../ui/Button';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Radio, RadioGroup } from '../../ui/RadioGroup';
import { TextArea } from '../../ui/TextField';
import { toast } from '../../ui/toasts';
import styles from './Reviews.module.css';

type AppealDecision = Schemas['AppealDecision'];

/** The last word, by somebody who has not judged the matter yet. */
export function AppealForm({ review }: { review: Schemas['ReviewBody'] }) {
  const t = useTranslations('reviews');
  const api = useApi();
  const queries = useQueryClient();
  const [decision, setDecision] = useState<AppealDecision>();
  const [explanation, setExplanation] = useState('');
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);

  async function decide() {
    if (!decision) return;
    setPending(true);
    setProblem(undefined);
    try {
      await api.post('/api/v1/proctoring/reviews/{review_id}/appeal-decision', {
        params: { path: { review_id: review.id } },
        body: { decision, explanation, internal_note: note.trim() || null },
      });
      toast(t('form.decided'));
      await queries.invalidateQueries();
    } catch (failure) {
      setProblem(failure);
    } finally {
      setPending(false);
    }
  }

  return (
    <Panel title={t('form.appeal_title')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          decide();
        }}
      >
        <blockquote className={styles.quote}>
          <bdi>{review.appeal_text ?? t('erased')}</bdi>
        </blockquote>
        <RadioGroup
          label={t('decision.decision')}
          onChange={(next) => setDecision(next as AppealDecision)}
          value={decision ?? null}
        >
          <Radio value="upheld">{t('form.upheld')}</Radio>
          <Radio value="overturned">{t('form.overturned')}</Radio>
        </RadioGroup>
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
            isDisabled={!decision || !explanation.trim()}
            isPending={isPending}
            look="primary"
            type="submit"
          >
            {t('form.decide_appeal')}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
