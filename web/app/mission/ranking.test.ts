import { describe, expect, it } from 'vitest';
import type { Candidate } from '../api/types';
import { type Conflict, besides, isFree, marksOf, named, nextToAsk } from './ranking';
import { candidate, member } from './sample';

type Reason = Candidate['reasons'][number];

function reason(code: Reason['code'], status?: Conflict['status']): Reason {
  const conflict: Conflict | null =
    status === undefined
      ? null
      : {
          assignment_id: 'other',
          mission_id: 'elsewhere',
          title: 'Balances',
          start_at: '2026-07-10T08:00:00Z',
          end_at: '2026-07-10T10:00:00Z',
          status,
        };
  return { code, detail: '', conflict };
}

function marks(...reasons: Reason[]): string[] {
  return marksOf(candidate('Léa', { reasons })).map((mark) => ('code' in mark ? mark.code : mark.is));
}

describe('what is shown of the reasons', () => {
  it('is green where nothing speaks against somebody', () => {
    expect(marks(reason('free'), reason('skilled'))).toEqual(['free']);
    expect(isFree(candidate('Léa', { reasons: [reason('free'), reason('skilled')] }))).toBe(true);
  });

  it('is not green for whoever lacks something, although they are free', () => {
    expect(marks(reason('free'), reason('skill_missing'))).toEqual(['skill_missing']);
    expect(marks(reason('declined_before'), reason('free'), reason('unavailable'))).toEqual(['declined_before', 'unavailable']);
    expect(isFree(candidate('Léa', { reasons: [reason('free'), reason('skill_missing')] }))).toBe(false);
  });

  it('is red, first, for what they accepted, and amber for what they are asked for', () => {
    expect(marks(reason('skill_missing'), reason('taken', 'ACCEPTED'))).toEqual(['taken', 'skill_missing']);
    expect(marks(reason('taken', 'INVITED'))).toEqual(['asked']);
  });
});

describe('whom a key asks', () => {
  const taken = candidate('Ada', { reasons: [reason('taken', 'ACCEPTED')] });
  const [bob, cleo] = [candidate('Bob'), candidate('Cléo')];

  it('is the first against whom nothing speaks, and before them whoever has the focus', () => {
    expect(nextToAsk([taken, bob, cleo], null)).toBe(bob);
    expect(nextToAsk([taken, bob, cleo], cleo.user_id)).toBe(cleo);
    expect(nextToAsk([taken, bob, cleo], taken.user_id)).toBe(bob);
    expect(nextToAsk([taken], taken.user_id)).toBeNull();
  });
});

describe('who is a candidate', () => {
  it('is nobody who is on the mission, by either answer', () => {
    const invited = candidate('a', { assignment: { id: '1', status: 'INVITED' } });
    const no = candidate('b', { assignment: { id: '2', status: 'DECLINED' } });
    const since = candidate('c');
    const crew = [member('3', { user_id: 'user-c', status: 'ACCEPTED' })];
    expect(besides([invited, no, since], crew)).toEqual([no]);
  });
});

describe('the filter', () => {
  const people = [candidate('Léa Bœuf'), candidate('Hugo Ødegaard'), candidate('Noémie Çelik')];

  it('finds each word, in any order, as people type it', () => {
    expect(named(people, 'BOEUF le').map(({ name }) => name)).toEqual(['Léa Bœuf']);
    expect(named(people, 'odeg').map(({ name }) => name)).toEqual(['Hugo Ødegaard']);
    expect(named(people, 'celik noe').map(({ name }) => name)).toEqual(['Noémie Çelik']);
    expect(named(people, 'lea celik')).toEqual([]);
  });

  it('leaves all where nothing is asked for', () => {
    expect(named(people, '  ')).toEqual(people);
  });
});
