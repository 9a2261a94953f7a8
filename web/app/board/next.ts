/** Where planning goes on: the next mission after what is shown, else the last one before. */

import { api, data } from '../api/client';
import { asFailure } from '../api/refused';
import { route } from '../route/route.svelte';
import { session } from '../session/session.svelte';
import { dayOf } from '../time/calendar';
import { instant, timestamp } from '../time/zone';
import { notices } from '../ui/notices.svelte';
import { failureText } from '../ui/refusals';
import { lifting } from './lift.svelte';
import { view } from './view.svelte';
import { words } from './words';

/** `isAsked`: by somebody, who is told when there is none. */
export async function toNextMission(isAsked = true): Promise<void> {
  const { scale } = view;
  try {
    const query = { from: timestamp(view.scale.to), status: ['open' as const], limit: 1 };
    const [next] = data(await api.GET('/api/v1/missions', { params: { query } }));
    // They may have gone elsewhere meanwhile, or have begun something.
    if (route.path[0] !== 'board' || view.scale !== scale || lifting.lift !== null) return;
    if (next !== undefined) route.set({ from: dayOf(instant(next.start_at), session.org.timezone).toString() });
    else if (isAsked) notices.tell('warning', words().noneAhead);
  } catch (error) {
    if (!isAsked) return;
    notices.tell('refused', failureText(asFailure(error)));
  }
}
