//! Reading missions.

use super::{
    entity::{mission, mission_role},
    model::{Mission, MissionQuery, MissionRole, MissionState, Staffing},
};
use crate::{
    db::{OfOrg, Template, Tx, filter},
    error::{Error, NotFound, UnknownReference},
    http::Page,
    ids::{MissionId, MissionRoleId, OrgId},
    resources::{
        assignments::{self, AssignmentStatus},
        projects::entity::project,
    },
    text::Label,
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, JoinType,
    PaginatorTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, RelationDef, Select,
    StatementBuilder, Value,
    sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement},
};
use std::collections::HashMap;

pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: MissionId) -> Result<Mission, Error> {
    static ONE: Template = Template::new();
    let one = ONE.fill(db.get_database_backend(), vec![org.into(), id.into()], |values| {
        let [org, id] = [0, 1].map(|at: usize| values[at].clone());
        let chosen = mission::Entity::find()
            .filter(mission::Entity::ORG_ID.eq(org.clone()))
            .filter(mission::Column::Id.eq(id));
        with_roles(org, chosen.into_query())
    });
    shown(db.query_all_raw(one).await?)?.pop().ok_or(NotFound.into())
}

/// The chosen missions with their roles and counts, by start and id, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn chosen(
    db: &impl ConnectionTrait,
    org: OrgId,
    select: Select<mission::Entity>,
) -> Result<Vec<Mission>, Error> {
    shown(db.query_all(&with_roles(org.into(), select.into_query())).await?)
}

/// Missions by their ids, as the API shows them.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    org: OrgId,
    ids: impl IntoIterator<Item = MissionId>,
) -> Result<HashMap<MissionId, Mission>, Error> {
    let found = chosen(db, org, mission::Entity::of(org).filter(mission::Column::Id.is_in(ids))).await?;
    Ok(found.into_iter().map(|mission| (mission.id, mission)).collect())
}

/// A page of missions, by start and id.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: MissionQuery,
) -> Result<Page<[Mission]>, Error> {
    use mission::Column;
    let mut select = mission::Entity::of(org)
        .filter(filter::one_of(Column::ProjectId, query.project_id.0))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), query.from, query.to))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id);
    if let Some(question) = query.q {
        select = select.filter(filter::has_words(&[Column::Search], &question));
    }
    if !query.status.0.is_empty() {
        let states = query.status.0.iter().map(|state| match state {
            MissionState::Open => Column::CancelledAt.is_null(),
            MissionState::Cancelled => Column::CancelledAt.is_not_null(),
        });
        select = select.filter(states.fold(Condition::any(), Condition::add));
    }
    if !query.staffing.0.is_empty() {
        select = select.filter(staffed(org, &query.staffing.0));
    }
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::after((Column::StartsAt, Column::Id), after)).limit(count);
        async move {
            let missions =
                shown(db.query_all(&with_roles(org.into(), part.into_query())).await?)?.into_iter();
            Ok(missions.map(|mission| ((mission.start_at, mission.id), mission)).collect::<Vec<_>>())
        }
    })
    .await
}

/// A role without a quota has any number of people: it neither makes a mission open nor full.
fn staffed(org: OrgId, wanted: &[Staffing]) -> Condition {
    let quota = || Expr::col((mission_role::Entity, mission_role::Column::Quota));
    let has_role = |such: Expr| {
        let role = mission_role::Entity::of(org)
            .select_only()
            .expr(Expr::val(1))
            .filter(
                Expr::col((mission_role::Entity, mission_role::Column::MissionId))
                    .equals((mission::Entity, mission::Column::Id)),
            )
            .filter(such);
        Expr::exists(role.into_query())
    };
    let misses_someone = has_role(quota().gt(assignments::joins::accepted_of_role(org)));
    let staffed = Condition::all().add(mission::Column::CancelledAt.is_null());
    let needs_someone = staffed.clone().add(has_role(quota().is_not_null()));
    match (wanted.contains(&Staffing::Open), wanted.contains(&Staffing::Full)) {
        (true, false) => staffed.add(misses_someone),
        (false, _) => needs_someone.add(misses_someone.not()),
        // Not the one OR the other: PostgreSQL would look at all roles of the org before the first mission.
        (true, true) => needs_someone,
    }
}

/// Not every mission has a project.
pub fn to_project(org: impl Into<Option<OrgId>>) -> RelationDef {
    let to = mission::Entity::belongs_to(project::Entity)
        .from((mission::Column::OrgId, mission::Column::ProjectId))
        .to((project::Column::OrgId, project::Column::Id));
    project::Entity::joined(org, to.into())
}

