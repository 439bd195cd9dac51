import {
  type Before,
  openSnapshots,
  type SnapshotState,
  type Snapshots,
} from '@oep/client/snapshots';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useOep } from '../../api';

/** The pictures of an attempt on this device, and how they stand; undefined until they are opened. */
export function useSnapshots(
  attemptId: number,
  before?: Before,
): { snapshots: Snapshots | undefined; state: SnapshotState | undefined } {
  const { login, clock } = useOep();
  const [snapshots, setSnapshots] = useState<Snapshots>();
  useEffect(() => {
    let isWanted = true;
    let opened: Snapshots | undefined;
    openSnapshots({ login, clock, attemptId, ...(before && { before }) }).then(
      (found) => {
        opened = found;
        if (isWanted) setSnapshots(found);
        else found.close();
      },
      () => undefined, // a browser that keeps nothing has no exam room either
    );
    return () => {
      isWanted = false;
      opened?.close();
      setSnapshots(undefined);
    };
  }, [login, clock, attemptId, before]);
  const state = useSyncExternalStore(
    (changed) => snapshots?.onChange(changed) ?? (() => undefined),
    () => snapshots?.state,
  );
  return { snapshots, state };
}
