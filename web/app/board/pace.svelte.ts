/**
 * Whether the board is scrolled faster than this machine can draw it. Then rows come with bars alone, since nobody reads at
 * that speed, and get their calls as soon as it rests.
 */

/** Milliseconds. A frame is late that could have been two, of 60 in a second. */
const LATE = 25;
/** Pixels. Slower than this, a row at a time, can be read. */
const FAST = 48;
/** Milliseconds without scrolling after which it rests. */
const RESTS = 120;
/** Late frames before anything is left out: one alone is something else's fault, and is forgotten after some in time. */
const ENOUGH = 2;
const FORGOTTEN = 0.25;

class Pace {
  hurried = $state(false);
  #last = -Infinity;
  #top = 0;
  #late = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** At which time a frame scrolled, in milliseconds, and how far from the top: the browser tells each frame once. */
  scrolled(at: number, top: number): void {
    const took = at - this.#last;
    const isFast = Math.abs(top - this.#top) >= FAST;
    this.#last = at;
    this.#top = top;
    this.#late = isFast && took > LATE && took < RESTS ? this.#late + 1 : Math.max(0, this.#late - FORGOTTEN);
    if (this.#late >= ENOUGH) this.hurried = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.hurried = false;
      this.#late = 0;
    }, RESTS);
  }
}

export const pace = new Pace();
