//! What several resources draw from in the replay: few words and few days, so that they get in each other's way.

use crate::replay::script::Script;
use serde_json::{Value as Json, json};

pub const ROLES: &[&str] = &["son", "son", "Son", "lumière"];
pub const NOTES: &[&str] = &["", "Venir tôt", "deux\nlignes", "  espaces  "];
pub const ZONES: &[&str] = &["Europe/Paris", "america/new_york", "Australia/Lord_Howe", "Mars/Olympus"];

/// A period, most often of some hours of the same day.
pub fn period(s: &mut Script) -> Json {
    let (start, length) = (s.below(18), *s.pick(&[2, 2, 4, 4, 6, 12, 0, 800]));
    let at = |hours: usize| {
        format!("2026-{:02}-{:02}T{:02}:00:00Z", 7 + hours / 24 / 22, 10 + hours / 24 % 22, hours % 24)
    };
    let mut body = json!({ "start_at": at(start), "end_at": at(start + length) });
    if s.chance(10) {
        body["end_at"] = json!("2026-07-12T01:30:00.123456+02:00");
    }
    if s.chance(20) {
        body["note"] = json!(s.pick(NOTES));
    }
    body
}
