/** Links that no mail took to their person. They are shown once, so they are kept until the page is left, in memory only. */

import { SvelteMap } from 'svelte/reactivity';

const links = new SvelteMap<string, string>();

interface Sent {
  assignment: string;
  delivery: string;
  url: string | undefined;
}

/** Keeps the link of somebody who was asked or reminded; one that was mailed needs nobody to hand it over. */
export function keepLink({ assignment, delivery, url }: Sent): void {
  if (delivery === 'none' && url !== undefined) links.set(assignment, url);
  else links.delete(assignment);
}

/** The link to hand over for an assignment, if there is one. */
export function linkFor(assignment: string): string | undefined {
  return links.get(assignment);
}
