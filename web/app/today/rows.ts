/** What rows say and offer. */

import type { Assignment, Conflict, Mission, User } from '../api/types';
import type { Params } from '../route/href';
import { relative, shortDay, time } from '../time/format';
import { type Instant, instant } from '../time/zone';
import type { State } from '../ui/Chip.svelte';
import { common } from '../words/common';
import type { Loss, Silence } from './answers';
import type { Offer } from './offers';
import { period, sameTimes, timesOf } from './periods';
import type { OpenPost } from './posts';
import { words as dictionary } from './words';

/** Something that a row offers to do. */
export interface Deed {
  word: string;
  act: () => void;
}

export interface RowView {
  /** The same for the same thing, whatever the lists say of it. */
  key: string;
  /** A person or a post. */
  who: string;
  phone: string | null;
  /** With the mission that a text opens, unless the next thing does so. */
  what: { text: string; about: string | null; opens: Params | null }[];
  /** The mission that it is about. */
  mission: string | null;
  when: string;
  /** Said where the zone's times differ from those of the org. */
  zone: string | null;
  chip: { state: State; word: string };
  /** Behind the state. */
  detail: string | null;
  quiet: boolean;
  /** What its buttons say besides when and of whom they are: its day, where that is a heading, and how many are missing. */
  besides: { day: string; gap: string } | null;
  /** The one next thing. */
  next: Deed;
  second: Deed | null;
}

/** What rows are made with. */
export interface Desk {
  now: Instant;
  /** The org's time zone. */
  zone: string;
  missions: ReadonlyMap<string, Mission>;
  /** Null where they could not be read. */
  projects: ReadonlyMap<string, string> | null;
  people: ReadonlyMap<string, User> | null;
  /** Shows a mission. */
  open: (where: Params) => void;
}

/** The address of a mission at one of its posts, or at somebody's assignment, which knows its post. */
const atPost = (mission: string, post: string | null): Params => ({ mission, post, who: null });
const whom = (mission: string, who: string): Params => ({ mission, post: null, who });

export function byId<T extends { id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}

/** Says the zone of a time that is another one in the org's. */
function otherZone(desk: Desk, zone: string, at: Instant): string | null {
  return time(at, zone) === time(at, desk.zone) ? null : common().inZone(zone);
}

/** Where and when a mission is, for a row. */
function place(desk: Desk, of: Assignment, opens = true): Pick<RowView, 'phone' | 'what' | 'mission' | 'when' | 'zone'> {
  const zone = desk.missions.get(of.mission_id)?.timezone ?? desk.zone;
  const [start, end] = [instant(of.start_at), instant(of.end_at)];
  return {
    phone: desk.people?.get(of.user_id)?.phone ?? null,
    what: [{ text: of.mission_title, about: of.role_name ?? of.project_title, opens: opens ? whom(of.mission_id, of.id) : null }],
    mission: of.mission_id,
    when: period({ start, end }, zone),
    zone: otherZone(desk, zone, start),
  };
}

export function postRow(desk: Desk, { mission, role, missing, waiting, planned, found }: OpenPost): RowView {
  const words = dictionary();
  const [start, end] = [instant(mission.start_at), instant(mission.end_at)];
  const gap = words.missing(missing, role.quota ?? missing);
  const awaited = role.invited === 0 ? null : words.awaited(role.invited);
  const toAsk = planned === 0 ? null : words.planned(planned);
  return {
    key: `post ${role.id}`,
    who: role.role_name,
    phone: null,
    what: [{ text: mission.title, about: desk.projects?.get(mission.project_id ?? '') ?? null, opens: null }],
    mission: mission.id,
    when: timesOf({ start, end }, mission.timezone),
    zone: otherZone(desk, mission.timezone, start),
    chip: waiting ? { state: 'asked', word: words.awaited(role.invited) } : { state: 'open', word: found ? words.planned(planned) : gap },
    detail: waiting ? gap : [awaited, found ? null : toAsk].filter((part) => part !== null).join(' · ') || null,
    quiet: waiting,
    besides: { day: shortDay(start, mission.timezone), gap },
    next: { word: waiting || found ? words.look : words.fill, act: () => { desk.open(atPost(mission.id, role.role_name)); } },
    second: null,
  };
}

export function lossRow(desk: Desk, { assignment, withdrawn, at }: Loss): RowView {
  const words = dictionary();
  const reason = assignment.decline_reason;
  return {
    key: `loss ${assignment.id}`,
    who: assignment.user_name,
    ...place(desk, assignment, false),
    phone: null,
    chip: { state: 'declined', word: withdrawn ? words.withdrawn : words.refused },
    detail: [shortDay(at, desk.zone), reason === null ? null : words.reason(reason)].filter((part) => part !== null).join(', '),
    quiet: false,
    besides: null,
    next: { word: words.replace, act: () => { desk.open(atPost(assignment.mission_id, assignment.role_name)); } },
    second: null,
  };
}

