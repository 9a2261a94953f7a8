import { expect, test } from 'vitest';
import { isOffline } from './offline';

test('without a network only a server on the machine itself is reached', () => {
  expect(['crew.example.org', '192.168.1.20'].map((host) => isOffline(false, host))).toEqual([true, true]);
  expect(['localhost', '127.0.0.1', '[::1]', 'crew.localhost'].map((host) => isOffline(false, host))).toEqual([false, false, false, false]);
  expect(isOffline(true, 'crew.example.org')).toBe(false);
});
