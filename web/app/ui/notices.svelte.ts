/** Short messages about what was done or refused, read aloud by screen readers. */

export interface Notice {
  id: number;
  kind: 'done' | 'warning' | 'refused';
  text: string;
  /** Behind it, where the sentence is not all. */
  detail: string | undefined;
  action: { text: string; act: () => void } | undefined;
}

/** Milliseconds that a good message stays, and how many; the others stay until they are closed. */
const SHOWN = 8_000;
const MOST = 3;

class Notices {
  all = $state<Notice[]>([]);
  /** Pixels that they take at the bottom of what they are over, which ends above them. */
  height = $state(0);
  #next = 0;

  tell(kind: Notice['kind'], text: string, more: { detail?: string; action?: Notice['action'] } = {}): void {
    const id = this.#next++;
    // What an older one offers to take back is not the last change any more.
    const before = more.action === undefined ? this.all : this.all.map((notice) => ({ ...notice, action: undefined }));
    this.all = [...before, { id, kind, text, detail: more.detail, action: more.action }];
    if (kind === 'done') {
      const [old] = this.all.filter((notice) => notice.kind === kind).slice(0, -MOST);
      if (old !== undefined) this.close(old.id);
      setTimeout(() => {
        this.close(id);
      }, SHOWN);
    }
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

export const notices = new Notices();
