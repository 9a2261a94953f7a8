/** What tabs of one browser tell each other: one org is shown at a time. */

import { API } from '../api/access';

// Two installations may be at one address, each below a folder.
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`coulisses.session ${API}`);

/** Forgets everything: what this tab holds in memory goes with its page. Nothing asks whether to stay on it. */
export function startAgain(): void {
  addEventListener('beforeunload', (event) => { event.stopImmediatePropagation(); }, { capture: true });
  // Replaced, so that Back does not lead to an address of the org that was left.
  history.replaceState(null, '', location.pathname);
  location.reload();
}

/** All tabs but this one start again. */
export function restartOthers(): void {
  channel?.postMessage('restart');
}

channel?.addEventListener('message', startAgain);
