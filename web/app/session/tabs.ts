/** What tabs of one browser tell each other: one org is shown at a time. */

import { API } from '../api/access';

const LOST = 'session lost';

// Two installations may be at one address, each below a folder.
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`coulisses.session ${API}`);

/** Forgets everything: what this tab holds in memory goes with its page. Nothing asks whether to stay on it. */
export function startAgain(): void {
  reload(null);
}

/** The same where nobody asked for it: the page that comes says so. Nothing but its own history knows. */
export function startLost(): void {
  reload(LOST);
}

/** Whether this page came after that, the first time it is asked. */
export function wasLost(): boolean {
  const was = history.state === LOST;
  if (was) history.replaceState(null, '');
  return was;
}

function reload(state: typeof LOST | null): void {
  addEventListener('beforeunload', (event) => { event.stopImmediatePropagation(); }, { capture: true });
  // Replaced, so that Back does not lead to an address of the org that was left.
  history.replaceState(state, '', location.pathname);
  location.reload();
}

/** All tabs but this one start again. */
export function restartOthers(): void {
  channel?.postMessage('restart');
}

channel?.addEventListener('message', startAgain);
