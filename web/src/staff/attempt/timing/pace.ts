/** The time of each question beside the class's, on one scale for all bars. */

/** What the report says of one question; `class_pace` is null below five students. */
export interface Pace {
  question_id: number;
  total_time_seconds: number;
  answer_count: number;
  class_pace: {
    student_count: number;
    lower_quartile: number;
    median: number;
    upper_quartile: number;
  } | null;
  times_median: number | null;
  pace: string | null;
}

export interface Bar {
  questionId: number;
  seconds: number;
  /** Shares of the scale, 0 to 1; what lies beyond its end is at 1. */
  own: number;
  isBeyond: boolean;
  box: { from: number; to: number; median: number } | undefined;
  pace: 'faster' | 'usual' | 'slower' | undefined;
}

/**
 * Returns a bar for each question and the seconds at the scale's end: what most take, so that one student
 * who left a question open over lunch does not make all others thin lines.
 */
export function barsOf(paces: readonly Pace[]): { bars: Bar[]; end: number } {
  const class_ = paces.map((each) => each.class_pace?.upper_quartile ?? 0);
  const own = paces.map((each) => each.total_time_seconds).sort((one, other) => one - other);
  const most = own[Math.ceil(own.length * 0.9) - 1] ?? 0;
  const end = Math.max(...class_.map((each) => each * 1.25), most, 1);
  return { end, bars: paces.map((each) => barOf(each, end)) };
}

function barOf(each: Pace, end: number): Bar {
  const share = (seconds: number) => Math.min(seconds / end, 1);
  const { class_pace: told } = each;
  return {
    questionId: each.question_id,
    seconds: each.total_time_seconds,
    own: share(each.total_time_seconds),
    isBeyond: each.total_time_seconds > end,
    box: told
      ? {
          from: share(told.lower_quartile),
          to: share(told.upper_quartile),
          median: share(told.median),
        }
      : undefined,
    pace: PACES.find((word) => word === each.pace),
  };
}

const PACES = ['faster', 'usual', 'slower'] as const;
