//! The work that recurs while the program serves.

use crate::{
    db::TIME_ASKED_EVERY,
    error::Error,
    events::entity::NO_ORG,
    http::idempotency,
    jobs::Periodic,
    live::LOOKED_EVERY,
    outbox,
    resources::{
        accounts::{links, record_refusals, sessions},
        audit, invitations, mails, orgs,
    },
    state::App,
};
use std::time::Duration;

const QUARTER_MINUTE: Duration = Duration::from_secs(15);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Each instance does all of it: what was deleted by another is not there any more.
pub fn periodic(app: &App) -> Vec<Periodic> {
    macro_rules! periodic {
        ($($name:literal, every $every:ident, |$app:ident| $work:expr;)+) => {
            vec![$({
                let app = app.clone();
                Periodic::new($name, $every, move || {
                    let $app = app.clone();
                    async move { $work.await }
                })
            }),+]
        };
    }
    periodic! {
        "follow_the_databases_clock", every TIME_ASKED_EVERY, |app| app.db.follow_clock();
        "look_for_changes", every LOOKED_EVERY, |app| async move {
            app.live.look().await;
            Ok::<_, Error>(())
        };
        "record_refused_sign_ins", every MINUTE, |app| record_refusals(&app.db, &app.refusals, false);
        "count_mails", every QUARTER_MINUTE, |app| count_mails(&app);
        "remind", every MINUTE, |app| invitations::remind_due(&app);
        "queue_digests", every MINUTE, |app| mails::queue_digests(&app);
        "delete_answers_kept_for_repetition", every HOUR, |app| async move {
            idempotency::forget_old_answers(&app.db, app.config.retention.answers).await
        };
        "delete_expired_links", every HOUR, |app| links::forget_old(&app.db);
        "delete_expired_sessions", every HOUR, |app| async move {
            sessions::forget_old(&app.db, app.config.retention.sessions).await
        };
        "delete_old_mails", every HOUR, |app| forget_mails(&app);
        "empty_old_audit_details", every HOUR, |app| forget_audit_details(&app);
    }
}

/// One org's failure does not keep the others from it.
async fn forget_mails(app: &App) -> Result<(), Error> {
    let Some(kept) = app.config.retention.mails else { return Ok(()) };
    let mut failed = None;
    for org in orgs::all(&app.db).await? {
        failed = outbox::delete_old(&app.db, org.id, kept).await.err().or(failed);
    }
    failed.map_or(Ok(()), Err)
}

/// The same of details, those of accounts' own events included.
async fn forget_audit_details(app: &App) -> Result<(), Error> {
    let Some(kept) = app.config.retention.audit_details else { return Ok(()) };
    let orgs = orgs::all(&app.db).await?;
    let mut failed = None;
    for org in orgs.iter().map(|org| org.id).chain([NO_ORG]) {
        failed = audit::empty_old_details(&app.db, org, kept).await.err().or(failed);
    }
    failed.map_or(Ok(()), Err)
}

async fn count_mails(app: &App) -> Result<(), Error> {
    let mails::Waiting { count, since } = mails::waiting(&app.db).await?;
    let seconds = since.map_or(0, |since| app.db.clock().now().since(since).as_secs());
    app.telemetry.metrics.mails_waiting(count, i64::try_from(seconds).unwrap_or(i64::MAX));
    Ok(())
}
