//! How an assignment is joined with what it is about, for the queries of several resources.

use super::{entity::assignment, model::AssignmentStatus};
use crate::{
    db::OfOrg,
    ids::OrgId,
    resources::{
        missions::entity::{mission, mission_role},
        users::entity::user,
    },
};
use sea_orm::{
    EntityTrait, RelationDef,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query},
};

pub fn to_mission(org: impl Into<Option<OrgId>>) -> RelationDef {
    let to = assignment::Entity::belongs_to(mission::Entity)
        .from((assignment::Column::OrgId, assignment::Column::MissionId))
        .to((mission::Column::OrgId, mission::Column::Id));
    mission::Entity::joined(org, to.into())
}

pub fn to_user(org: impl Into<Option<OrgId>>) -> RelationDef {
    let to = assignment::Entity::belongs_to(user::Entity)
        .from((assignment::Column::OrgId, assignment::Column::UserId))
        .to((user::Column::OrgId, user::Column::Id));
    user::Entity::joined(org, to.into())
}

/// Not every assignment takes a role.
pub fn to_role(org: impl Into<Option<OrgId>>) -> RelationDef {
    let to = assignment::Entity::belongs_to(mission_role::Entity)
        .from((assignment::Column::OrgId, assignment::Column::MissionRoleId))
        .to((mission_role::Column::OrgId, mission_role::Column::Id));
    mission_role::Entity::joined(org, to.into())
}

/// How many have accepted the role, of this org, that a row is joined with.
pub fn accepted_of_role(org: impl Into<Expr>) -> Expr {
    count_of_role(org, AssignmentStatus::Accepted)
}

/// How many are on the role, of this org, that a row is joined with, and stand there.
pub fn count_of_role(org: impl Into<Expr>, status: AssignmentStatus) -> Expr {
    let of = |column| Expr::col(("others", column));
    let count = Query::select()
        .expr(Func::count(Expr::col(Asterisk)))
        .from_as(assignment::Entity, "others")
        .and_where(of(assignment::Column::OrgId).eq(org))
        .and_where(
            of(assignment::Column::MissionRoleId).equals((mission_role::Entity, mission_role::Column::Id)),
        )
        .and_where(of(assignment::Column::Status).eq(status))
        .take();
    Expr::SubQuery(None, Box::new(count.into()))
}
