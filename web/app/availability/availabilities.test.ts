import { parseDate } from '@internationalized/date';
import { beforeEach, expect, test, vi } from 'vitest';
import { Unreachable } from '../api/refused';
import type { Availability } from '../api/types';

vi.mock('../session/session.svelte', () => ({ session: { org: { timezone: 'Europe/Paris' }, me: { user_id: 'u' } } }));
vi.mock('../calls/server', () => ({ readAssignments: () => Promise.resolve(server.calls) }));
vi.mock('../api/client', () => ({
  newKey: () => 'k',
  data: (answer: unknown) => answer,
  allPages: (page: (cursor: undefined) => Promise<unknown>) => page(undefined),
  api: {
    GET: (_: string, { params: { query } }: { params: { query: { from?: string; to?: string } } }) =>
      Promise.resolve(server.between(query.from ?? '2000-01-01T00:00:00Z', query.to ?? '3000-01-01T00:00:00Z')),
    POST: (_: string, { body }: { body: Partial<Availability> }) => {
      if (server.fails('POST')) return Promise.reject(new Unreachable());
      server.add(body);
      return Promise.resolve({});
    },
    DELETE: (_: string, { params }: { params: { path: { id: string } } }) => {
      if (server.fails('DELETE')) return Promise.reject(new Unreachable());
      server.entries = server.entries.filter(({ id }) => id !== params.path.id);
      return Promise.resolve({});
    },
  },
}));

const WEEK = 7 * 24 * 3_600_000;
const server = {
  entries: [] as Availability[],
  calls: [] as object[],
  between(from: string, to: string): Availability[] {
    return this.entries.filter(({ start_at, end_at }) => Date.parse(start_at) < Date.parse(to) && Date.parse(end_at) > Date.parse(from));
  },
  sent: 0,
  /** How many calls succeed before one fails. */
  failAfter: Infinity,
  fails(method: string): boolean {
    if (this.failAfter === 0) {
      this.failAfter = Infinity;
      return true;
    }
    this.failAfter -= 1;
    if (method === 'POST') this.sent += 1;
    return false;
  },
  add({ repeat, ...body }: Partial<Availability> & { repeat?: { until: string } | null }): void {
    const series_id = repeat ? String(this.sent) : null;
    let [start, end] = [Date.parse(body.start_at ?? ''), Date.parse(body.end_at ?? '')];
    do {
      const times = { start_at: new Date(start).toISOString(), end_at: new Date(end).toISOString() };
      const id = `${String(this.sent)} ${times.start_at}`;
      this.entries.push({ id, user_id: 'u', status: 'PENDING', note: null, series_id, ...body, ...times } as Availability);
      [start, end] = [start + WEEK, end + WEEK];
    } while (repeat && start <= Date.parse(repeat.until));
  },
};

const { Availabilities } = await import('./availabilities.svelte');
const week = { id: 'week', kind: 'available', start_at: '2026-12-06T23:00:00Z', end_at: '2026-12-11T23:00:00Z' } as const;
const REPEATED = [
  'available 12-06/12-08',
  'available 12-10/12-11',
  ...['12-02/12-03', '12-08/12-09', '12-09/12-10', '12-15/12-16', '12-16/12-17'].map((day) => `unavailable ${day}`),
];
const wednesday = parseDate('2026-12-09');

async function shown(): Promise<InstanceType<typeof Availabilities>> {
  const days = new Availabilities();
  await days.show(parseDate('2026-12-01'));
  days.toggle(wednesday);
  return days;
}

function said(): string[] {
  return server.entries.map(({ kind, start_at, end_at }) => `${kind} ${start_at.slice(5, 10)}/${end_at.slice(5, 10)}`).sort();
}

beforeEach(() => {
  Object.assign(server, { entries: [], calls: [], sent: 0, failAfter: Infinity });
});

