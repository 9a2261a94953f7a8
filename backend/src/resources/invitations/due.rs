//! Reminding by itself: whoever has not answered when the mission, or the instant by which an answer is wanted, comes near.

use super::{
    entity::invitation,
    read::to_assignment,
    refusal::RemindedRecently,
    remind::{By, HOUR, remind_all},
    write::{Links, asked_again},
};
use crate::{
    auth::entity::org,
    db::{Database, Origin},
    delivery::Delivery,
    error::Error,
    ids::{InvitationId, OrgId},
    resources::{
        assignments::{self, AssignmentStatus},
        missions,
        projects::{self, ProjectStatus},
        users,
    },
    state::App,
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use std::collections::BTreeMap;

/// Whoever was reminded by a planner is not reminded by itself for so long.
const AFTER_A_PLANNER: i64 = 24 * HOUR;
/// People reminded in one transaction.
const BATCH: u64 = 200;

/// Reminds, once, all whose mission, or the instant by which their answer is wanted, comes as near as their org says.
///
/// # Errors
/// The first failure of an org, once all others are reminded, or when the database fails.
pub async fn remind_due(app: &App) -> Result<(), Error> {
    if !app.outbox.can_send() {
        return Ok(());
    }
    let (mut after, mut done) = (None, Ok(()));
    loop {
        let due = due_in_all_orgs(&app.db, app.db.clock().now(), after).await?;
        let mut by_org: BTreeMap<OrgId, Vec<InvitationId>> = BTreeMap::new();
        due.iter().for_each(|(org, id)| by_org.entry(*org).or_default().push(*id));
        for (org, ids) in by_org {
            let reminded = remind_of_org(app, org, &ids).await;
            // The others do not wait for it.
            done = done.and(reminded.inspect_err(|error| {
                tracing::warn!(org_id = %org, %error, cause = ?error.cause(), "nobody of an org is reminded");
            }));
        }
        if (due.len() as u64) < BATCH {
            return done;
        }
        after = due.last().copied();
    }
}

async fn remind_of_org(app: &App, org: OrgId, ids: &[InvitationId]) -> Result<(), Error> {
    let tx = app.db.write(Origin { tenant: Some(org), ..Origin::system() }).await?;
    let (_, refused) = remind_all(&tx, org, ids, &Links::of(app), By::Itself).await?;
    // What was answered or cancelled meanwhile is not looked at again; what waits for a place or was just reminded is.
    let for_good = refused
        .into_iter()
        .filter(|(_, error)| !error.is::<assignments::QuotaReached>() && !error.is::<RemindedRecently>());
    asked_again(&tx, org, for_good.map(|(id, _)| id).collect()).await?;
    tx.commit().await
}

/// The next [`BATCH`] invitations, in all orgs, whose people are to be reminded.
async fn due_in_all_orgs(
    db: &Database,
    now: Timestamp,
    after: Option<(OrgId, InvitationId)>,
) -> Result<Vec<(OrgId, InvitationId)>, Error> {
    use assignments::entity::assignment;
    use invitation::Column;
    use missions::entity::{mission, mission_role};
    use projects::entity::project;
    use users::entity::user;
    let start = || Expr::col((assignment::Entity, assignment::Column::StartsAt));
    let answer_by = || Expr::col((invitation::Entity, Column::AnswerBy));
    let until: Expr = Expr::case(answer_by().lt(start()), answer_by()).finally(start()).into();
    let hours = Expr::col((org::Entity, org::Column::ReminderHours)).mul(HOUR * 1_000_000);
    let due = until.clone().sub(hours);
    let recently = Column::RemindedAt.gt(now.plus_seconds(-AFTER_A_PLANNER));
    let found = invitation::Entity::find()
        .select_only()
        .columns([Column::OrgId, Column::Id])
        .join(
            JoinType::InnerJoin,
            invitation::Entity::belongs_to(org::Entity).from(Column::OrgId).to(org::Column::Id).into(),
        )
        .join(JoinType::InnerJoin, to_assignment(None))
        .join(JoinType::InnerJoin, assignments::joins::to_mission(None))
        .join(JoinType::InnerJoin, assignments::joins::to_user(None))
        .join(JoinType::LeftJoin, missions::to_project(None))
        .join(JoinType::LeftJoin, assignments::joins::to_role(None))
        .filter(Condition::all().add_option(after.map(|(org, id)| {
            let key = Expr::tuple([Column::OrgId.into_expr(), Column::Id.into_expr()]);
            key.gt(Expr::tuple([Expr::value(org), Expr::value(id)]))
        })))
        .filter(Column::Answer.is_null())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::AskedAgainAt.is_null())
        .filter(Column::Delivery.eq(Delivery::Sent))
        .filter(Condition::any().add(Column::RemindedAt.is_null()).add(recently.not()))
        .filter(org::Column::ReminderHours.gt(0))
        .filter(assignment::Column::Status.eq(AssignmentStatus::Invited))
        .filter(user::Column::Active.eq(true))
        .filter(mission::Column::CancelledAt.is_null())
        .filter(
            Condition::any()
                .add(project::Column::Status.is_null())
                .add(project::Column::Status.ne(ProjectStatus::Archived)),
        )
        // Who is about to be told of a move is asked again by that.
        .filter(mission::Column::MovingSince.is_null())
        // A yes to a full role would be refused; a place may become free.
        .filter(Condition::any().add(mission_role::Column::Quota.is_null()).add(
            mission_role::Column::Quota.into_expr().gt(assignments::joins::accepted_of_role(Expr::col((
                mission_role::Entity,
                mission_role::Column::OrgId,
            )))),
        ))
        .filter(due.clone().lte(now))
        .filter(until.gt(now))
        // Who was asked later than that has just heard of it.
        .filter(Expr::col((invitation::Entity, Column::CreatedAt)).lt(due))
        .order_by_asc(Column::OrgId)
        .order_by_asc(Column::Id)
        .limit(BATCH);
    Ok(found.into_tuple().all(db).await?)
}
