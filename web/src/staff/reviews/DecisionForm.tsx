import type { Schemas } from '@oep/client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useApi } from '../../api';
import { Button } from '../../ui/Button';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Radio, RadioGroup } from '../../ui/RadioGroup';
import { Select } from '../../ui/Select';
import { TextArea } from '../../ui/TextField';
import { toast } from '../../ui/toasts';
import styles from './Reviews.module.css';
import { type Decision, REASONS, type ReasonCode } from './rights';

/** The first word on a review: cleared or confirmed, with its reason, in words for the student. */
export function DecisionForm({ review }: { review: Schemas['ReviewBody'] }) {
  const t = useTranslations('reviews');
  const api = useApi();
  const queries = useQueryClient();
  const [decision, setDecision] = useState<Decision>();
  const [reason, setReason] = useState<ReasonCode | ''>('');
  const [explanation, setExplanation] = useState('');
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const isReady = decision !== undefined && reason !== '' && explanation.trim() !== '';

  async function decide() {
    if (!decision || !reason) return;
    setPending(true);
    setProblem(undefined);
    try {
      await api.post('/api/v1/proctoring/reviews/{review_id}/decision', {
        params: { path: { review_id: review.id } },
        body: { decision, reason_code: reason, explanation, internal_note: note.trim() || null },
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
    <Panel title={t('form.title')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          decide();
        }}
      >
        <p className={styles.quiet}>{t('form.means')}</p>
        <RadioGroup
          label={t('decision.decision')}
          onChange={(next) => {
            setDecision(next as Decision);
            setReason('');
          }}
          value={decision ?? null}
        >
          <Radio value="cleared">{t('form.cleared')}</Radio>
          <Radio value="confirmed">{t('form.confirmed')}</Radio>
        </RadioGroup>
        {decision && (
          <Select
            label={t('decision.reason')}
            onChange={setReason}
            options={[
              { value: '' as const, label: t('form.choose') },
              ...REASONS[decision].map((value) => ({ value, label: t(`reasons.${value}`) })),
            ]}
            value={reason}
          />
        )}
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
          <Button isDisabled={!isReady} isPending={isPending} look="primary" type="submit">
            {t('form.decide')}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
