/**
 * The elements of the calls in a row. Hundreds come and go while the board is scrolled, so they are made by copying one, and
 * only what differs from it, or from the last time, is written.
 */

import type { Drawn } from './draw';

/** What of a call depends on where the keyboard is, and on what is selected. */
export interface Marked extends Drawn {
  focused: boolean;
  selected: boolean;
}

interface Kept {
  button: HTMLButtonElement;
  before: HTMLElement | null;
  last: Marked;
}

const EMPTY = document.createElement('button');
EMPTY.type = 'button';
EMPTY.tabIndex = -1;
EMPTY.className = 'block';

const AS_EMPTY: Marked = { id: '', lift: '', opens: null, look: '', label: '', text: '', style: '', pending: false, before: null, focused: false, selected: false };

/** Those of one row, in its order. */
export class Elements {
  readonly #root: Element;
  #kept = new Map<string, Kept>();
  #sketch: HTMLElement | null = null;

  constructor(root: Element) {
    this.#root = root;
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** Instead of them, until they are shown: one element with this style. */
  sketch(style: string): void {
    this.#sketch ??= this.#root.appendChild(Object.assign(document.createElement('span'), { className: 'sketch' }));
    this.#sketch.style.cssText = style;
  }

  show(all: readonly Marked[]): void {
    this.#sketch?.remove();
    this.#sketch = null;
    const kept = new Map(all.map((one) => [one.id, update(this.#kept.get(one.id) ?? made(), one)]));
    for (const [id, { button, before }] of this.#kept) {
      if (kept.has(id)) continue;
      button.remove();
      before?.remove();
    }
    this.#kept = kept;
    // What stays where it is is not touched: it keeps the focus.
    let next = this.#root.firstChild;
    for (const { button, before } of kept.values()) {
      for (const element of before === null ? [button] : [before, button]) {
        if (element === next) next = element.nextSibling;
        else this.#root.insertBefore(element, next);
      }
    }
  }
}

function made(): Kept {
  return { button: EMPTY.cloneNode() as HTMLButtonElement, before: null, last: AS_EMPTY };
}

function update({ button, before, last }: Kept, now: Marked): Kept {
  if (now.look !== last.look || now.selected !== last.selected) button.className = `block ${now.look}${now.selected ? ' selected' : ''}`;
  if (now.id !== last.id) button.setAttribute('data-spot', now.id);
  if (now.lift !== last.lift) button.setAttribute('data-lift', now.lift);
  if (now.text !== last.text) button.dataset['text'] = now.text;
  if (now.label !== last.label) button.setAttribute('aria-label', now.label);
  if (now.style !== last.style) button.style.cssText = now.style;
  if (now.focused !== last.focused) button.tabIndex = now.focused ? 0 : -1;
  if (now.selected !== last.selected) toggle(button, 'aria-pressed', now.selected);
  if (now.pending !== last.pending) toggle(button, 'aria-busy', now.pending);
  return { button, before: beside(before, now), last: now };
}

/** The text for which there is no room behind the bar. */
function beside(was: HTMLElement | null, { before }: Marked): HTMLElement | null {
  if (before === null) {
    was?.remove();
    return null;
  }
  const element = was ?? document.createElement('span');
  element.className = 'before';
  element.ariaHidden = 'true';
  element.textContent = before.text;
  element.style.cssText = before.style;
  return element;
}

function toggle(element: Element, name: string, on: boolean): void {
  if (on) element.setAttribute(name, 'true');
  else element.removeAttribute(name);
}
