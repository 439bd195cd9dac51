import { useTimeZone, useTranslations } from 'use-intl';
import { Checkbox } from '../../../ui/Checkbox';
import { CheckboxGroup } from '../../../ui/CheckboxGroup';
import { NumberField } from '../../../ui/NumberField';
import { errorOf } from '../../../ui/problems';
import { Select } from '../../../ui/Select';
import { TextArea, TextField } from '../../../ui/TextField';
import { Row } from '../Form';
import { useTradeChoices } from '../useChoices';
import { DEVICE_POLICIES, type DevicePolicy, type ExamDraft, FLAGS, flawsOf } from './draft';

export interface ExamFieldsProps {
  draft: ExamDraft;
  onChange: (draft: ExamDraft) => void;
  problem: unknown;
  isStrict: boolean;
  /** An exam that is here keeps its trade. */
  isKnown: boolean;
}

/** The names that `ProblemBox` need not repeat. */
export const EXAM_FIELDS = [
  'title',
  'exam_code',
  'trade_id',
  'duration_minutes',
  'total_marks',
  'passing_marks',
  'max_attempts',
  'start_time',
  'end_time',
  'second_marking_tolerance',
] as const;

/** An exam's details, without its questions. */
export function ExamFields(props: ExamFieldsProps) {
  const t = useTranslations('admin');
  const { text } = useFields(props);
  const trades = useTradeChoices(t('choose'));
  return (
    <>
      <TextField {...text('title')} isRequired />
      <Row>
        <Select {...text('trade_id')} isDisabled={props.isKnown} options={trades} />
        <TextField {...text('exam_code')} hint={t('exam.codeHint')} isOptional />
      </Row>
      <Worth {...props} />
      <Schedule {...props} />
      <TextArea {...text('description')} isOptional />
      <TextArea {...text('instructions')} hint={t('exam.instructionsHint')} isOptional rows={6} />
      <Rules {...props} />
    </>
  );
}

function Worth(props: ExamFieldsProps) {
  const { figure } = useFields(props);
  return (
    <Row>
      <NumberField {...figure('duration_minutes')} minValue={1} />
      <NumberField {...figure('total_marks')} minValue={0} />
      <NumberField {...figure('passing_marks')} minValue={0} />
      <NumberField {...figure('max_attempts')} isOptional minValue={1} />
    </Row>
  );
}

/** When an attempt may begin; the zone is named, because students may be elsewhere. */
function Schedule(props: ExamFieldsProps) {
  const t = useTranslations('admin');
  const { text } = useFields(props);
  const zone = useTimeZone() ?? 'UTC';
  return (
    <Row>
      <TextField {...text('start_time')} hint={t('exam.zone', { zone })} type="datetime-local" />
      <TextField {...text('end_time')} hint={t('exam.zone', { zone })} type="datetime-local" />
    </Row>
  );
}

function Rules(props: ExamFieldsProps) {
  const t = useTranslations('admin');
  const { draft, onChange } = props;
  const { figure } = useFields(props);
  return (
    <>
      <CheckboxGroup
        label={t('exam.rules')}
        onChange={(flags) => onChange({ ...draft, flags })}
        value={draft.flags}
      >
        {FLAGS.map((flag) => (
          <Checkbox key={flag} size="dense" value={flag}>
            {t(`exam.${flag}`)}
          </Checkbox>
        ))}
      </CheckboxGroup>
      <Select
        label={t('exam.device_policy')}
        onChange={(device_policy: DevicePolicy) => onChange({ ...draft, device_policy })}
        options={DEVICE_POLICIES.map((value) => ({ value, label: t(`devicePolicy.${value}`) }))}
        value={draft.device_policy}
      />
      <Checkbox
        isSelected={draft.isMarkedTwice}
        onChange={(isMarkedTwice) => onChange({ ...draft, isMarkedTwice })}
      >
        {t('exam.second_marking')}
      </Checkbox>
      {draft.isMarkedTwice && (
        <NumberField
          {...figure('second_marking_tolerance')}
          hint={t('exam.toleranceHint')}
          minValue={0}
          step={0.5}
        />
      )}
    </>
  );
}

type Text =
  | 'title'
  | 'exam_code'
  | 'trade_id'
  | 'description'
  | 'instructions'
  | 'start_time'
  | 'end_time';
type Figure =
  | 'duration_minutes'
  | 'total_marks'
  | 'passing_marks'
  | 'max_attempts'
  | 'second_marking_tolerance';

function useFields({ draft, onChange, problem, isStrict }: ExamFieldsProps) {
  const t = useTranslations('admin');
  const flaws = flawsOf(draft);
  const base = (name: Text | Figure) => {
    const flaw = flaws[name];
    const isTold = flaw && (isStrict || flaw !== 'needed');
    return {
      label: t(`exam.${name}`),
      error: isTold ? t(`examFlaws.${flaw}`) : errorOf(problem, name),
    };
  };
  const text = (name: Text) => ({
    ...base(name),
    value: draft[name],
    onChange: (value: string) => onChange({ ...draft, [name]: value }),
  });
  const figure = (name: Figure) => ({
    ...base(name),
    value: draft[name],
    onChange: (value: number | null) => onChange({ ...draft, [name]: value }),
  });
  return { text, figure };
}
