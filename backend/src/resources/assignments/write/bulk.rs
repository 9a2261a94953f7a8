//! Creates many assignments with few statements, however many they are.

use super::{
    super::{
        entity::assignment,
        event::AssignmentEvent,
        model::{Assignment, AssignmentStatus, NewAssignment},
        read::{MissionPeriod, accepted_on_roles, active_pairs, conflicts_of_each},
        refusal::{AlreadyAssigned, QuotaReached, ScheduleConflict},
    },
    read,
};
use crate::{
    db::{OfOrg, OrRefusal, Tx},
    error::{Conflicts, Error, NotFound, Within},
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, ProjectId, UserId},
    resources::{
        missions::{self, MissionCancelled},
        projects::{self, ProjectArchived},
        users::{self, UserInactive},
    },
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::collections::{HashMap, HashSet};

/// Creates an assignment for each item: all of them or none. Returns the ids in the order of the items. Two statements for each
/// mission that somebody is ACCEPTED on, otherwise as many for one item as for a thousand.
///
/// # Errors
/// [`Error::Items`] with the index and the error of each refused item; [`QuotaReached`] when another transaction filled a role
/// meanwhile.
pub async fn create_all(tx: &Tx, org: OrgId, items: Vec<NewAssignment>) -> Result<Vec<AssignmentId>, Error> {
    let mission_ids: HashSet<_> = items.iter().map(|item| item.mission_id).collect();
    let user_ids: HashSet<_> = items.iter().map(|item| item.user_id).collect();
    let missions = missions::lock_all_for_share(tx, org, mission_ids.iter().copied()).await?;
    let users = users::lock_all_for_no_key_update(tx, org, user_ids.iter().copied()).await?;
    let projects: HashSet<_> = missions.values().filter_map(|mission| mission.project).collect();
    let archived = projects::lock_all_for_share(tx, org, projects).await?;
    let roles = missions::roles_of_each(tx, org, mission_ids.iter().copied()).await?;
    let mut assigned = active_pairs(tx, org, mission_ids, user_ids).await?;
    let no_roles = missions::MissionRoles::default();
    let mut planned = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mission = missions.get(&item.mission_id);
        let roles = roles.get(&item.mission_id).unwrap_or(&no_roles);
        let (user, known) = (users.get(&item.user_id), Known { roles, archived: &archived });
        match check_item(&item, mission, user, &known, &mut assigned) {
            Ok((mission, role)) => {
                let row = super::new_row(tx, org, item, mission, role);
                planned.push(Planned { index, row });
            }
            Err(error) => refused.push((index, error)),
        }
    }
    let ids: Vec<_> = planned.iter().map(|planned| planned.row.id).collect();
    let (accepted, invited): (Vec<_>, Vec<_>) =
        planned.into_iter().partition(|planned| planned.row.status == AssignmentStatus::Accepted);
    tx.insert_all(rows_of(invited)).await.or_refusal(super::meaning_of)?;
    let Accepted { overridden, refused: not_accepted } = accept(tx, org, accepted, &roles).await?;
    refused.extend(not_accepted);
    if !refused.is_empty() {
        refused.sort_by_key(|(index, _)| *index);
        return Err(Error::Items(Within::Body, refused));
    }
    let created = assignment::Entity::of(org)
        .filter(assignment::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(assignment::Column::Id);
    let created = read::all(tx, org, created).await?;
    tx.record_all(org, &events(&created, &overridden)).await?;
    Ok(ids)
}

/// What happened: each creation, and each override with the conflicts that it covers.
fn events<'a>(
    created: &'a [Assignment],
    overridden: &'a HashMap<AssignmentId, Conflicts>,
) -> Vec<AssignmentEvent<'a>> {
    let creations = created.iter().map(|after| AssignmentEvent::Created { after });
    let overrides = created.iter().filter_map(|after| {
        let conflicts = overridden.get(&after.id)?;
        Some(AssignmentEvent::overridden(after, conflicts))
    });
    creations.chain(overrides).collect()
}

/// An item whose mission and user can take it, and the row that it becomes.
struct Planned {
    index: usize,
    row: assignment::Model,
}

