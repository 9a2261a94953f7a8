import { expect, test } from 'vitest';
import { assignment, mission, role, sample } from '../plan/sample';
import { Snapshot } from '../plan/snapshot';
import { callsOf } from './calls';

test('who was never asked is not waited for', () => {
  const invitation = { id: 'i', created_at: '2026-11-01T08:00:00Z', answer_by: null, expires_at: '2026-12-01T08:00:00Z', reminded_at: null, delivery: 'sent' } as const;
  const son = role('son', 3, 0, 2);
  const on = { status: 'INVITED', mission_role_id: son.id } as const;
  const snapshot = new Snapshot(
    sample({
      missions: [mission('show', '2026-12-02T08:00:00Z', '2026-12-02T12:00:00Z', { roles: [son, role('full', 1, 1), role('any', null)] })],
      assignments: [assignment('show', 'ada', { ...on, invitation }), assignment('show', 'bob', on)],
    }),
  );
  const [show] = snapshot.missions;
  expect(show === undefined ? [] : callsOf(snapshot, show)).toMatchObject([{ role: 'son', open: 3, quota: 3, asked: 1, planned: 1 }]);
});
