//! Missions as their rows are at one instant, to go back to.

use super::{
    entity::{mission, mission_role},
    write::next_sequence,
};
use crate::{
    db::{OfOrg, OrRefusal, Tx},
    error::Error,
    ids::{MissionId, MissionRoleId, OrgId, ProjectId},
    resources::assignments::{self, Told},
    text::NameKey,
    timestamp::Timestamp,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A mission's row and those of its roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    row: mission::Model,
    roles: Vec<RoleImage>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RoleImage {
    id: MissionRoleId,
    role_name: String,
    quota: Option<i32>,
    position: i32,
    created_at: Timestamp,
}

impl Image {
    /// Without what changes when mails go out.
    #[must_use]
    pub fn settled(&self) -> Self {
        let row = mission::Model { moved_at: None, moving_since: None, ..self.row.clone() };
        Self { row, ..self.clone() }
    }

    /// Without what every write counts up, also one that goes back.
    #[must_use]
    pub fn unstamped(&self) -> Self {
        let row = mission::Model { sequence: 0, updated_at: self.row.created_at, ..self.row.clone() };
        Self { row, ..self.clone() }
    }

    /// When and where it is.
    pub fn told(&self) -> Told {
        let mission::Model { starts_at, ends_at, timezone, location, .. } = self.row.clone();
        Told { start_at: starts_at, end_at: ends_at, timezone, location }
    }

    pub fn project(&self) -> Option<ProjectId> {
        self.row.project_id
    }

    pub fn is_cancelled(&self) -> bool {
        self.row.cancelled_at.is_some()
    }

    pub fn has_role(&self, id: MissionRoleId) -> bool {
        self.roles.iter().any(|role| role.id == id)
    }
}

/// Missions as they are; those that do not exist are absent.
///
/// # Errors
/// When the database fails.
pub async fn images(
    tx: &Tx,
    org: OrgId,
    ids: BTreeSet<MissionId>,
) -> Result<BTreeMap<MissionId, Image>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows =
        mission::Entity::of(org).filter(mission::Column::Id.is_in(ids.iter().copied())).all(tx).await?;
    let mut images: BTreeMap<_, _> =
        rows.into_iter().map(|row| (row.id, Image { row, roles: Vec::new() })).collect();
    let roles = mission_role::Entity::of(org)
        .filter(mission_role::Column::MissionId.is_in(ids))
        .order_by_asc(mission_role::Column::Id);
    for role in roles.all(tx).await? {
        let mission_role::Model { id, mission_id, role_name, quota, position, created_at, .. } = role;
        if let Some(image) = images.get_mut(&mission_id) {
            image.roles.push(RoleImage { id, role_name, quota, position, created_at });
        }
    }
    Ok(images)
}

/// Moves a locked mission back to where it was. What its people are being told goes on as it was before, too, unless
/// somebody was told meanwhile.
///
/// # Errors
/// [`ScheduleConflict`](assignments::ScheduleConflict) when the database finds somebody accepted who is taken then.
pub async fn move_back(tx: &Tx, org: OrgId, to: &Image, told_meanwhile: bool) -> Result<(), Error> {
    let row = to.row.clone();
    let mut back = mission::ActiveModel {
        location: Set(row.location),
        search: Set(row.search),
        starts_at: Set(row.starts_at),
        ends_at: Set(row.ends_at),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    if !told_meanwhile {
        back.moved_at = Set(row.moved_at);
        back.moving_since = Set(row.moving_since);
    }
    mission::Entity::update_of(org)
        .set(back)
        .col_expr(mission::Column::Sequence, next_sequence())
        .filter(mission::Column::Id.eq(row.id))
        .exec(tx)
        .await
        .or_refusal(assignments::meaning_of)?;
    Ok(())
}

/// Inserts missions that were deleted, with their roles; their projects are locked.
///
/// # Errors
/// When the database fails.
pub async fn insert_again(tx: &Tx, org: OrgId, images: Vec<Image>) -> Result<(), Error> {
    let (mut rows, mut roles) = (Vec::new(), Vec::new());
    for Image { row, roles: of_mission } in images {
        let role = |RoleImage { id, role_name, quota, position, created_at }: RoleImage| {
            let name_key = NameKey::of(&role_name);
            let mission_id = row.id;
            mission_role::Model {
                org_id: org,
                id,
                mission_id,
                role_name,
                name_key,
                quota,
                position,
                created_at,
            }
        };
        roles.extend(of_mission.into_iter().map(|one| role(one).into_active_model()));
        rows.push(mission::Model { updated_at: tx.now, ..row }.into_active_model());
    }
    tx.insert_all(rows).await?;
    tx.insert_all(roles).await?;
    Ok(())
}