fn to_mission() -> RelationDef {
    mission_role::Entity::belongs_to(mission::Entity)
        .from((mission_role::Column::OrgId, mission_role::Column::MissionId))
        .to((mission::Column::OrgId, mission::Column::Id))
        .into()
}

/// Not every mission has roles.
pub fn to_roles(org: OrgId) -> RelationDef {
    let to = mission::Entity::belongs_to(mission_role::Entity)
        .from((mission::Column::OrgId, mission::Column::Id))
        .to((mission_role::Column::OrgId, mission_role::Column::MissionId));
    mission_role::Entity::joined(org, to.into())
}

/// The role that an assignment takes: the named one; without a name, that of a mission with exactly one role.
///
/// # Errors
/// [`UnknownReference`] when the mission has no role of that name.
pub async fn role_named(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    name: Option<&Label>,
) -> Result<Option<MissionRoleId>, Error> {
    roles_of(tx, org, mission).await?.named(name)
}

/// The roles of a mission, to choose that of an assignment from.
#[derive(Debug, Default)]
pub struct MissionRoles(Vec<mission_role::Model>);

impl MissionRoles {
    /// See [`role_named`].
    ///
    /// # Errors
    /// [`UnknownReference`] when the mission has no role of that name.
    pub fn named(&self, name: Option<&Label>) -> Result<Option<MissionRoleId>, Error> {
        match (name.map(Label::key), self.0.as_slice()) {
            (Some(key), roles) => match roles.iter().find(|role| role.name_key == key) {
                Some(role) => Ok(Some(role.id)),
                None => Err(UnknownReference { pointer: "/role_name", name: "role of this mission" }.into()),
            },
            (None, [only]) => Ok(Some(only.id)),
            (None, _) => Ok(None),
        }
    }

    /// How many people a role takes; `None` without a limit.
    pub fn quota(&self, role: MissionRoleId) -> Option<i32> {
        self.0.iter().find(|row| row.id == role)?.quota
    }
}

pub async fn roles_of(tx: &Tx, org: OrgId, mission: MissionId) -> Result<MissionRoles, Error> {
    Ok(roles_of_each(tx, org, [mission]).await?.remove(&mission).unwrap_or_default())
}

/// The roles of several missions, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn roles_of_each(
    tx: &Tx,
    org: OrgId,
    missions: impl IntoIterator<Item = MissionId>,
) -> Result<HashMap<MissionId, MissionRoles>, Error> {
    let roles =
        mission_role::Entity::of(org).filter(mission_role::Column::MissionId.is_in(missions)).all(tx).await?;
    let mut roles_of_each: HashMap<MissionId, MissionRoles> = HashMap::new();
    for role in roles {
        roles_of_each.entry(role.mission_id).or_default().0.push(role);
    }
    Ok(roles_of_each)
}

/// Groups the rows of [`with_roles`] (one per role) by mission. Only its first row has location and note.
fn shown(rows: Vec<QueryResult>) -> Result<Vec<Mission>, Error> {
    let mut missions: Vec<Mission> = Vec::new();
    for row in rows {
        let id: MissionId = row.try_get("", "id")?;
        if missions.last().is_none_or(|last| last.id != id) {
            missions.push(Mission::from_query_result(&row, "")?);
        }
        let role_id: Option<MissionRoleId> = row.try_get("", "role_id")?;
        if let (Some(id), Some(last)) = (role_id, missions.last_mut()) {
            let role_name: String = row.try_get("", "role_name")?;
            last.role.get_or_insert_with(|| role_name.clone());
            last.roles.push(MissionRole {
                id,
                role_name,
                quota: row.try_get("", "quota")?,
                invited: row.try_get("", "invited")?,
                accepted: row.try_get("", "accepted")?,
            });
        }
    }
    Ok(missions)
}