/** `waits`: until when they cannot be reminded. */
export function silenceRow(desk: Desk, silence: Silence, waits: Instant, remind: (key: string) => void): RowView {
  const { now, zone } = desk;
  const words = dictionary();
  const { invitation, assignment, since } = silence;
  const key = `silence ${invitation.id}`;
  const later = waits > now;
  const look = { word: words.look, act: () => { desk.open(whom(assignment.mission_id, assignment.id)); } };
  return {
    key,
    who: assignment.user_name,
    ...place(desk, assignment),
    chip: silenceChip(silence),
    detail: later ? words.againAt(time(waits, zone)) : words.since(shortDay(since, zone), relative(since, now)),
    quiet: later,
    besides: null,
    next: later || silence.full ? look : { word: words.remind, act: () => { remind(key); } },
    second: null,
  };
}

function silenceChip({ invitation, closed, full }: Silence): RowView['chip'] {
  const words = dictionary();
  if (full) return { state: 'closed', word: words.full };
  if (invitation.delivery === 'failed') return { state: 'confirm', word: words.unsent };
  return closed ? { state: 'closed', word: words.closed } : { state: 'asked', word: words.unanswered };
}

export function movedRow(desk: Desk, assignment: Assignment, confirm: (key: string) => void): RowView {
  const { zone } = desk;
  const words = dictionary();
  const key = `moved ${assignment.id}`;
  const told = assignment.told_at === null ? null : instant(assignment.told_at);
  return {
    key,
    who: assignment.user_name,
    ...place(desk, assignment),
    chip: { state: 'confirm', word: common().toConfirm },
    detail: told === null ? words.notTold : words.told(shortDay(told, zone)),
    quiet: false,
    besides: null,
    next: { word: words.confirm, act: () => { confirm(key); } },
    second: null,
  };
}

/** The server lets nobody be taken twice without a planner's reason: there is nothing to settle, only something to know. */
export function doubledRow(desk: Desk, { a1, a2, mission1, mission2, user_id, ...clash }: Conflict): RowView {
  const words = dictionary();
  const zone = desk.missions.get(mission1.id)?.timezone ?? desk.zone;
  const [start, end] = [instant(clash.overlap_start), instant(clash.overlap_end)];
  const first = whom(mission1.id, a1);
  return {
    key: `doubled ${a1} ${a2}`,
    who: clash.user_name,
    phone: desk.people?.get(user_id)?.phone ?? null,
    what: [
      { text: mission1.title, about: null, opens: first },
      { text: mission2.title, about: null, opens: whom(mission2.id, a2) },
    ],
    mission: mission1.id,
    when: period({ start, end }, zone),
    zone: otherZone(desk, zone, start),
    chip: { state: 'closed', word: words.onPurpose },
    detail: clash.override_reason === null ? null : words.reason(clash.override_reason),
    quiet: true,
    besides: null,
    next: { word: words.look, act: () => { desk.open(first); } },
    second: null,
  };
}

interface Decisions {
  approve: (key: string) => void;
  reject: (key: string) => void;
}

export function offerRow(desk: Desk, offer: Offer, decide: Decisions): RowView {
  const { zone } = desk;
  const words = dictionary();
  const { periods, kind, note } = offer;
  const key = `offer ${offer.id}`;
  const [first] = periods;
  const last = periods.at(-1);
  const count = periods.length;
  return {
    key,
    who: desk.people?.get(offer.userId)?.name ?? words.someone,
    phone: null,
    what: [{ text: kind === 'available' ? words.available : words.unavailable, about: note, opens: null }],
    mission: null,
    when: first === undefined || last === undefined ? '' : count === 1 ? period(first, zone) : seriesText(desk, offer),
    zone: null,
    chip: { state: 'asked', word: words.toApprove },
    detail: null,
    quiet: false,
    besides: null,
    next: { word: count === 1 ? words.approve : words.approveAll(count), act: () => { decide.approve(key); } },
    second: { word: words.reject, act: () => { decide.reject(key); } },
  };
}

function seriesText({ zone }: Desk, { periods }: Offer): string {
  const words = dictionary();
  const from = periods[0]?.start ?? 0;
  const to = periods.at(-1)?.start ?? 0;
  const times = sameTimes(periods, zone);
  const days = words.series(periods.length, shortDay(from, zone), shortDay(to, zone));
  return times === null ? days : `${days} · ${times}`;
}

/** A row as one sentence: what its buttons are about. */
export function spoken({ who, what, when, besides }: RowView): string {
  const words = dictionary();
  return words.of(who, what.map(({ text }) => text).join(` ${words.and} `), besides?.day ?? null, when, besides?.gap ?? null);
}

