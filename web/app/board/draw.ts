/** How a call in a row is drawn: all of it in one step, since there are hundreds. */

import { type PlanMission, openPlaces } from '../plan/snapshot';
import { session } from '../session/session.svelte';
import { shortDay, time, times } from '../time/format';
import { offset } from '../time/zone';
import { common } from '../words/common';
import { brief, cut, lettersIn } from './letters';
import { type Block, LANE, PADDING, fit } from './rows';
import { MARKS, assignmentState } from './states';
import { words } from './words';

export interface Drawn {
  id: string;
  lift: string;
  /** The mission that it opens; null while there is nothing to open yet. */
  opens: string | null;
  look: string;
  label: string;
  /** Drawn by the style: read aloud is the label, which is not cut and has no signs in it. */
  text: string;
  style: string;
  pending: boolean;
  /** Where there is no room behind it. */
  before: { text: string; style: string } | null;
}

/** Pixels that are not for text: the bar's edges or what is between it and its text, and the mark. */
const EDGES = 12;
const MARK = 16;
/** Pixels that a time alone may be longer than its room beside the bar; what is before the next bar keeps clear of it. */
const SLACK = 4;
/** A bar with room for more than when it begins. */
const LONG = 100;

/** On a period that is so many pixels wide. */
export function draw(block: Block, track: number): Drawn {
  const { id, mission, assignment, left, lane } = block;
  const { title, start, end, zone } = mission;
  const { bar, text, most } = fit(block, track);
  const state = assignment === null ? null : assignmentState(assignment);
  const pending = mission.pending || assignment?.pending === true;
  // The board is drawn on the org's clock, and people are called by the mission's.
  const isElsewhere = zone !== session.org.timezone && offset(start, zone) !== offset(start, session.org.timezone);
  const star = isElsewhere ? '*' : '';
  const at = `${time(start, zone)}${star}`;
  const full = `${assignment === null ? places(mission) : (assignment.role?.role_name ?? '')} ${times(start, end, zone)}${star}`;
  // Where there is little room, the bar says how long it is.
  const isLong = bar >= LONG;
  const seen = isLong ? `${title} ${full}` : `${at} ${title}`;
  const more = [shortDay(start, zone), isElsewhere ? common().inZone(zone) : null, mission.location, assignment?.user.name, state?.word, assignment?.override, pending ? words().sending : null];
  const mark = state === null ? '' : MARKS[pending ? 'pending' : state.icon];
  const taken = text === 'within' && mark !== '' ? MARK : text === 'before' ? 2 * SLACK : 0;
  const letters = text === 'nowhere' ? 0 : lettersIn(most - EDGES - taken);
  const hasTime = text === 'behind' && lettersIn(most + SLACK) >= at.length;
  const fits = isLong ? cut(seen, letters) : brief(at, title, hasTime ? Math.max(letters, at.length) : letters);
  const top = px(PADDING / 2 + lane * LANE);
  // What is behind the bar begins at its tab stop, counted from the bar's inner edge.
  const gap = text === 'behind' ? '\t' : mark === '' ? '' : ' ';
  return {
    id,
    lift: `${assignment === null ? 'mission' : 'assignment'}:${id}`,
    opens: mission.pending ? null : mission.id,
    look: `${state?.icon ?? (isOpen(mission) ? 'lacking' : 'full')} age-${String(state?.age ?? 0)}${pending ? ' pending' : ''}`,
    // Begins with what is seen (WCAG 2.5.3).
    label: [seen, ...(isLong ? [] : [full]), ...more.filter(Boolean)].join(', '),
    text: text === 'before' || fits === '' ? mark : `${mark}${gap}${fits}`,
    style: `left:${px(left * track)};top:${top};width:${px(bar)};tab-size:${px(bar - 2)}`,
    pending,
    before: text === 'before' && fits !== '' ? { text: fits, style: `right:${px((1 - left) * track + 4)};top:${top}` } : null,
  };
}

/** The same in one element, for rows that go by too fast to be read: where something is, and how it stands. */
export function sketch(blocks: readonly Block[], track: number): string {
  const bars = blocks.map((block) => {
    const colour = EDGE_OF[block.assignment === null ? 'open' : assignmentState(block.assignment).icon];
    const [left, top, width] = [px(block.left * track), px(PADDING / 2 + block.lane * LANE), px(fit(block, track).bar)];
    return `linear-gradient(var(${colour}) 0 0) ${left} ${top} / ${width} 1.875rem no-repeat`;
  });
  return `background:${bars.join()}`;
}

/** The tokens of their edges, as `Blocks.svelte` has them. */
const EDGE_OF = { accepted: '--yes', confirm: '--warn', conflict: '--clash', asked: '--ink', open: '--edge', kept: '--quiet' } as const;

function isOpen(mission: PlanMission): boolean {
  return mission.roles.some((role) => openPlaces(role) > 0);
}

/** How many of whom. */
function places(mission: PlanMission): string {
  return mission.roles.map((role) => `${String(role.accepted)}/${role.quota === null ? '–' : String(role.quota)} ${role.role_name}`).join(' · ');
}

function px(pixels: number): string {
  return `${pixels.toFixed(1)}px`;
}
