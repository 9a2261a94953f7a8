import { beforeAll, expect, test, vi } from 'vitest';
import { Refused, Unreachable } from '../api/refused';
import type { Problem, ProblemCode } from '../api/types';

// What the language is read from; set before it is imported.
vi.stubGlobal('document', { documentElement: { lang: '' } });
vi.stubGlobal('navigator', { languages: ['fr'] });

let told: typeof import('./refusals');
let refusals: typeof import('../words/refusals').refusals;

beforeAll(async () => {
  told = await import('./refusals');
  ({ refusals } = await import('../words/refusals'));
});

const refused = (code: ProblemCode): Refused => new Refused({ code, detail: 'As the API says it.', status: 409 } as Problem);

test('a refusal is told in the language of the application where it has a sentence for it, else as the API says it', () => {
  expect(told.failureText(refused('quota_reached'))).toBe('As the API says it.');
  told.know(refusals);
  expect(told.failureText(refused('quota_reached'))).toBe('Toutes les places de ce poste sont prises.');
  expect(told.failureText(refused('uri_too_long'))).toBe('As the API says it.');
});

test('one of several commands is told by its own code, a rule of a member as the API says it', () => {
  told.know(refusals);
  expect(told.reasonOf({ code: 'mission_over', detail: 'This mission is over.' })).toBe('Cette mission est terminée.');
  expect(told.reasonOf({ code: 'invalid', detail: 'must be after start_at' })).toBe('must be after start_at');
});

test('where no answer came, that is told', () => {
  expect(told.failureText(new Unreachable())).toMatch(/^Le serveur ne répond pas/);
});
