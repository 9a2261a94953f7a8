import { describe, expect, it } from 'vitest';
import { filled, firstPost, isPlanned, membersOf, postsOf } from './posts';
import { assignment, invitation, member, post, role } from './sample';

const compare = (one: string, other: string): number => one.localeCompare(other);

describe('the post that is looked at first', () => {
  it('has the most places that nobody is asked for', () => {
    const posts = [post('full', 2, 2), post('one', 2, 1), post('two', 4, 1, 1), post('asked', 5, 0, 5)];
    expect(firstPost(posts)?.id).toBe('two');
  });

  it('is the first of equals', () => {
    expect(firstPost([post('a', 1), post('b', 1)])?.id).toBe('a');
  });

  it('is the one with most answers awaited where all are asked', () => {
    expect(firstPost([post('full', 1, 1), post('one', 2, 1, 1), post('two', 2, 0, 2)])?.id).toBe('two');
  });

  it('is the first where all are full or without a number', () => {
    expect(firstPost([post('any', null, 3), post('full', 1, 1)])?.id).toBe('any');
    expect(firstPost([])).toBeUndefined();
  });
});

describe('who is on which post', () => {
  it('lists the accepted before the asked, by name', () => {
    const members = [member('c'), member('b', { status: 'ACCEPTED' }), member('a'), member('x', { status: 'CANCELLED' })];
    const [son] = postsOf([role('son', 2)], members, compare);
    expect(son?.crew.map(({ assignment: { id } }) => id)).toEqual(['b', 'a', 'c']);
  });

  it('has those without a post last, if there are any', () => {
    expect(postsOf([role('son', 1)], [], compare).map(({ id }) => id)).toEqual(['son']);
    const without = member('a', { mission_role_id: null });
    expect(postsOf([role('son', 1)], [without], compare).map(({ id }) => id)).toEqual(['son', '']);
    expect(postsOf([], [], compare).map(({ id }) => id)).toEqual(['']);
  });

  it('forgets the no of whoever is asked again', () => {
    const no = member('a', { status: 'DECLINED', user_id: 'lea' });
    const again = member('b', { user_id: 'lea' });
    expect(postsOf([role('son', 1)], [no], compare)[0]?.declined).toEqual([no]);
    expect(postsOf([role('son', 1)], [no, again], compare)[0]?.declined).toEqual([]);
  });
});

describe('links', () => {
  it('counts the newest of an assignment', () => {
    const links = [invitation('a', { id: 'new' }), invitation('a', { id: 'old' })];
    expect(membersOf([assignment('a')], links)[0]?.invitation?.id).toBe('new');
  });

  it('tells who is planned and was never asked', () => {
    const [asked, planned, yes] = membersOf(
      [assignment('a'), assignment('b'), assignment('c', { status: 'ACCEPTED' })],
      [invitation('a')],
    );
    expect([asked, planned, yes].map((one) => one !== undefined && isPlanned(one))).toEqual([false, true, false]);
  });
});

describe('how far a post is filled', () => {
  it('says what is to be done next', () => {
    expect(filled(role('a', 3, 1, 1), 1)).toEqual({ is: 'open', places: 1 });
    expect(filled(role('a', 3, 1, 2), 1)).toEqual({ is: 'planned', places: 1 });
    expect(filled(role('a', 3, 1, 2), 0)).toEqual({ is: 'asked', places: 2 });
    expect(filled(role('a', 3, 3, 2), 1)).toEqual({ is: 'full' });
    expect(filled(role('a', null, 3), 0)).toEqual({ is: 'any' });
  });
});
