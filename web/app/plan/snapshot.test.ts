import { expect, test } from 'vitest';
import { assignment, sample, user } from './sample';
import { Snapshot } from './snapshot';

test('a crew is those who accepted, then those who were asked, each in the order in which the server has people', () => {
  // By last name: not the order of what a person is called, and not that of the assignments.
  const users = [user('zoe'), user('bob'), user('ada'), user('max')];
  const assignments = [
    assignment('montage', 'ada'),
    assignment('montage', 'bob', { status: 'INVITED' }),
    assignment('montage', 'max'),
    assignment('montage', 'zoe', { status: 'INVITED' }),
  ];
  const crew = new Snapshot(sample({ users, assignments })).ofMission('montage');
  expect(crew.map((one) => `${one.user.name} ${one.status}`)).toEqual(['ada ACCEPTED', 'max ACCEPTED', 'zoe INVITED', 'bob INVITED']);
});
