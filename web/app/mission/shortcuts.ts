/** The keys of the panel: they work where the focus is in it, or where it is the screen. Else they are the board's. */

import type { Shortcut } from '../ui/keys.svelte';
import { notices } from '../ui/notices.svelte';
import type { Actions } from './actions.svelte';
import type { List } from './list.svelte';
import type { OpenMission } from './mission.svelte';
import { words } from './words';

/** For the help: the panel listens itself. `filter` goes to the field for names, where the key does that and not something else. */
export function shortcuts(filter: (() => unknown) | null): Shortcut[] {
  const w = words();
  return [
    { key: '1 – 9', does: w.keyPick },
    { key: 'a', does: w.keyAsk },
    { key: 'x', does: w.keyRemove },
    ...(filter === null ? [] : [{ key: '/', does: w.filter, act: () => { filter(); } }]),
  ];
}

/** Does what a key says, and answers whether it says something. `focused` is the assignment whose row has the focus. */
export function press(key: string, mission: OpenMission, actions: Actions, list: List, focused: string | null): boolean {
  const number = '123456789'.indexOf(key);
  if (number >= 0) {
    const candidate = list.shown[number];
    if (candidate !== undefined && actions.asks && actions.replacing === null) {
      actions.picks.toggle(candidate, mission.post?.role ?? null);
    }
  } else if (key === 'a') {
    actions.askPicked();
  } else if (key === 'x') {
    // The question is answered where it is asked: from elsewhere the key means nobody in it.
    if (actions.removing !== null && actions.removing !== focused) {
      actions.removing = null;
      return true;
    }
    const id = focused ?? actions.selected;
    const member = mission.crew.find(({ assignment }) => assignment.id === id);
    if (member === undefined) notices.tell('warning', words().nobodySelected, { about: key });
    else if (!actions.isSending(member)) actions.remove(member);
  } else return false;
  return true;
}
