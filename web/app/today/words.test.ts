import { beforeAll, expect, test, vi } from 'vitest';
import type { words as Words } from './words';

// What the language is read from; set before it is imported.
vi.stubGlobal('document', { documentElement: { lang: '' } });
vi.stubGlobal('navigator', { languages: ['en'] });

let language: typeof import('../words/language.svelte').language;
let words: typeof Words;

beforeAll(async () => {
  ({ language } = await import('../words/language.svelte'));
  ({ words } = await import('./words'));
});

test('the numbers are one sentence, with its plurals', () => {
  const said = (open: number, awaited: number): string => words().summary(open, awaited);
  expect(said(7, 3)).toBe('7 open places in the next 7 days, 3 answers awaited.');
  expect(said(1, 1)).toBe('1 open place in the next 7 days, 1 answer awaited.');
  expect(said(0, 0)).toBe('No open places in the next 7 days.');
  language.choose('fr');
  expect(said(7, 3)).toBe('7 places ouvertes sous 7\u00a0jours, 3 réponses attendues.');
  expect(said(1, 1)).toBe('1 place ouverte sous 7\u00a0jours, 1 réponse attendue.');
  expect(said(0, 2)).toBe('Aucune place ouverte sous 7\u00a0jours, 2 réponses attendues.');
});
