/** Keys that work wherever the focus is, unless somebody is typing. The screen that is shown declares its own. */

import { untrack } from 'svelte';

export interface Shortcut {
  /** As `KeyboardEvent.key` says it; with `Ctrl+` in front where that has to be held. */
  key: string;
  /** What it does, for the help. */
  does: string;
  /** Without it, the key is handled by what has the focus. */
  act?: () => void;
  /** Whether it goes on while the key is held down. */
  repeats?: true;
}

/** Whether single keys were switched off on this device. */
const SWITCHED_OFF = 'coulisses.single-keys-off';

/** With Ctrl, what fields do with their own text. */
const EDITING: ReadonlySet<string> = new Set(['z', 'y']);

class Keys {
  #groups = $state<(() => Shortcut[])[]>([]);
  #single = $state(!isSwitchedOff());

  /** Whether letters alone are shortcuts: whoever speaks to their computer switches that off (WCAG 2.1.4). */
  get single(): boolean {
    return this.#single;
  }

  allowSingle(allowed: boolean): void {
    this.#single = allowed;
    try {
      if (allowed) localStorage.removeItem(SWITCHED_OFF);
      else localStorage.setItem(SWITCHED_OFF, 'yes');
    } catch {
      // A browser that keeps nothing forgets it with the page.
    }
  }

  /** All that work at present, for the help. Of two for one key, the one that was declared last works. */
  get all(): Shortcut[] {
    const all = this.#groups.flatMap((group) => group());
    return all.filter(({ key, act }, index) => act === undefined || !all.slice(index + 1).some((other) => other.key === key && other.act));
  }

  /** Adds keys until the answer is called, as an effect of a component. */
  use(shortcuts: () => Shortcut[]): () => void {
    // Read without being depended on: an effect that adds keys is not about those of others.
    this.#groups = [...untrack(() => this.#groups), shortcuts];
    return () => {
      this.#groups = this.#groups.filter((one) => one !== shortcuts);
    };
  }

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]') !== null) return;
    const control = event.ctrlKey || event.metaKey;
    if (isTyping(event.target) && (!control || EDITING.has(event.key.toLowerCase()))) return;
    if (!control && event.key.length === 1 && !this.#single) return;
    const name = control ? `Ctrl+${event.shiftKey ? 'Shift+' : ''}${event.key.toLowerCase()}` : event.key;
    const found = this.all.findLast((shortcut) => shortcut.key === name && shortcut.act !== undefined);
    if (found?.act === undefined || (event.repeat && found.repeats === undefined)) return;
    event.preventDefault();
    found.act();
  }
}

function isSwitchedOff(): boolean {
  try {
    return localStorage.getItem(SWITCHED_OFF) !== null;
  } catch {
    return false;
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select');
}

export const keys = new Keys();
