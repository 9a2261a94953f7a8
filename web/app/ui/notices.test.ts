import { beforeEach, expect, test, vi } from 'vitest';
import { notices } from './notices.svelte';

vi.useFakeTimers();

beforeEach(() => {
  notices.all = [];
});

const texts = (): string[] => notices.all.map(({ text }) => text);

test('what was refused is not pushed out by what was done', () => {
  notices.tell('refused', 'no');
  for (const text of ['1', '2', '3', '4', '5']) notices.tell('done', text);
  expect(texts()).toEqual(['no', '3', '4', '5']);
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual(['no']);
});

test('only the last change can be taken back', () => {
  const action = { text: 'Undo', act: () => undefined };
  notices.tell('done', '1', { action });
  notices.tell('refused', 'no');
  notices.tell('done', '2', { action });
  expect(notices.all.map((notice) => notice.action)).toEqual([undefined, undefined, action]);
});
