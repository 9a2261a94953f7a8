import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Unreachable } from '../api/refused';

const events = new EventTarget();
vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
vi.stubGlobal('document', { baseURI: 'http://crew.example/app/' });
vi.stubGlobal('navigator', { onLine: true });
vi.stubGlobal('location', { hostname: 'crew.example' });
vi.mock('../words/language.svelte', () => ({ dictionary: (both: { en: object }) => () => both.en, language: { current: 'en' } }));
vi.mock('./plan.svelte', () => ({ plan: { snapshot: null, pend: vi.fn(), drop: vi.fn(), settle: () => Promise.resolve(), refresh: () => Promise.resolve() } }));
vi.mock('./links.svelte', () => ({ keepLink: vi.fn() }));
vi.mock('../api/client', () => {
  let keys = 0;
  return { api: { POST: vi.fn() }, data: (answer: unknown) => answer, newKey: () => `key ${String(keys++)}` };
});

const { api } = await import('../api/client');
const { commands } = await import('./commands.svelte');
const post = vi.mocked(api.POST);
const change = { commands: [], told: 'Ada is asked' };

beforeEach(() => {
  vi.useFakeTimers();
  post.mockReset().mockRejectedValue(new Unreachable());
});
afterEach(() => {
  vi.useRealTimers();
});

function answers(): void {
  post.mockResolvedValue({ results: [], version: '1', undo: null } as never);
}

test('without an answer a change is sent again by itself, under the same key, and said to be unsure until there is one', async () => {
  const applied = commands.apply(change);
  await vi.advanceTimersByTimeAsync(7_400);
  expect([post.mock.calls.length, commands.unsure]).toEqual([3, null]);
  await vi.advanceTimersByTimeAsync(200);
  expect([post.mock.calls.length, commands.unsure?.told]).toEqual([4, change.told]);
  await vi.advanceTimersByTimeAsync(15_000);
  expect([post.mock.calls.length, commands.unsure?.told]).toEqual([5, change.told]);
  answers();
  await vi.advanceTimersByTimeAsync(15_000);
  await expect(applied).resolves.toMatchObject({ version: '1' });
  expect(commands.unsure).toBeNull();
  expect(new Set(post.mock.calls.map((call) => JSON.stringify(call)))).toHaveLength(1);
});

test('it is sent at once when the network is back, and when somebody says so', async () => {
  const applied = commands.apply(change);
  await vi.advanceTimersByTimeAsync(7_600);
  events.dispatchEvent(new Event('online'));
  await vi.advanceTimersByTimeAsync(0);
  expect(post).toHaveBeenCalledTimes(5);
  answers();
  commands.unsure?.again();
  await applied;
  expect([post.mock.calls.length, commands.waiting]).toEqual([6, 0]);
});
