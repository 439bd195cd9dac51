import { useTranslations } from 'use-intl';
import { NumberField } from '../../../ui/NumberField';
import { errorOf } from '../../../ui/problems';
import { Radio, RadioGroup } from '../../../ui/RadioGroup';
import { Select } from '../../../ui/Select';
import { TextArea, TextField } from '../../../ui/TextField';
import { Row } from '../Form';
import {
  DIFFICULTIES,
  type Difficulty,
  type FlawField,
  flawsOf,
  KINDS,
  type Kind,
  type QuestionDraft,
} from './draft';
import { OptionFields } from './OptionFields';

export interface QuestionFieldsProps {
  draft: QuestionDraft;
  onChange: (draft: QuestionDraft) => void;
  problem: unknown;
  /** Whether what is missing is marked already: from the first change on. */
  isStrict: boolean;
}

/** The names that `ProblemBox` need not repeat. */
export const QUESTION_FIELDS = [
  'question_text',
  'options',
  'correct_answer',
  'marks',
  'negative_marks',
] as const;

/** Everything about a question; what is wrong stands beside it while it is typed. */
export function QuestionFields(props: QuestionFieldsProps) {
  const t = useTranslations('admin');
  const { draft, onChange } = props;
  const error = useFlaws(props);
  return (
    <>
      <Select
        label={t('question.question_type')}
        onChange={(question_type: Kind) => onChange({ ...draft, question_type })}
        options={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
        value={draft.question_type}
      />
      <TextArea
        error={error('question_text')}
        isRequired
        label={t('question.question_text')}
        onChange={(question_text) => onChange({ ...draft, question_text })}
        rows={4}
        value={draft.question_text}
      />
      <Key {...props} error={error('options') ?? error('correct_answer')} />
      <Worth {...props} error={error('marks')} />
      <TextArea
        hint={t('question.explanationHint')}
        isOptional
        label={t('question.explanation')}
        onChange={(explanation) => onChange({ ...draft, explanation })}
        value={draft.explanation}
      />
      <TextField
        hint={t('question.tagsHint')}
        isOptional
        label={t('question.tags')}
        onChange={(tags) => onChange({ ...draft, tags })}
        value={draft.tags}
      />
    </>
  );
}

interface PartProps extends QuestionFieldsProps {
  error: string | undefined;
}

/** What is right, by the kind of question. */
function Key({ draft, onChange, error }: PartProps) {
  const t = useTranslations('admin');
  if (draft.question_type === 'multiple_choice') {
    return (
      <OptionFields
        error={error}
        onChange={(options) => onChange({ ...draft, options })}
        options={draft.options}
      />
    );
  }
  if (draft.question_type === 'true_false') {
    return (
      <RadioGroup
        error={error}
        label={t('question.right')}
        onChange={(truth) => onChange({ ...draft, truth: truth as 'true' | 'false' })}
        orientation="horizontal"
        value={draft.truth}
      >
        <Radio value="true">{t('question.true')}</Radio>
        <Radio value="false">{t('question.false')}</Radio>
      </RadioGroup>
    );
  }
  return (
    <TextArea
      error={error}
      hint={t('question.modelHint')}
      isRequired
      label={t('question.model')}
      onChange={(model) => onChange({ ...draft, model })}
      value={draft.model}
    />
  );
}

function Worth({ draft, onChange, problem, error }: PartProps) {
  const t = useTranslations('admin');
  return (
    <Row>
      <NumberField
        error={draft.marks === null ? error : errorOf(problem, 'marks')}
        label={t('question.marks')}
        minValue={0}
        onChange={(marks) => onChange({ ...draft, marks })}
        step={0.25}
        value={draft.marks}
      />
      <NumberField
        error={draft.negative_marks === null ? error : errorOf(problem, 'negative_marks')}
        hint={t('question.negativeHint')}
        label={t('question.negative_marks')}
        minValue={0}
        onChange={(negative_marks) => onChange({ ...draft, negative_marks })}
        step={0.25}
        value={draft.negative_marks}
      />
      <Select
        label={t('question.difficulty')}
        onChange={(difficulty: Difficulty) => onChange({ ...draft, difficulty })}
        options={DIFFICULTIES.map((value) => ({ value, label: t(`difficulties.${value}`) }))}
        value={draft.difficulty}
      />
    </Row>
  );
}

function useFlaws({ draft, problem, isStrict }: QuestionFieldsProps) {
  const t = useTranslations('admin');
  const flaws = flawsOf(draft);
  return (field: FlawField): string | undefined => {
    const flaw = flaws[field];
    return flaw && isStrict ? t(`questionFlaws.${flaw}`) : errorOf(problem, field);
  };
}
