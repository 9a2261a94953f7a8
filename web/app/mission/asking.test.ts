import { describe, expect, it } from 'vitest';
import { type Pick, accept, ask, crowd, fullPost, placesFor } from './asking';
import { invitation, member, post, role } from './sample';

const son = role('son', 2, 1);
const plateau = role('plateau', 4, 1, 1);

describe('asking several people at once', () => {
  const picks = [
    { user: 'lea', name: 'Léa', role: son },
    { user: 'yann', name: 'Yann', role: plateau },
    { user: 'ines', name: 'Inès', role: plateau },
  ];

  it('sends one command for each, with a link and the post', () => {
    expect(ask('mission', picks)).toEqual([
      { type: 'assign', mission_id: 'mission', user_id: 'lea', role_name: 'son', status: 'INVITED', invite: true },
      { type: 'assign', mission_id: 'mission', user_id: 'yann', role_name: 'plateau', status: 'INVITED', invite: true },
      { type: 'assign', mission_id: 'mission', user_id: 'ines', role_name: 'plateau', status: 'INVITED', invite: true },
    ]);
  });

  it('names no post where there is none', () => {
    const [command] = ask('mission', [{ user: 'lea', name: 'Léa', role: null }]);
    expect(command).not.toHaveProperty('role_name');
  });

  it('counts the places of each post once', () => {
    expect(placesFor(picks, [son, plateau, role('video', 9)])).toBe(1 + 2);
  });

  it('counts those without a yes where all are asked for', () => {
    const asked = role('son', 3, 1, 2);
    expect(placesFor([{ user: 'lea', name: 'Léa', role: asked }], [asked])).toBe(2);
  });

  it('counts none where any number may come', () => {
    const any = role('son', null);
    expect(placesFor([{ user: 'lea', name: 'Léa', role: any }], [any])).toBe(0);
  });

  it('counts by what the posts are now', () => {
    expect(placesFor([{ user: 'lea', name: 'Léa', role: son }], [role('son', 2, 2)])).toBe(0);
  });
});

describe('more people than places', () => {
  const pick = (...users: string[]): Pick[] => users.map((user) => ({ user, name: user, role: son }));
  const asked = member('a', {}, invitation('a'));
  const planned = member('b');
  const yes = member('c', { status: 'ACCEPTED' });

  it('counts who is asked already, and nobody who is only planned or has said yes', () => {
    const posts = [{ ...post('son', 3, 1, 2), crew: [yes, asked, planned] }];
    expect(crowd(pick('lea'), posts)).toBeNull();
    expect(crowd(pick('lea', 'yann'), posts)).toEqual({ asked: 3, places: 2 });
  });

  it('is of the posts of those who are picked, and of a number of places', () => {
    expect(crowd([], [{ ...post('son', 0), crew: [asked] }])).toBeNull();
    expect(crowd(pick('lea'), [post('son', null), post('video', 0)])).toBeNull();
    expect(crowd(pick('lea'), [post('son', 1, 1)])).toEqual({ asked: 1, places: 0 });
  });
});

describe('a post without places', () => {
  const picks = [{ user: 'lea', name: 'Léa', role: son }];

  it('has all of them accepted or asked for', () => {
    const full = [role('son', 2, 1, 1), role('son', 2, 2)];
    for (const one of full) expect(fullPost(picks, [one])).toBe(one);
    expect(fullPost(picks, [son, role('video', 1, 1)])).toBeNull();
    expect(fullPost(picks, [role('son', null, 3)])).toBeNull();
  });
});

describe('noting a yes', () => {
  it('asks nobody', () => {
    expect(accept('mission', { user: 'lea', name: 'Léa', role: son })).toEqual([
      { type: 'assign', mission_id: 'mission', user_id: 'lea', role_name: 'son', status: 'ACCEPTED', invite: false },
    ]);
  });
});
