import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useApi } from '../../api';
import { Radio, RadioGroup } from '../../ui/RadioGroup';
import { Select } from '../../ui/Select';
import { JudgementForm, type Reasoning } from './JudgementForm';
import styles from './Reviews.module.css';
import { type Decision, REASONS, type ReasonCode } from './rights';

/** The first word on a review: cleared or confirmed, with its reason, in words for the student. */
export function DecisionForm({ review }: { review: Schemas['ReviewBody'] }) {
  const t = useTranslations('reviews');
  const api = useApi();
  const [decision, setDecision] = useState<Decision>();
  const [reason, setReason] = useState<ReasonCode | ''>('');

  async function send(reasoning: Reasoning) {
    if (!decision || !reason) return;
    await api.post('/api/v1/proctoring/reviews/{review_id}/decision', {
      params: { path: { review_id: review.id } },
      body: { decision, reason_code: reason, ...reasoning },
    });
  }

  return (
    <JudgementForm
      isChosen={decision !== undefined && reason !== ''}
      send={send}
      submit={t('form.decide')}
      title={t('form.title')}
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
    </JudgementForm>
  );
}
