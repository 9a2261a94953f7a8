//! Who else is on a mission, for those who are on it: names and posts, and nothing else of a colleague.

use super::{entity::assignment, joins, model::AssignmentStatus};
use crate::{
    auth::entity::org,
    db::OfOrg,
    error::Error,
    ids::{MissionId, OrgId, UserId},
    resources::{
        missions::entity::mission_role,
        users::{self, entity::user},
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::Expr,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The most who are shown.
const MOST: u64 = 500;

/// Somebody who is accepted on the mission.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MissionCrewMember)]
pub struct CrewMember {
    /// First and last name.
    #[schema(example = "Élodie Bœuf")]
    pub name: String,
    /// The post they take.
    #[schema(example = "lumiere")]
    pub role_name: Option<String>,
}

/// Who is accepted on a mission beside a user who is invited to it or accepted, by last, then first name. `None` for everybody else, and
/// where the org does not want it.
///
/// # Errors
/// When the database fails.
pub async fn crew_beside(
    db: &impl ConnectionTrait,
    org: OrgId,
    mission: MissionId,
    user: UserId,
) -> Result<Option<Vec<CrewMember>>, Error> {
    use assignment::Column;
    let wants_it = org::Entity::find()
        .select_only()
        .column(org::Column::Id)
        .filter(org::Column::Id.eq(org))
        .filter(org::Column::CrewSeesCrew.eq(true));
    let own = assignment::Entity::of(org)
        .select_only()
        .column(Column::Id)
        .filter(Column::MissionId.eq(mission))
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .filter(Expr::exists(wants_it.into_query()));
    if own.into_tuple::<crate::ids::AssignmentId>().one(db).await?.is_none() {
        return Ok(None);
    }
    let crew = assignment::Entity::of(org)
        .select_only()
        .columns([user::Column::FirstName, user::Column::LastName])
        .column(mission_role::Column::RoleName)
        .join(JoinType::InnerJoin, joins::to_user(org))
        .join(JoinType::LeftJoin, joins::to_role(org))
        .filter(Column::MissionId.eq(mission))
        .filter(Column::Status.eq(AssignmentStatus::Accepted))
        .filter(Column::UserId.ne(user))
        .order_by_asc(user::Column::SortKey)
        .order_by_asc(Column::Id)
        .limit(MOST);
    let crew = crew.into_model::<Row>().all(db).await?.into_iter();
    Ok(Some(crew.map(CrewMember::from).collect()))
}

#[derive(Debug, FromQueryResult)]
struct Row {
    first_name: String,
    last_name: String,
    role_name: Option<String>,
}

impl From<Row> for CrewMember {
    fn from(row: Row) -> Self {
        Self { name: users::display_name(&row.first_name, &row.last_name), role_name: row.role_name }
    }
}