/// The chosen missions of an org joined with their roles and counts, in one statement so that they come from one snapshot.
fn with_roles(org: Value, chosen: SelectStatement) -> impl StatementBuilder {
    let (m, r) = (Alias::new("m"), Alias::new("r"));
    // By table name: the entity belongs to another resource, and only its rows are counted here.
    let count = |status: &'static str| {
        Query::select()
            .expr(Func::count(Expr::col(Asterisk)))
            .from("assignments")
            .and_where(Expr::col(("assignments", "org_id")).eq(org.clone()))
            .and_where(
                Expr::col(("assignments", "mission_role_id")).equals((r.clone(), mission_role::Column::Id)),
            )
            .and_where(Expr::col(("assignments", "status")).eq(status))
            .take()
    };
    let mut select = Query::select();
    for column in mission::Column::iter() {
        match column {
            // Not part of `Mission`.
            mission::Column::OrgId
            | mission::Column::Search
            | mission::Column::Sequence
            | mission::Column::MovedAt
            | mission::Column::MovingSince => {}
            // With the first role (position 0) only: a long note repeated for fifty roles would be a megabyte.
            mission::Column::Location | mission::Column::Note => {
                let position = Expr::col((r.clone(), mission_role::Column::Position));
                let first = position.clone().is_null().or(position.eq(0));
                select.expr_as(Expr::case(first, Expr::col((m.clone(), column))), column);
            }
            _ => {
                select.column((m.clone(), column));
            }
        }
    }
    select
        .expr_as(Expr::col((r.clone(), mission_role::Column::Id)), "role_id")
        .column((r.clone(), mission_role::Column::RoleName))
        .column((r.clone(), mission_role::Column::Quota))
        .expr_as(count("INVITED"), "invited")
        .expr_as(count("ACCEPTED"), "accepted")
        .from_subquery(chosen, m.clone())
        .join_as(
            JoinType::LeftJoin,
            mission_role::Entity,
            r.clone(),
            Expr::col((r.clone(), mission_role::Column::OrgId)).eq(org.clone()).and(
                Expr::col((r.clone(), mission_role::Column::MissionId))
                    .equals((m.clone(), mission::Column::Id)),
            ),
        )
        .order_by((m.clone(), mission::Column::StartsAt), Order::Asc)
        .order_by((m, mission::Column::Id), Order::Asc)
        .order_by((r, mission_role::Column::Position), Order::Asc)
        .take()
}

/// The name of a role.
///
/// # Errors
/// When the database fails.
pub async fn role_name(
    db: &impl ConnectionTrait,
    org: OrgId,
    role: MissionRoleId,
) -> Result<Option<String>, Error> {
    let name =
        mission_role::Entity::find_by_id((org, role)).select_only().column(mission_role::Column::RoleName);
    Ok(name.into_tuple().one(db).await?)
}

/// A mission role that needs more people.
#[derive(Debug, Clone, FromQueryResult)]
pub struct OpenRole {
    pub title: String,
    pub role_name: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub timezone: String,
    pub missing: i64,
}

/// The first `count` mission roles with fewer people accepted than their quota, of missions that start within `[from, to)`, by
/// start, and how many there are.
///
/// # Errors
/// When the database fails.
pub async fn open_roles(
    db: &impl ConnectionTrait,
    org: OrgId,
    (from, to): (Timestamp, Timestamp),
    count: u64,
) -> Result<(Vec<OpenRole>, u64), Error> {
    use assignments::entity::assignment;
    let accepted = Query::select()
        .expr(Func::count(Expr::col(Asterisk)))
        .from(assignment::Entity)
        .and_where(Expr::col((assignment::Entity, assignment::Column::OrgId)).eq(org))
        .and_where(
            Expr::col((assignment::Entity, assignment::Column::MissionRoleId))
                .equals((mission_role::Entity, mission_role::Column::Id)),
        )
        .and_where(Expr::col((assignment::Entity, assignment::Column::Status)).eq(AssignmentStatus::Accepted))
        .take();
    let quota = Expr::col((mission_role::Entity, mission_role::Column::Quota)).cast_as("bigint");
    let missing = quota.sub(Expr::SubQuery(None, Box::new(accepted.into())));
    let open = mission_role::Entity::of(org)
        .select_only()
        .columns([mission::Column::Title, mission::Column::StartsAt, mission::Column::EndsAt])
        .column(mission::Column::Timezone)
        .column(mission_role::Column::RoleName)
        .expr_as(missing.clone(), "missing")
        .join(JoinType::InnerJoin, mission::Entity::joined(org, to_mission()))
        .filter(mission::Column::StartsAt.gte(from))
        .filter(mission::Column::StartsAt.lt(to))
        .filter(mission::Column::CancelledAt.is_null())
        .filter(missing.gt(0));
    let total = open.clone().count(db).await?;
    let first = open
        .order_by_asc(mission::Column::StartsAt)
        .order_by_asc(mission_role::Column::MissionId)
        .order_by_asc(mission_role::Column::Position)
        .limit(count);
    Ok((first.into_model().all(db).await?, total))
}
