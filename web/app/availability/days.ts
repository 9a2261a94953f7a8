/** Days as people write them, in the language of the application. They are in no zone. */

import type { CalendarDate } from '@internationalized/date';
import { format, longDay, shortDay, time, when } from '../time/format';
import { instant } from '../time/zone';
import type { Availability } from '../api/types';
import { wholeDays } from './month';

/** `lundi 7 décembre` */
export function dayName(day: CalendarDate): string {
  return longDay(day.toDate('UTC').getTime(), 'UTC');
}

/** `décembre 2026` */
export function monthName(month: CalendarDate): string {
  return format('month', 'UTC', { month: 'long', year: 'numeric' }).format(month.toDate('UTC'));
}

/** `lundi`, and `lun.` */
export function weekdayName(day: CalendarDate, width: 'long' | 'short'): string {
  return format(`weekday ${width}`, 'UTC', { weekday: width }).format(day.toDate('UTC'));
}

/** `lun. 7 déc.`, `lun. 7 déc. – ven. 11 déc.`; with times where it is not about whole days. */
export function entryName(entry: Availability, zone: string): string {
  const whole = wholeDays(entry, zone);
  const [start, end] = [instant(entry.start_at), instant(entry.end_at)];
  if (whole === null) {
    if (shortDay(start, zone) === shortDay(end, zone)) return when(start, end, zone);
    return `${shortDay(start, zone)}, ${time(start, zone)} – ${shortDay(end, zone)}, ${time(end, zone)}`;
  }
  const [first, last] = [shortDay(whole.first, zone), shortDay(whole.last, zone)];
  return first === last ? first : `${first} – ${last}`;
}
