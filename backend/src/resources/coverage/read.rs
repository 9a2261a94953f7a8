//! Reading coverage: a constant number of statements in one snapshot, each bounded.

use super::{
    model::{Coverage, CoverageQuery},
    rules::{self, Part},
};
use crate::{
    db::OfOrg,
    error::Error,
    ids::{MissionId, OrgId, ProjectId},
    resources::{
        assignments::{AssignmentStatus, entity::assignment, joins},
        missions::{
            self,
            entity::{mission, mission_role},
        },
        orgs, projects,
    },
    text::{NameKey, ZoneName},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
    sea_query::{Asterisk, Expr, Func},
};
use std::collections::HashMap;

/// Roles of missions, and missions with people without a role.
const MOST: usize = 20_000;

/// # Errors
/// [`NotFound`](crate::error::NotFound) for no project, [`Error::Invalid`] for one that is too large for one answer.
pub async fn coverage(
    db: &impl ConnectionTrait,
    org: OrgId,
    id: ProjectId,
    query: &CoverageQuery,
) -> Result<Coverage, Error> {
    projects::get(db, org, id).await?;
    let timezone = orgs::timezone(db, org).await?;
    let zone = ZoneName::zone(&timezone).map_err(|error| Error::internal(error))?;
    let period = (query.from, query.to);
    let mut parts = roles(db, org, id, period).await?;
    parts.extend(without_role(db, org, id, period).await?);
    Ok(Coverage {
        project_id: id,
        by: query.by,
        timezone,
        total: rules::total(&parts),
        rows: rules::rows(&parts, query.by, &zone),
    })
}

/// Which missions count.
fn chosen(project: ProjectId, (from, to): (Option<Timestamp>, Option<Timestamp>)) -> Condition {
    use mission::Column;
    Condition::all()
        .add(Column::ProjectId.eq(project))
        .add(Column::CancelledAt.is_null())
        .add_option(from.map(|from| Column::StartsAt.gte(from)))
        .add_option(to.map(|to| Column::StartsAt.lt(to)))
}

fn few<T>(all: Vec<T>) -> Result<Vec<T>, Error> {
    match all.len() > MOST {
        true => Err(Error::invalid(
            "/to",
            format!("selects more than {MOST} roles of missions; ask for a shorter period"),
        )),
        false => Ok(all),
    }
}

#[derive(Debug, FromQueryResult)]
struct RoleRow {
    mission_id: MissionId,
    starts_at: Timestamp,
    role_name: Option<String>,
    name_key: Option<NameKey>,
    quota: Option<i32>,
    invited: i64,
    accepted: i64,
}

/// The roles of the missions, by start; a mission without roles once.
async fn roles(
    db: &impl ConnectionTrait,
    org: OrgId,
    project: ProjectId,
    period: (Option<Timestamp>, Option<Timestamp>),
) -> Result<Vec<Part>, Error> {
    use mission_role::Column;
    let select = mission::Entity::of(org)
        .select_only()
        .column_as(mission::Column::Id, "mission_id")
        .column(mission::Column::StartsAt)
        .columns([Column::RoleName, Column::NameKey, Column::Quota])
        .expr_as(joins::count_of_role(org, AssignmentStatus::Invited), "invited")
        .expr_as(joins::count_of_role(org, AssignmentStatus::Accepted), "accepted")
        .join(JoinType::LeftJoin, missions::to_roles(org))
        .filter(chosen(project, period))
        .order_by_asc(mission::Column::StartsAt)
        .order_by_asc(mission::Column::Id)
        .order_by_asc(Column::Position)
        .limit(MOST as u64 + 1);
    let rows: Vec<RoleRow> = select.into_model().all(db).await?;
    let part = |row: RoleRow| Part {
        mission: row.mission_id,
        starts_at: row.starts_at,
        role: row.name_key.zip(row.role_name),
        quota: row.quota,
        invited: row.invited,
        accepted: row.accepted,
    };
    Ok(few(rows)?.into_iter().map(part).collect())
}

/// Whoever is on the missions without a role.
async fn without_role(
    db: &impl ConnectionTrait,
    org: OrgId,
    project: ProjectId,
    period: (Option<Timestamp>, Option<Timestamp>),
) -> Result<Vec<Part>, Error> {
    use assignment::Column;
    // Chosen by a list, not by a join: SQLite would begin with all assignments of the org.
    let missions =
        mission::Entity::of(org).select_only().column(mission::Column::Id).filter(chosen(project, period));
    let select = assignment::Entity::of(org)
        .select_only()
        .columns([Column::MissionId, Column::StartsAt, Column::Status])
        .expr_as(Func::count(Expr::col(Asterisk)), "people")
        .filter(Column::MissionId.in_subquery(missions.into_query()))
        .filter(Column::MissionRoleId.is_null())
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .group_by(Column::MissionId)
        .group_by(Column::StartsAt)
        .group_by(Column::Status)
        .limit(2 * MOST as u64 + 1);
    let rows: Vec<(MissionId, Timestamp, AssignmentStatus, i64)> = select.into_tuple().all(db).await?;
    let mut of_each: HashMap<MissionId, Part> = HashMap::new();
    for (mission, starts_at, status, people) in rows {
        let part = of_each.entry(mission).or_insert(Part {
            mission,
            starts_at,
            role: None,
            quota: None,
            invited: 0,
            accepted: 0,
        });
        match status {
            AssignmentStatus::Invited => part.invited = people,
            _ => part.accepted = people,
        }
    }
    few(of_each.into_values().collect())
}
