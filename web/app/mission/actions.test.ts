import { expect, test, vi } from 'vitest';
import type { OpenMission } from './mission.svelte';
import { invitation, member } from './sample';

vi.mock('../words/language.svelte', () => ({ dictionary: (both: { en: object }) => () => both.en, language: { current: 'en' } }));
vi.mock('../plan/commands.svelte', () => ({ commands: { apply: vi.fn(() => Promise.resolve({})) } }));
vi.mock('../plan/plan.svelte', () => ({ plan: { snapshot: { assignment: () => ({}) } } }));
vi.mock('../plan/conflicts', () => ({}));
vi.mock('../api/client', () => ({}));

const { commands } = await import('../plan/commands.svelte');
const { Actions } = await import('./actions.svelte');

const facts = { title: 'Montage', updatedAt: '2026-07-02T08:00:00Z' };
const mission = { id: 'mission', facts, refresh: () => Promise.resolve() } as unknown as OpenMission;
const lea = member('lea', { user_name: 'Léa' }, invitation('lea'));

test.each([['ACCEPTED', 'Léa accepts “Montage”'], ['DECLINED', 'Léa declines “Montage”']] as const)(
  'an answer that was given by telephone is a change of the plan, of what was seen: %s',
  (status, told) => {
    const actions = new Actions(mission);
    actions.noteAnswer(lea, status);
    const command = { type: 'set_status', assignment_id: 'lea', status, if_unchanged: facts.updatedAt };
    expect(vi.mocked(commands).apply).toHaveBeenLastCalledWith({ commands: [command], told });
    expect(actions.isSending(lea)).toBe(true);
  },
);
