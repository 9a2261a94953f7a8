/** Which blocks are selected, in the order in which they were. */

class Selection {
  #ids = $state.raw<readonly string[]>([]);

  get ids(): readonly string[] {
    return this.#ids;
  }

  has(id: string): boolean {
    return this.#ids.includes(id);
  }

  only(...ids: string[]): void {
    this.#ids = ids;
  }

  toggle(id: string): void {
    this.#ids = this.has(id) ? this.#ids.filter((one) => one !== id) : [...this.#ids, id];
  }

  add(ids: readonly string[]): void {
    this.#ids = [...new Set([...this.#ids, ...ids])];
  }

  clear(): void {
    if (this.#ids.length > 0) this.#ids = [];
  }

  /** Forgets what is not there any more. */
  keep(exists: (id: string) => boolean): void {
    if (!this.#ids.every(exists)) this.#ids = this.#ids.filter(exists);
  }
}

export const selection = new Selection();
