export { AnswerChanges, isEmpty } from './answers';
export {
  type AnswerChangeData,
  HAPPENING_TYPES,
  type Happening,
  type HappeningData,
  type HappeningType,
  instant,
  type Severity,
} from './happenings';
export { CANNOT_BLOCK, type CannotBlock } from './limits';
export { type WatchOptions, watch } from './watch';
