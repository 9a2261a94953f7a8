//! The work that recurs while the program serves.

use crate::{
    db::TIME_ASKED_EVERY,
    http::idempotency,
    jobs::Periodic,
    resources::accounts::{links, record_refusals, sessions},
    state::App,
};
use std::time::Duration;

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
        "delete_answers_kept_for_repetition", every HOUR, |app| idempotency::forget_old_answers(&app.db);
        "delete_expired_links", every HOUR, |app| links::forget_old(&app.db);
        "delete_expired_sessions", every HOUR, |app| sessions::forget_old(&app.db);
    }
}
