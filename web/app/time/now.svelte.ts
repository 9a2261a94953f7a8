/** The present minute, for what ages on the screen. */

class Now {
  #at = $state(Date.now());

  constructor() {
    setInterval(() => {
      this.#at = Date.now();
    }, 30_000);
  }

  get at(): number {
    return this.#at;
  }
}

export const now = new Now();
