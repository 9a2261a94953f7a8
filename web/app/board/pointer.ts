/**
 * The pointer over the board: a mouse or a pen drags what it presses on, draws a box from an empty place, and drops by a
 * click what a click has picked up. A finger scrolls; it picks up by the buttons of what it touched.
 */

import type { Attachment } from 'svelte/attachments';
import { type Lift, missionsOf, movesInTime } from './lift';
import { lifting } from './lift.svelte';
import { type Row, inBox, rowAt } from './rows';
import type { Scale } from './scale';
import { selection } from './selection.svelte';

/** What the pointer needs to know of what is drawn. */
export interface Geometry {
  rows: () => readonly Row[];
  scale: () => Scale;
  /** The element on which the period is drawn, as wide as it. */
  body: () => HTMLElement | null;
  scroller: () => HTMLElement | null;
  headHeight: () => number;
  box: (drawn: { left: number; right: number; top: number; bottom: number } | null) => void;
}

/** Pixels before a press is a drag. */
const THRESHOLD = 8;
/** Pixels of a bar's end by which it is stretched. */
const GRIP = 6;
/** Pixels from the edge at which the board scrolls by itself, and how far at most for each frame. */
const EDGE = 40;
const FASTEST = 18;

interface Place {
  /** Share of the width. */
  share: number;
  /** Pixels from the top of all rows. */
  y: number;
  inside: boolean;
}

/** Reads `data-lift` of what is pressed on: `kind:id:more`. */
export function readLift(text: string, home: string): Lift | null {
  const [kind, id = '', ...rest] = text.split(':');
  const ids = selection.has(id) ? [...selection.ids] : [id];
  switch (kind) {
    case 'call':
      // A post's name may have a colon, too.
      return { is: 'call', mission: id, role: rest.join(':') };
    case 'user':
      return { is: 'user', user: id };
    case 'assignment':
      return { is: 'assignments', ids, home };
    case 'mission':
      return { is: 'missions', ids, home };
    default:
      return null;
  }
}

export function pointing(geometry: Geometry): Attachment<HTMLElement> {
  return (scroller) => {
    const pointer = new Pointer(geometry);
    const root = scroller.closest<HTMLElement>('.board') ?? scroller;
    const listen = <K extends keyof DocumentEventMap>(on: EventTarget, name: K, act: (event: DocumentEventMap[K]) => void): (() => void) => {
      on.addEventListener(name, act as EventListener);
      return () => { on.removeEventListener(name, act as EventListener); };
    };
    const stop = [
      listen(root, 'pointerdown', (event) => { pointer.down(event); }),
      listen(document, 'pointermove', (event) => { pointer.move(event); }),
      listen(document, 'pointerup', (event) => { pointer.up(event); }),
      listen(document, 'pointercancel', () => { pointer.cancel(); }),
      listen(scroller, 'click', (event) => { pointer.click(event); }),
      listen(root, 'dragstart', (event) => { event.preventDefault(); }),
    ];
    return () => {
      for (const end of stop) end();
      pointer.cancel();
    };
  };
}

