/** How long an answer has been waited for, and when somebody may be reminded. */

import type { Invitation } from '../api/types';
import { DAY, HOUR, type Instant, instant } from '../time/zone';

/** Whoever has not answered for longer is marked. */
export const SILENT = DAY;

export interface Waiting {
  asked: Instant;
  reminded: Instant | null;
  /** Milliseconds since they were last asked, where that is too long ago. */
  silent: number | null;
  answerBy: Instant | null;
  /** Whether that has passed. */
  late: boolean;
  /** Whether their link can still be answered. */
  expired: boolean;
}

export function waiting(invitation: Invitation, now: Instant): Waiting {
  const asked = instant(invitation.created_at);
  const reminded = invitation.reminded_at === null ? null : instant(invitation.reminded_at);
  const age = now - (reminded ?? asked);
  const answerBy = invitation.answer_by === null ? null : instant(invitation.answer_by);
  return {
    asked,
    reminded,
    silent: age > SILENT ? age : null,
    answerBy,
    late: answerBy !== null && answerBy <= now,
    expired: invitation.status === 'expired' || instant(invitation.expires_at) <= now,
  };
}

/** From when on somebody may be reminded again; null where they may be now. The server allows one reminder an hour. */
export function nextReminder(invitation: Invitation, now: Instant): Instant | null {
  if (invitation.reminded_at === null) return null;
  const next = instant(invitation.reminded_at) + HOUR;
  return next > now ? next : null;
}
