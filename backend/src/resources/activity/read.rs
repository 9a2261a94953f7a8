//! Reading activity.

use super::model::{ActivityEntry, ActivityQuery};
use crate::{
    auth::entity::{account, membership},
    db::{OfOrg, filter},
    error::Error,
    events::{ActivityKind, ActorKind, entity::audit_entry},
    http::Page,
    ids::{AccountId, AuditId, MissionId, OrgId, ProjectId, UserId},
    resources::{
        audit,
        missions::entity::mission,
        users::{self, entity::user},
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef, Select,
};
use uuid::Uuid;

/// A page of what happened, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: ActivityQuery,
) -> Result<Page<[ActivityEntry]>, Error> {
    use audit_entry::Column;
    let mut select = entries(org)
        .filter(filter::one_of(Column::MissionId, query.mission_id.0))
        .filter(filter::one_of(Column::ProjectId, query.project_id.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    if let Some(since) = query.since {
        select = select.filter(Column::CreatedAt.gte(since));
    }
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::before((Column::CreatedAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.into_model::<Row>().all(db).await?.into_iter();
            Ok(rows.map(|row| ((row.created_at, row.id), row.entry())).collect::<Vec<_>>())
        }
    })
    .await
}

/// The entries that tell something, with the names of what they are about. Missions and people may be deleted.
fn entries(org: OrgId) -> Select<audit_entry::Entity> {
    use audit_entry::Column;
    audit_entry::Entity::of(org)
        .select_only()
        .columns([Column::Id, Column::Activity, Column::CreatedAt, Column::MissionId, Column::ProjectId])
        .columns([Column::ObjectId, Column::UserId, Column::ActorKind, Column::ActorId])
        .column_as(mission::Column::Title, "mission_title")
        .columns([user::Column::FirstName, user::Column::LastName])
        .column_as(user::Column::AccountId, "user_account")
        .column_as(account::Column::Email, "actor_email")
        .join(JoinType::LeftJoin, mission::Entity::joined(org, to_mission()))
        .join(JoinType::LeftJoin, user::Entity::joined(org, to_user()))
        .join(JoinType::LeftJoin, membership::Entity::joined(org, audit::to_member()))
        .join(
            JoinType::LeftJoin,
            membership::Entity::belongs_to(account::Entity)
                .from(membership::Column::AccountId)
                .to(account::Column::Id)
                .into(),
        )
        // The indexes of activity have no other rows.
        .filter(Column::Activity.is_not_null())
}

fn to_mission() -> RelationDef {
    audit_entry::Entity::belongs_to(mission::Entity)
        .from((audit_entry::Column::OrgId, audit_entry::Column::MissionId))
        .to((mission::Column::OrgId, mission::Column::Id))
        .into()
}

fn to_user() -> RelationDef {
    audit_entry::Entity::belongs_to(user::Entity)
        .from((audit_entry::Column::OrgId, audit_entry::Column::UserId))
        .to((user::Column::OrgId, user::Column::Id))
        .into()
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: AuditId,
    activity: ActivityKind,
    created_at: Timestamp,
    mission_id: MissionId,
    project_id: Option<ProjectId>,
    object_id: Option<Uuid>,
    user_id: Option<UserId>,
    actor_kind: ActorKind,
    actor_id: Option<Uuid>,
    mission_title: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    user_account: Option<AccountId>,
    actor_email: Option<String>,
}

impl Row {
    fn entry(self) -> ActivityEntry {
        let own = match self.actor_kind {
            ActorKind::Account => self.user_account.is_some_and(|account| self.actor_id == Some(account.0)),
            ActorKind::Invitation => true,
            ActorKind::System => false,
        };
        let name = self.first_name.zip(self.last_name);
        ActivityEntry {
            id: self.id,
            kind: self.activity,
            at: self.created_at,
            mission_id: self.mission_id,
            mission_title: self.mission_title,
            project_id: self.project_id,
            assignment_id: self.user_id.and(self.object_id).map(Into::into),
            user_id: self.user_id,
            user_name: name.map(|(first, last)| users::display_name(&first, &last)),
            own,
            actor_kind: self.actor_kind,
            actor_email: self.actor_email,
        }
    }
}
