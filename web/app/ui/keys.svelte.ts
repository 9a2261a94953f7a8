/** Keys that work wherever the focus is, unless somebody is typing. The screen that is shown declares its own. */

export interface Shortcut {
  /** As `KeyboardEvent.key` says it; with `Ctrl+` in front where that has to be held. */
  key: string;
  /** What it does, for the help. */
  does: string;
  act: () => void;
}

class Keys {
  #groups = $state<(() => Shortcut[])[]>([]);

  /** All that work at present, for the help. */
  get all(): Shortcut[] {
    return this.#groups.flatMap((group) => group());
  }

  /** Adds keys until the answer is called, as an effect of a component. */
  use(shortcuts: () => Shortcut[]): () => void {
    this.#groups = [...this.#groups, shortcuts];
    return () => {
      this.#groups = this.#groups.filter((one) => one !== shortcuts);
    };
  }

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]') !== null) return;
    const control = event.ctrlKey || event.metaKey;
    if (!control && isTyping(event.target)) return;
    const name = control ? `Ctrl+${event.key.toLowerCase()}` : event.key;
    const found = this.all.findLast((shortcut) => shortcut.key === name);
    if (found === undefined) return;
    event.preventDefault();
    found.act();
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select');
}

export const keys = new Keys();
