import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useApi } from '../../api';
import { Radio, RadioGroup } from '../../ui/RadioGroup';
import { JudgementForm, type Reasoning } from './JudgementForm';
import styles from './Reviews.module.css';

type AppealDecision = Schemas['AppealDecision'];

/** The last word, by somebody who has not judged the matter yet. */
export function AppealForm({ review }: { review: Schemas['ReviewBody'] }) {
  const t = useTranslations('reviews');
  const api = useApi();
  const [decision, setDecision] = useState<AppealDecision>();

  async function send(reasoning: Reasoning) {
    if (!decision) return;
    await api.post('/api/v1/proctoring/reviews/{review_id}/appeal-decision', {
      params: { path: { review_id: review.id } },
      body: { decision, ...reasoning },
    });
  }

  return (
    <JudgementForm
      isChosen={decision !== undefined}
      send={send}
      submit={t('form.decide_appeal')}
      title={t('form.appeal_title')}
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
    </JudgementForm>
  );
}
