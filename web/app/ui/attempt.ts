/** Something that is asked for where there is no place to say why it was not done: a notice does. */

import { asFailure } from '../api/refused';
import { notices } from './notices.svelte';
import { failureText } from './refusals';

export async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    notices.tell('refused', failureText(asFailure(error)));
  }
}
