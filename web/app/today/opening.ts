/** Shows a row's mission. */

import type { Params } from '../route/href';
import { route } from '../route/route.svelte';

/** A mission that is opened takes the focus by itself; one that was open already is gone to. */
export function show(where: Params): void {
  const wasOpen = route.query.get('mission') === where['mission'];
  route.set(where);
  // To a person in it the panel goes itself.
  if (wasOpen && where['who'] === null) document.querySelector<HTMLElement>('aside h2[tabindex]')?.focus({ preventScroll: true });
}
