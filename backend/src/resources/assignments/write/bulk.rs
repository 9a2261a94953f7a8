//! Creates many assignments with few statements, however many they are.

use super::{
    super::{
        entity::assignment,
        event::AssignmentEvent,
        model::{AssignmentStatus, BulkAssignment},
        read::active_pairs,
        refusal::AlreadyAssigned,
    },
    read,
};
use crate::{
    db::{OfOrg, OrRefusal, Tx},
    error::{Error, NotFound, Within},
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, ProjectId, UserId},
    resources::{
        missions::{self, MissionCancelled},
        projects::{self, ProjectArchived},
        users::{self, UserInactive},
    },
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::collections::HashSet;

/// Creates an INVITED assignment for each item: all of them or none. Returns the ids in the order of the items.
///
/// # Errors
/// [`Error::Items`] with the index and the error of each refused item.
pub async fn create_all(tx: &Tx, org: OrgId, items: Vec<BulkAssignment>) -> Result<Vec<AssignmentId>, Error> {
    let mission_ids: HashSet<_> = items.iter().map(|item| item.mission_id).collect();
    let user_ids: HashSet<_> = items.iter().map(|item| item.user_id).collect();
    let missions = missions::lock_all_for_share(tx, org, mission_ids.iter().copied()).await?;
    let users = users::lock_all_for_no_key_update(tx, org, user_ids.iter().copied()).await?;
    let projects: HashSet<_> = missions.values().filter_map(|mission| mission.project).collect();
    let archived = projects::lock_all_for_share(tx, org, projects).await?;
    let roles = missions::roles_of_each(tx, org, mission_ids.iter().copied()).await?;
    let mut assigned = active_pairs(tx, org, mission_ids, user_ids).await?;
    let no_roles = missions::MissionRoles::default();
    let mut rows = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mission = missions.get(&item.mission_id);
        let roles = roles.get(&item.mission_id).unwrap_or(&no_roles);
        let (user, known) = (users.get(&item.user_id), Known { roles, archived: &archived });
        match check_item(&item, mission, user, &known, &mut assigned) {
            Ok((mission, role)) => rows.push(assignment::Model {
                org_id: org,
                id: tx.new_id(),
                mission_id: item.mission_id,
                user_id: item.user_id,
                mission_role_id: role,
                status: AssignmentStatus::Invited,
                note: None,
                decline_reason: None,
                conflict_override: None,
                starts_at: mission.start_at,
                ends_at: mission.end_at,
                sequence: 0,
                needs_confirmation: false,
                agreed: None,
                told_at: None,
                shown: None,
                created_at: tx.now,
                updated_at: tx.now,
            }),
            Err(error) => refused.push((index, error)),
        }
    }
    if !refused.is_empty() {
        return Err(Error::Items(Within::Body, refused));
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    tx.insert_all(rows.into_iter().map(IntoActiveModel::into_active_model).collect())
        .await
        .or_refusal(super::meaning_of)?;
    let created = assignment::Entity::of(org)
        .filter(assignment::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(assignment::Column::Id);
    let created = read::all(tx, org, created).await?;
    let events: Vec<_> = created.iter().map(|after| AssignmentEvent::Created { after }).collect();
    tx.record_all(org, &events).await?;
    Ok(ids)
}

/// What [`may_join`] needs besides the rows of mission and user.
struct Known<'a> {
    roles: &'a missions::MissionRoles,
    archived: &'a HashSet<ProjectId>,
}

/// The same errors as [`create`](super::create).
fn check_item<'m>(
    item: &BulkAssignment,
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
