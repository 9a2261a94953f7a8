import { expect, test } from 'vitest';
import { filledMeanwhile } from './meanwhile';
import type { Member, Post } from './posts';
import { member, post } from './sample';

const yes = (id: string): Member => member(id, { status: 'ACCEPTED' });
const of = (quota: number | null, ...crew: Member[]): Post => ({ ...post('son', quota), crew });

test('whoever takes the last place is named, by a yes or by being asked', () => {
  expect(filledMeanwhile(of(2, yes('ada')), of(2, yes('ada'), yes('bob')))).toEqual({ full: true, names: ['bob'] });
  expect(filledMeanwhile(of(2, yes('ada')), of(2, yes('ada'), member('bob')))).toEqual({ full: false, names: ['bob'] });
  expect(filledMeanwhile(of(1, member('ada')), of(1, yes('ada')))).toEqual({ full: true, names: ['ada'] });
});

test('nothing is said of a post that has places left, had none before, or takes any number', () => {
  expect(filledMeanwhile(of(3), of(3, yes('ada')))).toBeNull();
  expect(filledMeanwhile(of(1, yes('ada')), of(1, yes('ada'), member('bob')))).toBeNull();
  expect(filledMeanwhile(of(null), of(null, yes('ada')))).toBeNull();
  expect(filledMeanwhile(of(1), { ...of(1, yes('ada')), id: 'video' })).toBeNull();
});
