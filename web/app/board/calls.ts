/** Posts that somebody is still to be found for. Pure. */

import { type PlanMission, type Snapshot, openPlaces } from '../plan/snapshot';

/** A post with places that nobody accepted. */
export interface Call {
  id: string;
  mission: PlanMission;
  role: string;
  open: number;
  quota: number;
  /** People who have a link and did not answer. */
  asked: number;
  /** People who were put there and never asked. */
  planned: number;
}

export function callsOf(snapshot: Snapshot, mission: PlanMission): Call[] {
  const waiting = snapshot.ofMission(mission.id).filter(({ status }) => status === 'INVITED');
  return mission.roles
    .filter((role) => openPlaces(role) > 0)
    .map((role) => {
      const on = waiting.filter((one) => one.role?.id === role.id);
      const asked = on.filter(({ invitation }) => invitation !== null).length;
      const { id, role_name, quota } = role;
      return { id, mission, role: role_name, open: openPlaces(role), quota: quota ?? 0, asked, planned: on.length - asked };
    });
}
