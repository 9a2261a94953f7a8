import { expect, test } from 'vitest';
import { Picks } from './picks.svelte';
import { candidate, role } from './sample';

test('who was picked or left is told with how many there were then, whatever becomes of them', () => {
  const [picks, son] = [new Picks(), role('son', 2)];
  const [ada, bob] = [candidate('Ada'), candidate('Bob')];
  for (const one of [ada, bob]) picks.toggle(one, son);
  expect(picks.last).toEqual({ name: 'Bob', picked: true, count: 2 });
  picks.without([bob.user_id]);
  expect(picks.last).toMatchObject({ name: 'Bob', count: 2 });
  picks.toggle(ada, son);
  expect(picks.last).toEqual({ name: 'Ada', picked: false, count: 0 });
  picks.clear();
  expect(picks.last).toBeNull();
});
