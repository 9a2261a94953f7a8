/**
 * Where the application is: a screen and its filters, in the fragment of the address (`#/board?from=2026-07-06`). The
 * fragment works below any folder, and no server or proxy logs it.
 */

import { type Params, href, parts, withParams } from './href';

class Route {
  #hash = $state(location.hash);

  constructor() {
    addEventListener('hashchange', () => {
      this.#hash = location.hash;
    });
  }

  /** The parts of the path: `['mission', '0198…']`. */
  get path(): string[] {
    return parts(this.#split()[0]);
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#split()[1]);
  }

  #split(): [string, string] {
    const [path = '', query = ''] = this.#hash.replace(/^#/, '').split('?', 2);
    return [path, query];
  }

  /** Goes to another screen. */
  go(path: string, params: Params = {}): void {
    location.hash = href(path, params);
  }

  /** Goes to an address as `href` writes it. */
  open(address: string): void {
    location.hash = address;
  }

  /** Changes filters of this screen; the entry in the history stays the same one. */
  set(params: Params): void {
    const hash = withParams(this.#split()[0], this.query, params);
    history.replaceState(history.state, '', hash);
    this.#hash = hash;
  }
}

export const route = new Route();

export { href };
