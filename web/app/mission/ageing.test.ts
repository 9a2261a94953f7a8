import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, instant } from '../time/zone';
import { nextReminder, waiting } from './ageing';
import { invitation } from './sample';

const asked = instant('2026-07-01T08:00:00Z');

describe('waiting for an answer', () => {
  it('marks whoever is silent for more than a day', () => {
    expect(waiting(invitation('a'), asked + DAY).silent).toBeNull();
    expect(waiting(invitation('a'), asked + DAY + MINUTE).silent).toBe(DAY + MINUTE);
  });

  it('counts from the last reminder', () => {
    const reminded = invitation('a', { reminded_at: '2026-07-02T08:00:00Z' });
    expect(waiting(reminded, asked + DAY + HOUR).silent).toBeNull();
    expect(waiting(reminded, asked + 3 * DAY).silent).toBe(2 * DAY);
  });

  it('knows when an answer is late and when the link is dead', () => {
    const wanted = invitation('a', { answer_by: '2026-07-03T08:00:00Z' });
    expect(waiting(wanted, asked + 2 * DAY - 1)).toMatchObject({ late: false, expired: false });
    expect(waiting(wanted, asked + 2 * DAY)).toMatchObject({ late: true, expired: false });
    expect(waiting(wanted, asked + 8 * DAY).expired).toBe(true);
    expect(waiting(invitation('a', { status: 'expired' }), asked).expired).toBe(true);
  });
});

describe('the next reminder', () => {
  it('is possible at once for whoever was never reminded', () => {
    expect(nextReminder(invitation('a'), asked)).toBeNull();
  });

  it('is possible an hour after the last', () => {
    const reminded = invitation('a', { reminded_at: '2026-07-02T08:00:00Z' });
    const at = instant('2026-07-02T08:00:00Z');
    expect(nextReminder(reminded, at + 20 * MINUTE)).toBe(at + HOUR);
    expect(nextReminder(reminded, at + HOUR)).toBeNull();
  });
});