test.each([0, 1, 2, 3])('what stopped after %i calls is not declared twice, pressed again or tried again', async (calls) => {
  for (const once of ['press', 'again']) {
    Object.assign(server, { entries: [], sent: 0, failAfter: calls });
    server.add(week);
    const days = await shown();
    await days.declare('unavailable');
    expect(days.declared.failure).not.toBeNull();
    await (once === 'press' ? days.declare('unavailable') : days.declared.again());
    expect(days.declared.done).toBe(true);
    expect(said()).toEqual(['available 12-06/12-08', 'available 12-09/12-11', 'unavailable 12-08/12-09']);
    expect(server.sent).toBe(3);
  }
});

test('what has changed since it was shown is split as it is now', async () => {
  server.add(week);
  const days = await shown();
  server.entries = [];
  server.add({ ...week, end_at: '2026-12-09T23:00:00Z' });
  await days.declare(null);
  expect(said()).toEqual(['available 12-06/12-08']);
});

test('what the days say already is not said again, and another choice has not been sent', async () => {
  server.add(week);
  const days = await shown();
  expect([days.says('available'), days.says('unavailable')]).toEqual([true, false]);
  await days.declare('unavailable');
  expect(days.declared.done).toBe(true);
  days.toggle(wednesday);
  expect([days.says('available'), days.says('unavailable')]).toEqual([false, true]);
  days.toggle(wednesday);
  expect(days.declared.done).toBe(false);
});

async function weekly(): Promise<InstanceType<typeof Availabilities>> {
  const days = await shown();
  days.toggle(parseDate('2026-12-03'));
  days.repeat({ until: parseDate('2026-12-18') });
  await vi.waitFor(() => { expect(days.isCounted).toBe(true); });
  return days;
}

test('what repeats replaces what is declared of its later days, and each day of the week can be taken back alone', async () => {
  server.add(week);
  const days = await weekly();
  expect(days.days.map(String)).toEqual(['2026-12-03', '2026-12-09', '2026-12-10', '2026-12-16', '2026-12-17']);
  expect(days.taken).toBe(2);
  await days.declare('unavailable');
  expect(said()).toEqual(REPEATED);
  expect(new Set(server.entries.map(({ series_id }) => series_id).filter((id) => id !== null)).size).toBe(2);
  expect(days.isWeekly).toBe(false);
});

test('what is declared of later months counts, too', async () => {
  server.add({ ...week, start_at: '2027-01-19T23:00:00Z', end_at: '2027-01-20T23:00:00Z' });
  const days = await shown();
  expect(days.entries).toEqual([]);
  days.repeat({ until: parseDate('2027-01-27') });
  expect([days.isCounted, days.taken]).toEqual([false, 0]);
  await vi.waitFor(() => { expect(days.isCounted).toBe(true); });
  expect(days.taken).toBe(1);
});

test('accepted calls are met on their days alone', async () => {
  server.calls = [{ status: 'ACCEPTED', start_at: '2026-12-09T08:00:00Z', end_at: '2026-12-09T10:00:00Z' }];
  const days = await shown();
  expect(days.meetsCalls).toBe(true);
  days.toggle(wednesday);
  days.toggle(parseDate('2026-12-10'));
  expect(days.meetsCalls).toBe(false);
});

test.each([0, 1, 2, 3, 4])('what repeats and stopped after %i calls goes on where it stopped', async (calls) => {
  server.add(week);
  const days = await weekly();
  server.failAfter = calls;
  await days.declare('unavailable');
  expect(days.declared.failure).not.toBeNull();
  await days.declared.again();
  expect(said()).toEqual(REPEATED);
  expect(server.sent).toBe(4);
});

test('taking back one of a series says nothing of what was declared before', async () => {
  server.add({ ...week, series_id: 's' });
  const days = await shown();
  await days.declare('unavailable');
  const [first] = server.entries;
  if (first === undefined) throw new Error('nothing was declared');
  expect(await days.seriesOf(first)).toEqual([first]);
  await days.remove(first, false);
  expect([days.declared.done, days.removed.done]).toEqual([false, true]);
  days.toggle(wednesday);
  await days.declare(null);
  expect([days.declared.done, days.removed.done]).toEqual([true, false]);
});
