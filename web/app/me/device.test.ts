import { expect, test } from 'vitest';
import { device } from './device';

const CHROME = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const EDGE = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0';

test('browsers that name each other are told apart', () => {
  expect(device(CHROME)).toEqual({ browser: 'Chrome', system: 'Android' });
  expect(device(SAFARI)).toEqual({ browser: 'Safari', system: 'iPhone' });
  expect(device(EDGE)).toEqual({ browser: 'Edge', system: 'Windows' });
});

test('what is not known is not guessed', () => {
  expect(device('curl/8.5.0')).toBeNull();
  expect(device(null)).toBeNull();
});
