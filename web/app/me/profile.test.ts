import { expect, test, vi } from 'vitest';
import { Unreachable } from '../api/refused';
import type { UserProfile } from '../api/types';

const server = { bio: 'Permis B' };
const get = vi.fn((path: string) => {
  const profile = { user_id: 'u', bio: server.bio, skill_levels: { lumière: 3 }, locale: null } as Partial<UserProfile>;
  return Promise.resolve({ data: path.endsWith('profile') ? profile : { name: 'Léa' }, response: new Response() });
});
vi.mock('../session/session.svelte', () => ({ session: { me: { user_id: 'u' } } }));
vi.mock('../api/client', () => ({ data: (answer: { data: unknown }) => answer.data, api: { GET: get } }));

const { Profile } = await import('./profile.svelte');

test('what is written and not saved is there when the screen is opened again, and else what is new is', async () => {
  const profile = new Profile();
  await profile.load();
  expect([profile.bio, profile.isNew]).toEqual(['Permis B', false]);
  server.bio = 'Permis C';
  await profile.load();
  expect([profile.bio, profile.isNew]).toEqual(['Permis C', false]);
  profile.bio = 'Permis C, allergique aux noix';
  profile.skill = 'son';
  get.mockClear();
  await profile.load();
  expect(get).not.toHaveBeenCalled();
  expect([profile.bio, profile.skill, profile.isNew]).toEqual(['Permis C, allergique aux noix', 'son', true]);
});

test('what is written while it is being read is not replaced', async () => {
  const profile = new Profile();
  await profile.load();
  server.bio = 'Permis D';
  const loading = profile.load();
  profile.bio = 'Permis E';
  await loading;
  expect(profile.bio).toBe('Permis E');
});

test('a skill that is there in another spelling is named, and not added', async () => {
  const profile = new Profile();
  await profile.load();
  profile.skill = ' Lumiere ';
  profile.add();
  expect([profile.skills.length, profile.twice, profile.skill]).toEqual([1, 'lumière', '']);
  profile.skill = 'son';
  profile.add();
  expect([profile.skills.length, profile.twice]).toEqual([2, null]);
});

test('what is written while it cannot be read is there again when that is tried again', async () => {
  const profile = new Profile();
  await profile.load();
  get.mockRejectedValueOnce(new Unreachable());
  const loading = profile.load();
  profile.bio = 'Permis E';
  await loading;
  expect(profile.failure).not.toBeNull();
  await profile.load();
  expect([profile.failure, profile.bio]).toEqual([null, 'Permis E']);
});
