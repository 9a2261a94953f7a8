import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pace } from './pace.svelte';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

let at = 0;
let top = 0;
function scroll(...took: number[]): void {
  for (const milliseconds of took) pace.scrolled((at += milliseconds), (top += 60));
}

test('frames that are late time and again leave the texts out, until the board rests', () => {
  scroll(1000, 17, 33, 17, 33, 17);
  expect(pace.hurried).toBe(false);
  scroll(33);
  expect(pace.hurried).toBe(true);
  vi.advanceTimersByTime(119);
  expect(pace.hurried).toBe(true);
  vi.advanceTimersByTime(1);
  expect(pace.hurried).toBe(false);
});

test('a late frame now and then leaves nothing out, nor does scrolling by steps', () => {
  scroll(1000, 33, 17, 17, 17, 17, 33, 17, 17, 17, 17, 33);
  expect(pace.hurried).toBe(false);
  scroll(200, 200, 200);
  expect(pace.hurried).toBe(false);
  // A key that is held goes by rows, which can be read.
  for (let rows = 0; rows < 9; rows += 1) pace.scrolled((at += 33), (top += 40));
  expect(pace.hurried).toBe(false);
});
