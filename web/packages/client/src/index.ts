/** What an exam page needs to talk to OEP; README.md shows the twenty lines that use it. */

export { AnswerBook, type AnswerState, type AnswerView, type BookSummary } from './answers';
export { type Answer, type Api, type ApiOptions, type Asked, createApi, type GetPath } from './api';
export type { paths } from './api.gen';
export { type ClockOptions, ServerClock } from './clock';
export type { ConnectionName, ConnectionReason, ConnectionState } from './connection';
export type { Unsubscribe } from './emitter';
export { type FieldError, Refusal, SignedOut, StorageUnavailable, Unreachable } from './errors';
export type * from './frames';
export { type KeptRoom, RoomShelf } from './kept_room';
export {
  type Enrolled,
  type Login,
  type LoginEnd,
  LoginKeeper,
  type LoginKeeperOptions,
  type LoginState,
  type NextStep,
  nextStepOf,
} from './login';
export { EventReporter, type Report, type ReporterState } from './reporter';
export { keptReceipt, openRoom, type Room, type RoomOptions } from './room';
export type * from './shapes';
export { forgetSnapshots } from './snapshot_queue';
export {
  AttemptSocket,
  type BoardView,
  MonitorSocket,
  type Socket,
  type SocketOptions,
} from './sockets';
export {
  AnswersUnconfirmed,
  type SubmitOptions,
  type Submitted,
  submitAttempt,
} from './submitting';
export { QuestionTimer } from './timer';
