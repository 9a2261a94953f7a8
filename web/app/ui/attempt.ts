/** Something that is asked for where there is no place to say why it was not done: a notice does. */

import { Refused, asFailure } from '../api/refused';
import { common } from '../words/common';
import { notices } from './notices.svelte';

export async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const failure = asFailure(error);
    notices.tell('refused', failure instanceof Refused ? failure.problem.detail : common().unreachable);
  }
}
