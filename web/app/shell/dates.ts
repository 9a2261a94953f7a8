/** Days as people type them: `12/6`, `12 juin`, `June 12, 2027`, `2027-06-12`. */

import { type CalendarDate, readDay } from '../time/calendar';
import { fold } from '../words/fold';

/** How a language writes days: its months, and whether they go before the day. */
export interface Writing {
  months: readonly string[];
  monthFirst: boolean;
}

/** A day, a month by its number or at least three letters, in either order; then a year. */
const TYPED = /^(\d{1,2}|\p{L}{3,})[\s/.-]+(\d{1,2}|\p{L}{3,})\.?(?:[\s/.,-]+(\d{4}|\d{2}))?$/u;

/** A day; without a year the next one, from `today` on. Null where the text is none. */
export function typedDay(text: string, today: CalendarDate, { months, monthFirst }: Writing): CalendarDate | null {
  const plain = fold(text).replace(/(\d)(?:er|st|nd|rd|th)\b/, '$1').replace(/(\d)(?=\p{L})/u, '$1 ');
  const [, one = '', other = '', year] = TYPED.exec(plain) ?? [];
  const isMonthFirst = /^\d+$/.test(one + other) ? monthFirst : !/\d/.test(one);
  const [day, month] = isMonthFirst ? [other, one] : [one, other];
  const at = /\d/.test(month) ? month : String(1 + months.findIndex((name) => fold(name).startsWith(month)));
  const of = (year: number | string): CalendarDate | null => readDay([year, at.padStart(2, '0'), day.padStart(2, '0')].join('-'));
  if (year !== undefined) return of(year.padStart(4, '20'));
  const next = of(today.year);
  return readDay(plain) ?? (next !== null && next.compare(today) < 0 ? of(today.year + 1) : next);
}
