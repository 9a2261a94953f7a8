import { beforeEach, expect, test, vi } from 'vitest';
import { notices } from './notices.svelte';

vi.useFakeTimers();

beforeEach(() => {
  notices.release();
  notices.clear();
});

const action = { text: 'Undo', act: () => undefined };
const texts = (): string[] => notices.all.map(({ text }) => text);

test('what was refused is not pushed out by what was done', () => {
  notices.tell('refused', 'no');
  for (const text of ['1', '2', '3', '4', '5']) notices.tell('done', text);
  expect(texts()).toEqual(['no', '4', '5']);
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual(['no']);
});

test('whatever is no success stays, however many there are, and so does the newest', () => {
  for (const text of ['1', '2', '3', '4']) notices.tell('refused', text);
  notices.tell('done', 'yes');
  expect(texts()).toEqual(['1', '2', '3', '4', 'yes']);
});

test('only the last change can be taken back', () => {
  notices.tell('done', '1', { action });
  notices.tell('refused', 'no');
  notices.tell('done', '2', { action });
  expect(notices.all.map((notice) => notice.action)).toEqual([undefined, undefined, action]);
});

test('a newer one about the same takes the place of the older', () => {
  notices.tell('done', 'Bob is asked', { action });
  notices.tell('done', 'Taken back: Bob is asked', { about: 'Bob is asked', action });
  expect(texts()).toEqual(['Taken back: Bob is asked']);
  for (const detail of ['once', 'again']) notices.tell('refused', 'Could not be taken back', { detail });
  expect(texts()).toEqual(['Taken back: Bob is asked', 'Could not be taken back']);
  expect(notices.all.at(-1)?.detail).toBe('again');
});

test('two warnings in the same words are two, unless they say what they are about', () => {
  for (const about of [undefined, undefined, 'a', 'a']) notices.tell('warning', 'A link could not be mailed', about === undefined ? {} : { about });
  expect(texts()).toHaveLength(3);
});

test('none goes by itself while somebody points at them', () => {
  notices.tell('done', '1');
  notices.hold();
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual(['1']);
  notices.tell('done', '2');
  notices.release();
  expect(texts()).toEqual(['2']);
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual([]);
});
