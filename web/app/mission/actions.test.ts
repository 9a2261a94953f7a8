import { expect, test, vi } from 'vitest';
import type { OpenMission } from './mission.svelte';
import { candidate, invitation, member } from './sample';

vi.mock('../words/language.svelte', () => ({ dictionary: (both: { en: object }) => () => both.en, language: { current: 'en' } }));
vi.mock('../plan/commands.svelte', () => ({ commands: { apply: vi.fn(() => Promise.resolve({})) } }));
vi.mock('../plan/plan.svelte', () => ({ plan: { snapshot: { assignment: () => ({}) } } }));
vi.mock('../plan/conflicts', () => ({}));
vi.mock('../api/client', () => ({}));

const { commands } = await import('../plan/commands.svelte');
const { Actions } = await import('./actions.svelte');
const { notices } = await import('../ui/notices.svelte');

const facts = { title: 'Montage', updatedAt: '2026-07-02T08:00:00Z' };
const mission = { id: 'mission', facts, refresh: () => Promise.resolve() } as unknown as OpenMission;
const lea = member('lea', { user_name: 'Léa' }, invitation('lea'));

test.each([['ACCEPTED', 'Léa accepts “Montage”'], ['DECLINED', 'Léa declines “Montage”']] as const)(
  'an answer that was given by telephone is a change of the plan, of what was seen: %s',
  (status, told) => {
    const actions = new Actions(mission, () => []);
    actions.noteAnswer(lea, status);
    const command = { type: 'set_status', assignment_id: 'lea', status, if_unchanged: facts.updatedAt };
    expect(vi.mocked(commands).apply).toHaveBeenLastCalledWith({ commands: [command], told });
    expect(actions.isSending(lea)).toBe(true);
  },
);

test('whoever agrees to a new time agrees to the one that was seen, and it can be taken back', () => {
  const actions = new Actions(mission, () => []);
  actions.confirm(lea);
  const command = { type: 'confirm', assignment_id: 'lea', if_unchanged: facts.updatedAt };
  expect(vi.mocked(commands).apply).toHaveBeenLastCalledWith({ commands: [command], told: 'The yes of Léa is recorded' });
});

const role = { id: 'son', role_name: 'son', quota: 1, accepted: 0, invited: 0 };

test('only who is seen is asked by the key', () => {
  const [ada, bob] = [candidate('Ada'), candidate('Bob')];
  const one = { ...mission, facts: { ...facts, end: Infinity, roles: [role] }, post: { role, crew: [] }, candidates: [ada, bob] };
  const actions = new Actions(one as unknown as OpenMission, () => [bob]);
  actions.askPicked();
  const [asked] = vi.mocked(commands).apply.mock.lastCall?.[0].commands ?? [];
  expect(asked).toMatchObject({ type: 'assign', user_id: bob.user_id });
});

test('who is asked for a post that is full is asked the second time', () => {
  const full = { ...role, accepted: 1 };
  const one = { ...mission, facts: { ...facts, end: Infinity, roles: [full] }, post: { role: full, crew: [] } };
  const actions = new Actions(one as unknown as OpenMission, () => []);
  const before = vi.mocked(commands).apply.mock.calls.length;
  actions.ask(candidate('Ada'));
  expect(vi.mocked(commands).apply).toHaveBeenCalledTimes(before);
  expect(notices.all.at(-1)?.text).toBe('“son” is full: 1 of 1.');
  actions.ask(candidate('Ada'));
  expect(vi.mocked(commands).apply).toHaveBeenCalledTimes(before + 1);
});
