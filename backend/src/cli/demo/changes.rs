//! What has happened to the season since it was planned, so that each kind of mail is there to be read: a mission that moved, one
//! that was called off, a reminder, and the digest of a morning.

use super::CliError;
use crate::{
    db::{OfOrg, Tx},
    ids::OrgId,
    jobs::NewJob,
    outbox::Outbox,
    resources::{
        assignments::{AssignmentStatus, ScheduleConflict, entity::assignment},
        invitations::{self, Links, NewInvitation},
        mails::{self, News},
        missions::{self, Mission},
    },
    state::App,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

/// By how much the mission moves.
const LATER: i64 = 2 * 3600;

/// The later missions of the season change: the first ones are as they were planned.
pub(super) async fn happen(tx: &Tx, app: &App, org: OrgId, season: &[Mission]) -> Result<(), CliError> {
    let mut later = season.iter().rev();
    if let Some(last) = later.next() {
        let locked = missions::lock_for_update(tx, org, last.id).await?;
        missions::call_off(tx, org, locked).await?;
    }
    for mission in later {
        let locked = missions::lock_for_update(tx, org, mission.id).await?;
        match missions::shift(tx, org, &locked, LATER).await {
            Ok(_) => {
                if app.outbox.can_send() {
                    // Told at once: nobody waits for a demonstration to settle.
                    let moved = News::Moved { org, mission: mission.id, event: None };
                    tx.enqueue(org, [NewJob::of(&moved)?]).await?;
                }
                break;
            }
            Err(error) if error.is::<ScheduleConflict>() => {}
            Err(error) => return Err(error.into()),
        }
    }
    remind(tx, app, org).await?;
    mails::queue_for_planners(app.outbox, tx, org).await?;
    Ok(())
}

/// Somebody who was handed a link has not answered.
async fn remind(tx: &Tx, app: &App, org: OrgId) -> Result<(), CliError> {
    let waiting = assignment::Entity::of(org)
        .filter(assignment::Column::Status.eq(AssignmentStatus::Invited))
        .order_by_desc(assignment::Column::StartsAt)
        .order_by_desc(assignment::Column::Id)
        .one(tx)
        .await?;
    let Some(waiting) = waiting else { return Ok(()) };
    let new = NewInvitation { assignment_id: waiting.id, email: None, answer_by: None };
    let by_hand = Links::of(app).through(Outbox::new(None));
    let handed = invitations::create(tx, org, new, &by_hand).await?;
    invitations::remind(tx, org, handed.id, &Links::of(app)).await?;
    Ok(())
}