class Pointer {
  readonly #geometry: Geometry;
  #pressed: { x: number; y: number; lift: Lift | null; from: Place; pointer: number } | null = null;
  /** Whether what was pressed on was picked up: once it is put back, the rest of the movement means nothing. */
  #picked = false;
  #boxing = false;
  #scrolling = 0;
  #last: PointerEvent | null = null;
  /** A click follows the end of a drag, and means nothing. */
  #ignoreClick = false;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
  }

  down(event: PointerEvent): void {
    this.#ignoreClick = false;
    if (event.button !== 0 || event.pointerType === 'touch' || lifting.lift !== null) return;
    const target = event.target instanceof Element ? event.target : null;
    const handle = target?.closest<HTMLElement>('[data-lift]') ?? null;
    const home = target?.closest<HTMLElement>('[data-row]')?.dataset['row'] ?? '';
    const lift = handle === null ? null : (this.#edgeOf(handle, event, home) ?? readLift(handle.dataset['lift'] ?? '', home));
    const onBoard = this.#geometry.scroller()?.contains(target) ?? false;
    if (lift === null && (!onBoard || target?.closest('button, a, [role=rowheader]') !== null)) return;
    this.#pressed = { x: event.clientX, y: event.clientY, lift, from: this.#place(event), pointer: event.pointerId };
  }

  /** The cursor says where a press would stretch a call: of the one that is pointed at alone. */
  #showGrip(event: PointerEvent): void {
    const block = event.target instanceof HTMLElement && event.target.matches('.block') ? event.target : null;
    const home = block?.closest<HTMLElement>('[data-row]')?.dataset['row'];
    if (block === null || home === undefined) return;
    const cursor = this.#edgeOf(block, event, home) === null ? '' : 'ew-resize';
    if (block.style.cursor !== cursor) block.style.cursor = cursor;
  }

  /** An end of a block's bar, where that is pressed on. What is narrow is moved: it can be stretched by its buttons. */
  #edgeOf(handle: HTMLElement, event: PointerEvent, home: string): Lift | null {
    const id = handle.dataset['spot'];
    const block = this.#geometry.rows().find((row) => row.id === home)?.blocks.find((one) => one.id === id);
    const body = this.#geometry.body();
    if (block === undefined || body === null) return null;
    const x = event.clientX - handle.getBoundingClientRect().left;
    const bar = block.width * body.clientWidth;
    const edge = bar < 4 * GRIP ? null : x < GRIP ? 'start' : x > bar - GRIP && x <= bar ? 'end' : null;
    return edge === null ? null : { is: 'edge', mission: block.mission.id, edge, home };
  }

  move(event: PointerEvent): void {
    this.#last = event;
    const pressed = this.#pressed;
    // The button was let go of where nobody could tell, over a scroll bar for example.
    if (pressed !== null && event.buttons === 0) {
      this.cancel();
      return;
    }
    if (this.#picked && lifting.lift === null) return;
    if (pressed !== null && lifting.lift === null && !this.#boxing) {
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < THRESHOLD) return;
      if (pressed.lift === null) this.#boxing = true;
      else {
        this.#picked = true;
        lifting.pickUp(pressed.lift, 'drag', event.ctrlKey || event.metaKey);
      }
    }
    if (this.#boxing) this.#drawBox(event);
    else if (lifting.means === 'drag') this.#aim(event, event.ctrlKey || event.metaKey);
    // The buttons about what is carried are about where it was aimed at before.
    else if (lifting.means === 'click' && !isOnBar(event)) this.#aim(event, lifting.copy);
    else if (lifting.lift === null && pressed === null) this.#showGrip(event);
    if (this.#boxing || lifting.means === 'drag') this.#scrollAtEdges();
  }

  up(event: PointerEvent): void {
    const dragged = lifting.means === 'drag';
    if (dragged) {
      this.#aim(event, event.ctrlKey || event.metaKey);
      lifting.drop();
    }
    if (this.#boxing) this.#selectBox(event);
    this.#ignoreClick = this.#picked || this.#boxing;
    this.#rest();
  }

  cancel(): void {
    if (lifting.means === 'drag') lifting.cancel();
    this.#rest();
  }

  click(event: MouseEvent): void {
    if (this.#ignoreClick) {
      this.#ignoreClick = false;
      return;
    }
    if (lifting.means === 'click') {
      event.preventDefault();
      event.stopPropagation();
      this.#aim(event, lifting.copy);
      lifting.drop();
      return;
    }
    const target = event.target instanceof Element ? event.target : null;
    const spot = target?.closest<HTMLElement>('.block')?.dataset['spot'];
    if (spot === undefined) {
      if (target?.closest('button, [role=rowheader]') === null) selection.clear();
    } else if (event.shiftKey || event.ctrlKey || event.metaKey) selection.toggle(spot);
    else selection.only(spot);
  }

  #rest(): void {
    this.#pressed = null;
    this.#picked = false;
    this.#boxing = false;
    cancelAnimationFrame(this.#scrolling);
    this.#scrolling = 0;
    this.#geometry.box(null);
  }

  #place(event: MouseEvent): Place {
    const body = this.#geometry.body()?.getBoundingClientRect();
    const scroller = this.#geometry.scroller()?.getBoundingClientRect();
    if (body === undefined || scroller === undefined) return { share: 0, y: 0, inside: false };
    const head = scroller.top + this.#geometry.headHeight();
    const { clientX: x, clientY: y } = event;
    // What is below the bar about what is carried cannot be seen.
    const inside = x >= scroller.left && x <= scroller.right && y >= head && y <= scroller.bottom && !isOnBar(event);
    return { share: (x - body.left) / body.width, y: y - body.top, inside };
  }

  #aim(event: MouseEvent, copy: boolean): void {
    const { lift } = lifting;
    if (lift === null) return;
    const place = this.#place(event);
    const rows = this.#geometry.rows();
    const row = place.inside ? (rows[rowAt(rows, place.y)]?.id ?? null) : null;
    const shift = row !== null && movesInTime(lift) ? this.#geometry.scale().span(place.share - this.#grip(lift), this.#geometry.body()?.clientWidth ?? 0) : 0;
    lifting.copy = copy;
    lifting.aimAt({ row, shift });
  }

  /** Where on the board it was taken: a click takes a call by its start. */
  #grip(lift: Lift): number {
    if (lifting.means === 'drag') return this.#pressed?.from.share ?? 0;
    const mission = lifting.seen === null ? undefined : missionsOf(lift, lifting.seen)[0];
    if (mission === undefined) return 0;
    return this.#geometry.scale().at(lift.is === 'edge' && lift.edge === 'end' ? mission.end : mission.start);
  }

  #drawBox(event: MouseEvent): void {
    this.#geometry.box(this.#boxTo(event));
  }

  #selectBox(event: PointerEvent): void {
    const found = inBox(this.#geometry.rows(), this.#boxTo(event)).map(({ id }) => id);
    if (event.shiftKey) selection.add(found);
    else selection.only(...found);
  }

  #boxTo(event: MouseEvent): { left: number; right: number; top: number; bottom: number } {
    const from = this.#pressed?.from ?? { share: 0, y: 0 };
    const to = this.#place(event);
    return {
      left: Math.max(0, Math.min(from.share, to.share)),
      right: Math.min(1, Math.max(from.share, to.share)),
      top: Math.max(0, Math.min(from.y, to.y)),
      bottom: Math.max(from.y, to.y),
    };
  }

  /** Goes on scrolling while the pointer rests at an edge. */
  #scrollAtEdges(): void {
    if (this.#scrolling !== 0) return;
    const step = (): void => {
      this.#scrolling = 0;
      const scroller = this.#geometry.scroller();
      if (scroller === null || this.#last === null || this.#pressed === null) return;
      const { top, bottom, left, right } = scroller.getBoundingClientRect();
      const { clientX: x, clientY: y } = this.#last;
      if (x < left || x > right) return;
      const down = speed(y - (bottom - EDGE)) - speed(top + this.#geometry.headHeight() + EDGE - y);
      if (down === 0) return;
      scroller.scrollTop += down;
      this.move(this.#last);
    };
    this.#scrolling = requestAnimationFrame(step);
  }
}

function isOnBar({ target }: MouseEvent): boolean {
  return target instanceof Element && target.closest('.carried') !== null;
}

/** Pixels for each frame, faster the nearer the edge is. */
function speed(beyond: number): number {
  return Math.min(FASTEST, Math.max(0, Math.ceil((beyond / EDGE) * FASTEST)));
}
