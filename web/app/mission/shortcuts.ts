/** The keys of the panel: they work while it is open and nobody is typing. */

import type { Shortcut } from '../ui/keys.svelte';
import type { Actions } from './actions.svelte';
import type { List } from './list.svelte';
import type { OpenMission } from './mission.svelte';
import { words } from './words';

/** `focused` is the assignment whose row has the focus. */
export function shortcuts(mission: OpenMission, actions: Actions, list: List, focused: () => string | null): Shortcut[] {
  const w = words();
  const picks = Array.from({ length: 9 }, (_, index): Shortcut => {
    const pick = (): void => {
      const candidate = list.shown[index];
      if (candidate === undefined || !actions.asks || actions.replacing !== null) return;
      actions.picks.toggle(candidate, mission.post?.role ?? null);
    };
    return { key: String(index + 1), does: w.keyPick(index + 1), act: pick };
  });
  const remove = (): void => {
    const id = focused() ?? actions.selected;
    const member = mission.crew.find(({ assignment }) => assignment.id === id);
    if (member !== undefined && !actions.isSending(member)) actions.remove(member);
  };
  return [
    ...picks,
    { key: 'a', does: w.keyAsk, act: () => { actions.askPicked(); } },
    { key: 'x', does: w.keyRemove, act: remove },
  ];
}
