import { parseDate } from '@internationalized/date';
import { beforeEach, expect, test, vi } from 'vitest';
import { Unreachable } from '../api/refused';
import type { Availability } from '../api/types';

vi.mock('../session/session.svelte', () => ({ session: { org: { timezone: 'Europe/Paris' }, me: { user_id: 'u' } } }));
vi.mock('../calls/server', () => ({ readAssignments: () => Promise.resolve([]) }));
vi.mock('../api/client', () => ({
  newKey: () => 'k',
  data: (answer: unknown) => answer,
  allPages: () => Promise.resolve([...server.entries]),
  api: {
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

const server = {
  entries: [] as Availability[],
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
  add(body: Partial<Availability>): void {
    const id = String(this.sent);
    this.entries.push({ id, user_id: 'u', status: 'PENDING', note: null, series_id: null, ...body } as Availability);
  },
};

const { Availabilities } = await import('./availabilities.svelte');
const week = { id: 'week', kind: 'available', start_at: '2026-12-06T23:00:00Z', end_at: '2026-12-11T23:00:00Z' } as const;
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
  Object.assign(server, { entries: [], sent: 0, failAfter: Infinity });
});

test.each([0, 1, 2, 3])('what stopped after %i calls is not declared twice, pressed again or tried again', async (calls) => {
  for (const once of ['press', 'again']) {
    Object.assign(server, { entries: [], sent: 0, failAfter: calls });
    server.add(week);
    const days = await shown();
    await days.declare('unavailable', null);
    expect(days.declared.failure).not.toBeNull();
    await (once === 'press' ? days.declare('unavailable', null) : days.declared.again());
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
  await days.declare(null, null);
  expect(said()).toEqual(['available 12-06/12-08']);
});

test('what the days say already is not said again, and another choice has not been sent', async () => {
  server.add(week);
  const days = await shown();
  expect([days.says('available'), days.says('unavailable')]).toEqual([true, false]);
  await days.declare('unavailable', null);
  expect(days.declared.done).toBe(true);
  days.toggle(wednesday);
  expect([days.says('available'), days.says('unavailable')]).toEqual([false, true]);
  days.toggle(wednesday);
  expect(days.declared.done).toBe(false);
});
