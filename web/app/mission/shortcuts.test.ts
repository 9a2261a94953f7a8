import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Actions } from './actions.svelte';
import type { List } from './list.svelte';
import type { OpenMission } from './mission.svelte';
import { candidate, member } from './sample';
import { notices } from '../ui/notices.svelte';
import type { press as Press } from './shortcuts';

// What the language is read from; set before it is imported.
vi.stubGlobal('document', { documentElement: { lang: '' } });
vi.stubGlobal('navigator', { languages: ['en'] });

const [ada, bob] = [candidate('Ada'), candidate('Bob')];
const cleo = member('cleo');
const toggle = vi.fn();
const askPicked = vi.fn();
const remove = vi.fn();
const list = { shown: [ada, bob] } as unknown as List;
const mission = { post: null, crew: [cleo] } as unknown as OpenMission;
const free = { picks: { toggle }, asks: true, replacing: null, selected: null, removing: null, isSending: () => false, askPicked, remove };

let press: typeof Press;

beforeAll(async () => {
  ({ press } = await import('./shortcuts'));
});
beforeEach(() => {
  vi.clearAllMocks();
});

function pressed(key: string, actions: object = free, focused: string | null = null): boolean {
  return press(key, mission, actions as Actions, list, focused);
}

test('a number picks who has it in the list, where anybody can be asked', () => {
  expect(pressed('2')).toBe(true);
  expect(toggle).toHaveBeenCalledExactlyOnceWith(bob, null);
  expect(pressed('3')).toBe(true);
  expect(pressed('1', { ...free, asks: false })).toBe(true);
  expect(pressed('1', { ...free, replacing: cleo })).toBe(true);
  expect(toggle).toHaveBeenCalledOnce();
});

test('x is about whose row has the focus, else whose row is open; never twice', () => {
  pressed('x');
  expect(notices.all.at(-1)?.text).toBe('Go to somebody on the mission first.');
  pressed('x', { ...free, isSending: () => true }, 'cleo');
  expect(remove).not.toHaveBeenCalled();
  pressed('x', free, 'cleo');
  pressed('x', { ...free, selected: 'cleo' });
  expect(remove).toHaveBeenCalledTimes(2);
});

test('x from elsewhere than where it was asked drops the question', () => {
  const actions = { ...free, selected: 'cleo', removing: 'cleo' as string | null };
  pressed('x', actions, null);
  expect(remove).not.toHaveBeenCalled();
  expect(actions.removing).toBeNull();
  pressed('x', { ...free, removing: cleo.assignment.id }, cleo.assignment.id);
  expect(remove).toHaveBeenCalledExactlyOnceWith(cleo);
});

test('what it does not know is left to whatever is beside it', () => {
  expect(['0', 'j', 'Enter'].map((key) => pressed(key))).toEqual([false, false, false]);
});
