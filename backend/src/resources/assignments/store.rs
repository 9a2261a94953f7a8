//! Every query that reads assignments.

use super::{
    model::{Assignment, AssignmentQuery, AssignmentStatus},
    table,
};
use crate::{
    db::{Timestamp, Tx, filter},
    error::{Clash, Error},
    http::Page,
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{missions, projects, users},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, Select, sea_query::JoinType,
};

/// The accepted missions of people that overlap `[start, end)`, by start; `except` is the mission that it is about.
pub(super) async fn clashes(
    tx: &Tx,
    org: OrgId,
    users: impl IntoIterator<Item = UserId>,
    (start, end): (Timestamp, Timestamp),
    except: MissionId,
) -> Result<Vec<Clash>, Error> {
    use table::Column;
    let found = with_titles(table::Entity::find())
        .filter(Column::OrgId.eq(org))
        .filter(Column::UserId.is_in(users))
        .filter(Column::Status.eq(AssignmentStatus::Accepted))
        .filter(Column::StartsAt.lt(end))
        .filter(Column::EndsAt.gt(start))
        .filter(Column::StartsAt.gt(start.earliest_start()))
        .filter(Column::MissionId.ne(except))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .into_model::<AssignmentRow>()
        .all(tx)
        .await?;
    let clash = |AssignmentRow(a)| Clash::Mission {
        user_id: a.user_id,
        assignment_id: a.id,
        mission_id: a.mission_id,
        mission_title: a.mission_title,
        start_at: a.start_at,
        end_at: a.end_at,
    };
    Ok(found.into_iter().map(clash).collect())
}

/// The chosen assignments.
pub(super) async fn all(
    db: &impl ConnectionTrait,
    chosen: Select<table::Entity>,
) -> Result<Vec<Assignment>, Error> {
    let rows = with_titles(chosen).into_model::<AssignmentRow>().all(db).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// One assignment.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: AssignmentId) -> Result<Assignment, Error> {
    let select = with_titles(table::Entity::find_by_id((org, id)));
    let found = select.into_model::<AssignmentRow>().one(db).await?;
    found.map(|row| row.0).ok_or(Error::NotFound)
}

/// A page of assignments by the mission's start. `own` narrows it to one person, or to nobody.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: AssignmentQuery,
    own: Option<Option<UserId>>,
) -> Result<Page<Assignment>, Error> {
    use table::Column;
    let rows = with_titles(table::Entity::find())
        .filter(Column::OrgId.eq(org))
        .filter(filter::own(Column::UserId, own))
        .filter(filter::one_of(Column::MissionId, query.mission_id.0))
        .filter(filter::one_of(Column::UserId, query.user_id.0))
        .filter(filter::one_of(missions::table::Column::ProjectId, query.project_id.0))
        .filter(filter::one_of(Column::Status, query.status.0))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), query.from, query.to))
        .filter(filter::after((Column::StartsAt, Column::Id), query.cursor.map(|cursor| cursor.0)))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(query.limit.with_lookahead())
        .into_model::<AssignmentRow>()
        .all(db)
        .await?;
    let page = Page::new(rows, query.limit, |AssignmentRow(a)| (a.start_at, a.id));
    Ok(page.map(|row| row.0))
}

/// The calls of a person that are still ahead, by start: what they are invited to or accepted on.
///
/// # Errors
/// When the database fails.
pub async fn upcoming(tx: &Tx, org: OrgId, user: UserId) -> Result<Vec<Assignment>, Error> {
    let chosen = table::Entity::find()
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::UserId.eq(user))
        .filter(table::Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .filter(filter::overlaps((table::Column::StartsAt, table::Column::EndsAt), Some(tx.now), None))
        .order_by_asc(table::Column::StartsAt)
        .order_by_asc(table::Column::Id);
    all(tx, chosen).await
}

/// Joins what an assignment is shown with: the mission's and project's titles and the person's name.
fn with_titles(select: Select<table::Entity>) -> Select<table::Entity> {
    use missions::table as mission;
    use projects::table as project;
    use users::table as user;
    select
        .column_as(mission::Column::Title, "mission_title")
        .column_as(project::Column::Name, "project_title")
        .column_as(user::Column::FirstName, "first_name")
        .column_as(user::Column::LastName, "last_name")
        .join(
            JoinType::InnerJoin,
            table::Entity::belongs_to(mission::Entity)
                .from((table::Column::OrgId, table::Column::MissionId))
                .to((mission::Column::OrgId, mission::Column::Id))
                .into(),
        )
        .join(
            JoinType::InnerJoin,
            table::Entity::belongs_to(user::Entity)
                .from((table::Column::OrgId, table::Column::UserId))
                .to((user::Column::OrgId, user::Column::Id))
                .into(),
        )
        .join(
            JoinType::LeftJoin,
            mission::Entity::belongs_to(project::Entity)
                .from((mission::Column::OrgId, mission::Column::ProjectId))
                .to((project::Column::OrgId, project::Column::Id))
                .into(),
        )
}

/// An assignment joined with its titles.
struct AssignmentRow(Assignment);

impl FromQueryResult for AssignmentRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        let a = table::Model::from_query_result(row, prefix)?;
        let first_name: String = row.try_get(prefix, "first_name")?;
        let last_name: String = row.try_get(prefix, "last_name")?;
        Ok(Self(Assignment {
            id: a.id,
            mission_id: a.mission_id,
            user_id: a.user_id,
            mission_role_id: a.mission_role_id,
            status: a.status,
            note: a.note,
            decline_reason: a.decline_reason,
            conflict_override: a.conflict_override,
            mission_title: row.try_get(prefix, "mission_title")?,
            project_title: row.try_get(prefix, "project_title")?,
            user_name: users::display_name(&first_name, &last_name),
            start_at: a.starts_at,
            end_at: a.ends_at,
            created_at: a.created_at,
            updated_at: a.updated_at,
        }))
    }
}
