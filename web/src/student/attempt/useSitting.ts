import { useSyncExternalStore } from 'react';
import { useApi, useRoom } from '../../api';
import type { Sitting } from '../room/sitting';
import { type Around, aroundOf } from './around';

/** What goes on around the open attempt. */
export function useAround(): Around {
  return aroundOf(useRoom(), useApi());
}

/** The state of it; renders anew when it changes. */
export function useSitting(): Sitting {
  const around = useAround();
  return useSyncExternalStore(around.onChange, () => around.state);
}
