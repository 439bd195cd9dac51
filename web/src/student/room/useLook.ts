import { useSyncExternalStore } from 'react';
import { useBookSummary, useConnection } from '../../api';
import { type Look, lookOf } from './connection';

/** How the connection looks; renders anew when that changes. */
export function useLook(): Look {
  const hasNetwork = useSyncExternalStore(onNetwork, () => navigator.onLine);
  return lookOf(useConnection(), hasNetwork, useBookSummary().state);
}

function onNetwork(changed: () => void): () => void {
  window.addEventListener('online', changed);
  window.addEventListener('offline', changed);
  return () => {
    window.removeEventListener('online', changed);
    window.removeEventListener('offline', changed);
  };
}
