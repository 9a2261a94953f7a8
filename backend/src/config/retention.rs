//! How long is kept what nobody needs for ever.

use super::reader::Reader;
use std::time::Duration;

const DAY: u64 = 24 * 3600;

/// How long each is kept; `None` for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// KEEP_SESSIONS_DAYS: of ended and expired sessions, counted from their expiry.
    pub sessions: Duration,
    /// KEEP_ANSWERS_HOURS: of answers that are given again to a repeated Idempotency-Key.
    pub answers: Duration,
    /// KEEP_MAILS_DAYS: of the record of mails.
    pub mails: Option<Duration>,
    /// KEEP_AUDIT_DETAILS_DAYS: of what objects were before and after a change. The entries stay.
    pub audit_details: Option<Duration>,
}

impl Retention {
    pub(super) fn read(env: &mut Reader<'_>) -> Self {
        let days = |days: u64| Duration::from_secs(days * DAY);
        let mut or_for_ever = |name| Some(env.number(name, 0, 0, 36_500)).filter(|days| *days > 0).map(days);
        Self {
            mails: or_for_ever("KEEP_MAILS_DAYS"),
            audit_details: or_for_ever("KEEP_AUDIT_DETAILS_DAYS"),
            sessions: days(env.number("KEEP_SESSIONS_DAYS", 30, 1, 36_500)),
            // The API promises a day.
            answers: Duration::from_secs(3600 * env.number("KEEP_ANSWERS_HOURS", 24, 24, 8760)),
        }
    }

    /// Each setting by its variable's name.
    pub(super) fn effective(&self) -> [(&'static str, String); 4] {
        let days = |kept: Duration| (kept.as_secs() / DAY).to_string();
        let or_for_ever = |kept: Option<Duration>| days(kept.unwrap_or_default());
        [
            ("KEEP_SESSIONS_DAYS", days(self.sessions)),
            ("KEEP_ANSWERS_HOURS", (self.answers.as_secs() / 3600).to_string()),
            ("KEEP_MAILS_DAYS", or_for_ever(self.mails)),
            ("KEEP_AUDIT_DETAILS_DAYS", or_for_ever(self.audit_details)),
        ]
    }
}
