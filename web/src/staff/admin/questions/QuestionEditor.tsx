import { useTranslations } from 'use-intl';
import { Panel } from '../../../ui/Panel';
import { Form } from '../Form';
import { type QuestionDraft, sentOf, shownAs } from './draft';
import styles from './QuestionEditor.module.css';
import { QUESTION_FIELDS, QuestionFields } from './QuestionFields';
import { StudentsView } from './StudentsView';

export interface QuestionEditorProps {
  draft: QuestionDraft;
  onChange: (draft: QuestionDraft) => void;
  onSubmit: () => void;
  problem: unknown;
  isPending: boolean;
  isDisabled: boolean;
  isStrict: boolean;
  submitLabel: string;
}

/** A question's form, and beside it what a student will see of it. */
export function QuestionEditor(props: QuestionEditorProps) {
  const t = useTranslations('admin');
  const { draft } = props;
  const sent = sentOf(draft);
  return (
    <div className={styles.halves}>
      <Panel title={t('question.one')}>
        <Form
          fields={QUESTION_FIELDS}
          isDisabled={props.isDisabled}
          isPending={props.isPending}
          onSubmit={props.onSubmit}
          problem={props.problem}
          submitLabel={props.submitLabel}
        >
          <QuestionFields {...props} />
        </Form>
      </Panel>
      <Panel title={t('question.asStudent')}>
        <StudentsView
          key={shownAs(draft)}
          question={{
            id: 0,
            question_text: sent.question_text || '…',
            question_type: shownAs(draft),
            options: sent.options ?? null,
            marks: sent.marks ?? 0,
            negative_marks: sent.negative_marks ?? 0,
          }}
        />
      </Panel>
    </div>
  );
}
