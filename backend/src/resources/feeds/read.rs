//! Finding whose feed a key opens.

use crate::{
    auth::{
        Feed, Tokens,
        entity::{account, membership, org},
    },
    db::OfOrg,
    error::Error,
    ids::{MembershipId, OrgId, ProjectId, UserId},
    locale::Locale,
    resources::{projects::entity::project, users::entity::user},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryResult,
    QuerySelect, RelationDef, TryGetable,
};

/// What an open feed says of its org and language.
#[derive(Debug)]
pub struct Opened {
    pub org: org::Model,
    pub locale: Locale,
    /// The calendar's name.
    pub name: String,
}

/// An org, the version of a key, and what else is read of its feed.
struct Row<T> {
    org: org::Model,
    version: i32,
    own: T,
}

const OWN: &str = "own";

impl<T: TryGetable> FromQueryResult for Row<T> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            version: row.try_get(prefix, "calendar_version")?,
            own: row.try_get(prefix, OWN)?,
            org: org::Model::from_query_result(row, prefix)?,
        })
    }
}

/// The feed of an active user, if this is its key.
///
/// # Errors
/// When the database fails.
pub async fn user_feed(
    db: &impl ConnectionTrait,
    org_id: OrgId,
    (tokens, key): (&Tokens, &str),
    id: UserId,
) -> Result<Option<Opened>, Error> {
    let found = org::Entity::find_by_id(org_id)
        .column(user::Column::CalendarVersion)
        .column_as(user::Column::Locale, OWN)
        .join(JoinType::InnerJoin, to_user(org_id))
        .filter(user::Column::Id.eq(id))
        .filter(user::Column::Active.eq(true))
        .into_model::<Row<Option<Locale>>>()
        .one(db)
        .await?;
    let found = found.filter(|row| tokens.opens_feed(key, org_id, Feed::User(id), row.version));
    Ok(found.map(|Row { org, own, .. }| Opened {
        locale: own.unwrap_or(org.locale),
        name: org.name.clone(),
        org,
    }))
}

fn to_user(org_id: OrgId) -> RelationDef {
    let to = org::Entity::belongs_to(user::Entity).from(org::Column::Id).to(user::Column::OrgId);
    user::Entity::joined(org_id, to.into())
}

/// The feed of a project, if this is the key of an active member.
///
/// # Errors
/// When the database fails.
pub async fn project_feed(
    db: &impl ConnectionTrait,
    (org_id, id): (OrgId, MembershipId),
    (tokens, key): (&Tokens, &str),
    project: ProjectId,
) -> Result<Option<Opened>, Error> {
    let found = org::Entity::find_by_id(org_id)
        .column(membership::Column::CalendarVersion)
        .column_as(project::Column::Name, OWN)
        .join(JoinType::InnerJoin, to_membership(org_id))
        .join(JoinType::InnerJoin, to_account())
        .join(JoinType::InnerJoin, to_project(org_id))
        .filter(membership::Column::Id.eq(id))
        .filter(membership::Column::IsActive.eq(true))
        .filter(membership::Column::ProvenAt.is_not_null())
        .filter(account::Column::IsActive.eq(true))
        .filter(project::Column::Id.eq(project))
        .into_model::<Row<String>>()
        .one(db)
        .await?;
    let feed = Feed::Project(project, id);
    let found = found.filter(|row| tokens.opens_feed(key, org_id, feed, row.version));
    Ok(found.map(|Row { org, own, .. }| Opened { locale: org.locale, name: own, org }))
}

fn to_membership(org_id: OrgId) -> RelationDef {
    let to = org::Entity::belongs_to(membership::Entity).from(org::Column::Id).to(membership::Column::OrgId);
    membership::Entity::joined(org_id, to.into())
}

fn to_account() -> RelationDef {
    membership::Entity::belongs_to(account::Entity)
        .from(membership::Column::AccountId)
        .to(account::Column::Id)
        .into()
}

fn to_project(org_id: OrgId) -> RelationDef {
    let to = org::Entity::belongs_to(project::Entity).from(org::Column::Id).to(project::Column::OrgId);
    project::Entity::joined(org_id, to.into())
}
