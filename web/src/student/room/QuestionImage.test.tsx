// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { markerOf } from './question';

const shared = vi.hoisted(() => ({ fetch: vi.fn() }));
vi.mock('../../api', () => ({ useApi: () => shared }));

const { QuestionImage } = await import('./QuestionImage');

const IMAGE = { number: 2, sha256: 'ab12', alternative: 'a glass fuse' };

afterEach(() => {
  cleanup();
  shared.fetch.mockReset();
});

function show(): void {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <QuestionImage image={IMAGE} questionId={7} />
    </QueryClientProvider>,
  );
}

it('shows what the platform gives, under the number that the text names', async () => {
  shared.fetch.mockResolvedValue(new Response(new Blob(['x'], { type: 'image/png' })));
  show();
  const image = await screen.findByRole('img', { name: IMAGE.alternative });
  expect(image.getAttribute('src')).toMatch(/^blob:/);
  expect(shared.fetch.mock.calls[0]?.[0]).toBe('/api/v1/exams/questions/7/images/ab12');
  expect(screen.getByText(markerOf(2))).toBeTruthy();
});

it('says in words what it shows while there is no image', () => {
  shared.fetch.mockRejectedValue(new Error('cut'));
  show();
  expect(screen.getByText(IMAGE.alternative)).toBeTruthy();
  expect(screen.queryByRole('img')).toBeNull();
});
