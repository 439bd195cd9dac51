import { type Api, Refusal } from '@oep/client';
import { expect, it } from 'vitest';
import { erasePerson, exportPerson } from './data';

function recording(refuses?: string) {
  const asked: string[] = [];
  const call = async (path: string) => {
    asked.push(path);
    if (refuses && path.includes(refuses)) {
      throw new Refusal({ status: 409, slug: 'sitting', detail: 'He sits' });
    }
    return { from: path.split('/')[3] };
  };
  return { asked, api: { get: call, post: call } as unknown as Api };
}

it('puts what three services know into one document', async () => {
  const { api } = recording();
  expect(await exportPerson(api, 7, new Date(0))).toEqual({
    user_id: 7,
    exported_at: '1970-01-01T00:00:00.000Z',
    auth: { from: 'auth' },
    attempts: { from: 'attempts' },
    proctoring: { from: 'proctoring' },
  });
});

it('erases nothing anywhere while the person sits an exam', async () => {
  const { api, asked } = recording('attempts');
  await expect(erasePerson(api, 7, 'asked for')).rejects.toThrow('He sits');
  expect(asked).toHaveLength(1);
});

it('forgets where he sat before it forgets who he was', async () => {
  const { api, asked } = recording();
  await erasePerson(api, 7, 'asked for');
  expect(asked.map((path) => path.split('/')[3])).toEqual(['attempts', 'auth', 'proctoring']);
});
