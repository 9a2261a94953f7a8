/** Short messages about what was done or refused, read aloud by screen readers. */

export interface Notice {
  id: number;
  kind: 'done' | 'warning' | 'refused';
  text: string;
  /** Behind it, where the sentence is not all. */
  detail: string | undefined;
  action: { text: string; act: () => void } | undefined;
  /** A newer one about the same takes its place; null for what stands for itself. */
  about: string | null;
}

/** Milliseconds that a good message stays; the others stay until they are closed. */
const SHOWN = 8_000;
/** How many are seen at once. */
export const MOST = 3;

interface More {
  detail?: string;
  action?: Notice['action'];
  /** Where the text does not say it: the change that was undone, for instance. */
  about?: string;
}

class Notices {
  all = $state<Notice[]>([]);
  /** Pixels that they take at the bottom of what they are over, which ends above them. */
  height = $state(0);
  #next = 0;
  /** While somebody points at them none goes by itself: the click would be for what is beneath. */
  #held = false;
  #due = new Set<number>();

  tell(kind: Notice['kind'], text: string, { detail, action, about }: More = {}): void {
    const id = this.#next++;
    // Two warnings in the same words may ask for two things.
    const subject = about ?? (kind === 'warning' ? null : text);
    const others = this.all.filter((one) => one.about === null || one.about !== subject);
    // What an older one offers to take back is not the last change any more.
    const before = action === undefined ? others : others.map((notice) => ({ ...notice, action: undefined }));
    this.all = fitting([...before, { id, kind, text, detail, action, about: subject }]);
    if (kind === 'done') {
      setTimeout(() => {
        if (this.#held) this.#due.add(id);
        else this.close(id);
      }, SHOWN);
    }
  }

  hold(): void {
    this.#held = true;
  }

  /** What would have gone meanwhile goes. */
  release(): void {
    this.#held = false;
    for (const id of this.#due) this.close(id);
    this.#due.clear();
  }

  /** Nothing that is shown offers to do something any more. */
  withdrawOffers(): void {
    this.all = this.all.map((notice) => ({ ...notice, action: undefined }));
  }

  close(id: number): void {
    this.all = this.all.filter((notice) => notice.id !== id);
  }

  clear(): void {
    this.all = [];
  }
}

/** Where there are more than are seen at once, the oldest successes go; whatever else there is waits to be closed. */
function fitting(all: readonly Notice[]): Notice[] {
  const done = all.slice(0, -1).filter(({ kind }) => kind === 'done');
  const going = new Set(done.slice(0, Math.max(0, all.length - MOST)));
  return all.filter((notice) => !going.has(notice));
}

export const notices = new Notices();
