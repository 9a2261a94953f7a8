import { expect, test } from 'vitest';

const dictionaries = import.meta.glob<string>(['../*/words.ts', './common.ts', './planner.ts', './refusals.ts', './technician.ts'], { query: '?raw', import: 'default', eager: true });

test('French puts no-break spaces where a line must not break, in every dictionary', () => {
  expect(Object.keys(dictionaries).length).toBeGreaterThan(7);
  const wrong = Object.entries(dictionaries).flatMap(([file, source]) => {
    const french = source.slice(source.indexOf('fr: {'), source.indexOf('en: {'));
    const texts = french.replace(/\$\{[^}]*\}/g, '…').match(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? [];
    return texts.filter((text) => / [:;?!»]|« /.test(text)).map((text) => `${file}: ${text}`);
  });
  expect(wrong).toEqual([]);
});
