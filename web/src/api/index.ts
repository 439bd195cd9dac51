/** React on top of @oep/client: providers and hooks for all pages. */

export { useMonitor, useMonitorConnection } from './monitor';
export { type Oep, OepProvider, useApi, useLogin, useOep } from './Oep';
export { type ProviderDoor, useProviderDoor } from './provider';
export { getKey, type QueryHabits, useGet } from './queries';
export {
  RoomProvider,
  useAnswer,
  useAttemptSocket,
  useBookSummary,
  useConnection,
  useFrame,
  useRemainingSeconds,
  useReporter,
  useReporterState,
  useRoom,
  useServerClock,
} from './Room';
export { useFileAddress } from './useFileAddress';
