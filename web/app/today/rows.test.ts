import { beforeAll, expect, test, vi } from 'vitest';
import type { Mission } from '../api/types';
import { dayOf } from '../time/calendar';
import { instant } from '../time/zone';
import type { OpenPost } from './posts';
import type { Desk, postRow as PostRow, spoken as Spoken } from './rows';

// What the language is read from; set before it is imported.
vi.stubGlobal('document', { documentElement: { lang: '' } });
vi.stubGlobal('navigator', { languages: ['fr'] });

const START = '2026-07-07T08:00:00Z';
const NOW = instant('2026-07-06T08:00:00Z');
const desk: Desk = { now: NOW, zone: 'Europe/Paris', missions: new Map(), projects: null, people: null, open: () => undefined };
const mission = { id: 'm', title: 'Montage', project_id: null, start_at: START, end_at: '2026-07-07T12:00:00Z', timezone: 'Europe/Paris' } as Mission;
const day = dayOf(instant(START), 'Europe/Paris');

let postRow: typeof PostRow;
let spoken: typeof Spoken;

beforeAll(async () => {
  ({ postRow, spoken } = await import('./rows'));
});

function said(quota: number, invited: number, rest: Pick<OpenPost, 'planned' | 'waiting' | 'found'>): (string | null)[] {
  const role = { id: 'r', role_name: 'son', quota, accepted: 0, invited };
  const { chip, detail, next } = postRow(desk, { mission, role, missing: quota, day, ...rest });
  return [chip.word, detail, next.word];
}

test('a post with enough people planned says that they are to be asked, not that somebody is missing', () => {
  expect(said(1, 0, { planned: 1, waiting: false, found: true })).toEqual(['1 prévu, à demander', null, 'Ouvrir']);
  expect(said(3, 1, { planned: 2, waiting: false, found: true })).toEqual(['2 prévus, à demander', '1 réponse attendue', 'Ouvrir']);
});

test('a post that lacks people says how many, and who is already thought of', () => {
  expect(said(3, 1, { planned: 1, waiting: false, found: false })).toEqual(['3 sur 3 manquent', '1 réponse attendue · 1 prévu, à demander', 'Pourvoir']);
  expect(said(2, 2, { planned: 0, waiting: true, found: false })).toEqual(['2 réponses attendues', '2 sur 2 manquent', 'Ouvrir']);
});

test('the buttons of a post say its day and how many are missing', () => {
  const role = { id: 'r', role_name: 'son', quota: 2, accepted: 0, invited: 0 };
  const row = postRow(desk, { mission, role, missing: 2, day, planned: 0, waiting: false, found: false });
  expect(spoken(row)).toBe('\u00a0: son, Montage, mar. 7 juil., 10\u00a0h – 14\u00a0h, 2 sur 2 manquent');
});