fn rows_of(planned: Vec<Planned>) -> Vec<assignment::ActiveModel> {
    planned.into_iter().map(|planned| planned.row.into_active_model()).collect()
}

/// What became of the items that are to be ACCEPTED.
#[derive(Default)]
struct Accepted {
    /// The conflicts that an override covers.
    overridden: HashMap<AssignmentId, Conflicts>,
    refused: Vec<(usize, Error)>,
}

/// Inserts mission by mission, because the search for conflicts with a mission must see whom an earlier item put on another.
async fn accept(
    tx: &Tx,
    org: OrgId,
    planned: Vec<Planned>,
    roles: &HashMap<MissionId, missions::MissionRoles>,
) -> Result<Accepted, Error> {
    let mut outcome = Accepted::default();
    if planned.is_empty() {
        return Ok(outcome);
    }
    let mut of_missions: Vec<(MissionId, Vec<Planned>)> = Vec::new();
    let mut place: HashMap<MissionId, usize> = HashMap::new();
    for planned in planned {
        let mission = planned.row.mission_id;
        let at = *place.entry(mission).or_insert_with(|| {
            of_missions.push((mission, Vec::new()));
            of_missions.len() - 1
        });
        of_missions[at].1.push(planned);
    }
    let mut taken = accepted_on_roles(tx, org, place.into_keys()).await?;
    for (mission, planned) in of_missions {
        let Some(first) = planned.first() else { continue };
        let period = MissionPeriod { mission, start: first.row.starts_at, end: first.row.ends_at };
        let users = planned.iter().map(|planned| planned.row.user_id);
        let mut conflicts = conflicts_of_each(tx, org, users, period).await?;
        let mut accepted = Vec::with_capacity(planned.len());
        for Planned { index, mut row } in planned {
            let conflicts = conflicts.remove(&row.user_id).unwrap_or_default();
            let quota = row.mission_role_id.and_then(|role| roles.get(&mission)?.quota(role));
            let on_role = row.mission_role_id.map(|role| taken.entry(role).or_default());
            if !conflicts.is_empty() && row.conflict_override.is_none() {
                outcome.refused.push((index, ScheduleConflict { conflicts }.into()));
            } else if on_role.as_ref().zip(quota).is_some_and(|(taken, quota)| **taken >= i64::from(quota)) {
                outcome.refused.push((index, QuotaReached.into()));
            } else {
                if conflicts.is_empty() {
                    row.conflict_override = None;
                } else {
                    outcome.overridden.insert(row.id, conflicts);
                }
                on_role.into_iter().for_each(|taken| *taken += 1);
                accepted.push(Planned { index, row });
            }
        }
        tx.insert_all(rows_of(accepted)).await.or_refusal(super::meaning_of)?;
    }
    Ok(outcome)
}

/// What [`check_item`] needs besides the rows of mission and user.
struct Known<'a> {
    roles: &'a missions::MissionRoles,
    archived: &'a HashSet<ProjectId>,
}

/// The same errors as [`create`](super::create).
fn check_item<'m>(
    item: &NewAssignment,
    mission: Option<&'m missions::Locked>,
    user: Option<&users::Locked>,
    known: &Known<'_>,
    assigned: &mut HashSet<(MissionId, UserId)>,
) -> Result<(&'m missions::Locked, Option<MissionRoleId>), Error> {
    let mission = mission.ok_or(NotFound.into()).map_err(Error::referred("/mission_id", "mission"))?;
    let user = user.ok_or(NotFound.into()).map_err(Error::referred("/user_id", "user"))?;
    let role = known.roles.named(item.role_name.as_ref())?;
    if !assigned.insert((item.mission_id, item.user_id)) {
        Err(AlreadyAssigned.into())
    } else if mission.cancelled {
        Err(MissionCancelled.into())
    } else if mission.project.is_some_and(|project| known.archived.contains(&project)) {
        Err(ProjectArchived.into())
    } else if !user.active {
        Err(UserInactive.into())
    } else {
        Ok((mission, role))
    }
}
