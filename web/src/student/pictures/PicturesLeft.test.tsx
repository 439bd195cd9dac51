// @vitest-environment happy-dom
import type { SnapshotState } from '@oep/client/snapshots';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { Words } from '../../words/Words';
import { PicturesLeft } from './PicturesLeft';

let state: Partial<SnapshotState> | undefined;
vi.mock('./useSnapshots', () => ({ useSnapshots: () => ({ state }) }));
afterEach(cleanup);

const shown = () => (
  <Words of={['common']}>
    <p>result</p>
    <PicturesLeft attemptId={41} />
  </Words>
);

test('what the room could not send is said as long as it waits, and what came too late', async () => {
  state = { waiting: 3 };
  const { rerender } = render(shown());
  await waitFor(() => expect(screen.getByText(/3 pictures from your camera/)).toBeDefined());
  state = { waiting: 0, refusal: 'The attempt is closed' };
  rerender(shown());
  await waitFor(() => expect(screen.getByText('The attempt is closed')).toBeDefined());
});

test('where nothing waits nothing is said', async () => {
  state = { waiting: 0 };
  const { container } = render(shown());
  await waitFor(() => expect(screen.getByText('result')).toBeDefined());
  expect(container.textContent).toBe('result');
});
