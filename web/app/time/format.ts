/** Times as people write them, in the language of the application. */

import type { Locale } from '../api/types';
import { language } from '../words/language.svelte';
import { DAY, HOUR, type Instant, MINUTE, civilDay, isOneDay } from './zone';

const TAGS: Record<Locale, string> = { fr: 'fr-FR', en: 'en-GB', 'en-US': 'en-US' };

/** What is so near is said in hours, also across midnight. */
const SOON = 6 * HOUR;

const made = new Map<string, unknown>();

/** What is slow to make, in this language: made once under each name. */
function kept<T>(name: string, make: (tag: string) => T): T {
  const key = `${language.current} ${name}`;
  if (!made.has(key)) made.set(key, make(TAGS[language.current]));
  return made.get(key) as T;
}

/** How days and times are written in a zone. A name stands for its options. */
export function format(name: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept(`${timeZone} ${name}`, (tag) => new Intl.DateTimeFormat(tag, { ...options, timeZone }));
}

/** `20:00`, in French `20 h` and `20 h 30`, in American English `8:00 PM`. */
export function time(at: Instant, zone: string): string {
  return once(`time ${zone} ${String(at)}`, () => writeTime(at, zone));
}

function writeTime(at: Instant, zone: string): string {
  if (language.current === 'en-US') return format('time', zone, { hour: 'numeric', minute: '2-digit' }).format(at);
  const text = format('time', zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
  if (language.current !== 'fr') return text;
  const [hours = '', minutes = ''] = text.split(':');
  return minutes === '00' ? `${Number(hours)}\u00a0h` : `${Number(hours)}\u00a0h\u00a0${minutes}`;
}

/** Texts of periods: the board writes the same ones again with every row that is scrolled into view. */
const written = new Map<string, string>();
const MOST_WRITTEN = 10_000;

/** What was written before, in this language. */
function once(key: string, write: () => string): string {
  const full = `${language.current} ${key}`;
  let text = written.get(full);
  if (text === undefined) {
    if (written.size >= MOST_WRITTEN) written.clear();
    text = write();
    written.set(full, text);
  }
  return text;
}

/** `20:00 – 01:00`, with the day of the end where that is another one. */
export function times(start: Instant, end: Instant, zone: string): string {
  return once(`${zone} ${String(start)} ${String(end)}`, () => writeTimes(start, end, zone));
}

function writeTimes(start: Instant, end: Instant, zone: string): string {
  const from = time(start, zone);
  const to = time(end, zone);
  if (isOneDay(start, end, zone)) return `${from} – ${to}`;
  return `${from} – ${to} (${weekday(end, zone)})`;
}

/** `Mon`, `lun.` */
export function weekday(at: Instant, zone: string): string {
  return format('weekday', zone, { weekday: 'short' }).format(at);
}

/** `Mon 6 Jul`, `lun. 6 juil.` */
export function shortDay(at: Instant, zone: string): string {
  const options = { weekday: 'short', day: 'numeric', month: 'short' } as const;
  return once(`${zone} ${String(at)}`, () => ordinal(format('short', zone, options).format(at)));
}

/** `Monday 6 July`, `lundi 6 juillet`; with the year where it is not the present one. */
export function longDay(at: Instant, zone: string): string {
  const other = civilDay(at, zone).slice(0, 4) !== civilDay(Date.now(), zone).slice(0, 4);
  const year = other ? ({ year: 'numeric' } as const) : {};
  return ordinal(format(`long${String(other)}`, zone, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(at));
}

/** French says `1er` of the first day of a month, which `Intl` does not know. */
function ordinal(text: string): string {
  return language.current === 'fr' ? text.replace(/(^|\s)1(?=\s)/u, '$11er') : text;
}

/** `Mon 6 Jul · 20:00 – 23:00` */
export function when(start: Instant, end: Instant, zone: string): string {
  return `${shortDay(start, zone)} · ${times(start, end, zone)}`;
}

/** `4 h 30`, `45 min` */
export function duration(milliseconds: number): string {
  const minutes = Math.round(milliseconds / MINUTE);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return `${rest}\u00a0min`;
  return rest === 0 ? `${hours}\u00a0h` : `${hours}\u00a0h\u00a0${String(rest).padStart(2, '0')}`;
}

function counted(many: number, unit: 'minute' | 'hour' | 'day'): string {
  return kept('relative', (tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto' })).format(Math.round(many), unit);
}

/** How long ago or ahead: `3 days ago`, `dans 2 heures`. Beside the absolute time, never alone. */
export function relative(at: Instant, now: Instant): string {
  const minutes = Math.round((at - now) / MINUTE);
  if (Math.abs(minutes) < 60) return counted(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return Math.abs(hours) < 24 ? counted(hours, 'hour') : counted(hours / 24, 'day');
}

/** The same in days of the calendar, as people count them who read the date beside it: `demain`, `in 2 days`. */
export function relativeDay(at: Instant, now: Instant, zone: string): string {
  if (Math.abs(at - now) < SOON) return relative(at, now);
  const day = (of: Instant): number => Date.parse(civilDay(of, zone)) / DAY;
  const days = day(at) - day(now);
  return days === 0 ? counted((at - now) / HOUR, 'hour') : counted(days, 'day');
}

/** Texts compared as people sort them. */
export function collator(): Intl.Collator {
  return kept('collator', (tag) => new Intl.Collator(tag, { sensitivity: 'base' }));
}
