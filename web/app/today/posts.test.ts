import { expect, test } from 'vitest';
import type { Mission, MissionRole } from '../api/types';
import { instant } from '../time/zone';
import { numbers, openPosts, withoutPlanned } from './posts';

const NOW = instant('2026-07-06T08:00:00Z');
const NOBODY = new Map<string, number>();

function role(role_name: string, quota: number | null, accepted = 0, invited = 0): MissionRole {
  return { id: role_name, role_name, quota, accepted, invited };
}

function mission(title: string, start_at: string, end_at: string, ...roles: MissionRole[]): Mission {
  const none = { project_id: null, role: null, location: null, note: null, cancelled_at: null };
  const at = { created_at: start_at, updated_at: start_at };
  return { ...none, ...at, id: title, title, start_at, end_at, timezone: 'Europe/Paris', roles };
}

const names = (missions: Mission[]): string[] =>
  openPosts(missions, NOBODY, NOW).map(({ mission: { title }, role: { role_name } }) => `${title} ${role_name}`);

test('only posts that lack people, of missions that are not over', () => {
  const missions = [
    mission('over', '2026-07-06T06:00:00Z', '2026-07-06T08:00:00Z', role('a', 2)),
    mission('full', '2026-07-07T06:00:00Z', '2026-07-07T08:00:00Z', role('b', 1, 1)),
    mission('any number', '2026-07-07T06:00:00Z', '2026-07-07T08:00:00Z', role('c', null)),
    mission('open', '2026-07-07T06:00:00Z', '2026-07-07T08:00:00Z', role('d', 3, 1), role('e', 2, 2)),
  ];
  expect(names(missions)).toEqual(['open d']);
  expect(openPosts(missions, NOBODY, NOW)[0]?.missing).toBe(2);
});

test('within a day those that nobody was asked for come first, later days after', () => {
  const missions = [
    mission('early', '2026-07-07T06:00:00Z', '2026-07-07T08:00:00Z', role('asked', 2, 1, 1), role('half', 3, 1, 1)),
    mission('late', '2026-07-07T20:00:00Z', '2026-07-07T21:00:00Z', role('unasked', 1)),
    mission('next day', '2026-07-08T06:00:00Z', '2026-07-08T08:00:00Z', role('unasked', 1)),
  ];
  expect(names(missions)).toEqual(['early half', 'late unasked', 'early asked', 'next day unasked']);
});

test('a day is that of the mission’s zone; what has begun is of today', () => {
  const begun = mission('begun', '2026-07-03T08:00:00Z', '2026-07-07T08:00:00Z', role('a', 1));
  const night = mission('night', '2026-07-07T22:30:00Z', '2026-07-08T02:00:00Z', role('b', 1));
  const days = openPosts([begun, night], NOBODY, NOW).map(({ day }) => day.toString());
  expect(days).toEqual(['2026-07-06', '2026-07-08']);
});

test('numbers are of missions that start until then', () => {
  const missions = [
    mission('over', '2026-07-05T06:00:00Z', '2026-07-06T08:00:00Z', role('a', 9, 0, 9)),
    mission('soon', '2026-07-07T06:00:00Z', '2026-07-07T08:00:00Z', role('b', 3, 1, 1), role('c', null, 0, 2), role('d', 1, 2)),
    mission('later', '2026-07-13T06:00:00Z', '2026-07-13T08:00:00Z', role('e', 9, 0, 9)),
  ];
  expect(numbers(missions, NOW, instant('2026-07-13T06:00:00Z'))).toEqual({ open: 2, awaited: 3 });
});

test('who was put there and never asked is not waited for', () => {
  const show = mission('show', '2026-07-07T06:00:00Z', '2026-07-07T08:00:00Z', role('son', 2, 0, 2));
  const planned = new Map([['son', 1]]);
  const asked = withoutPlanned(show, planned);
  expect(openPosts([show], NOBODY, NOW)[0]?.waiting).toBe(true);
  expect(openPosts([asked], planned, NOW)[0]).toMatchObject({ waiting: false, planned: 1, found: true });
  expect(numbers([asked], NOW, instant('2026-07-13T06:00:00Z'))).toEqual({ open: 2, awaited: 1 });
});

test('nobody is to be found where enough are planned, and somebody is where they are too few', () => {
  const show = mission('show', '2026-07-07T06:00:00Z', '2026-07-07T08:00:00Z', role('son', 3, 0, 1));
  const found = (planned: number): boolean | undefined => openPosts([show], new Map([['son', planned]]), NOW)[0]?.found;
  expect([0, 1, 2, 3].map(found)).toEqual([false, false, true, true]);
});
