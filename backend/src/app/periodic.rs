//! The work that recurs while the program serves.

use crate::{
    db::TIME_ASKED_EVERY,
    error::Error,
    http::idempotency,
    jobs::Periodic,
    resources::{
        accounts::{links, record_refusals, sessions},
        invitations, mails,
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
        "record_refused_sign_ins", every MINUTE, |app| record_refusals(&app.db, &app.refusals, false);
        "count_mails", every QUARTER_MINUTE, |app| count_mails(&app);
        "remind", every MINUTE, |app| invitations::remind_due(&app);
        "queue_digests", every MINUTE, |app| mails::queue_digests(&app);
        "delete_answers_kept_for_repetition", every HOUR, |app| idempotency::forget_old_answers(&app.db);
        "delete_expired_links", every HOUR, |app| links::forget_old(&app.db);
        "delete_expired_sessions", every HOUR, |app| sessions::forget_old(&app.db);
    }
}

async fn count_mails(app: &App) -> Result<(), Error> {
    let mails::Waiting { count, since } = mails::waiting(&app.db).await?;
    let seconds = since.map_or(0, |since| app.db.clock().now().since(since).as_secs());
    app.telemetry.metrics.mails_waiting(count, i64::try_from(seconds).unwrap_or(i64::MAX));
    Ok(())
}
