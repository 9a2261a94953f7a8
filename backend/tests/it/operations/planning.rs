//! The plan of a period, commands, and who could do a mission.

use super::declaration::{Declaration, get, post};
use crate::replay::script::Who::Manager;

pub fn declared() -> Vec<Declaration> {
    vec![
        get(
            "/planning?from=2026-07-01T00:00:00Z&to=2026-10-01T00:00:00Z&project_id=<project>&user_id=<user>",
        )
        .at_most("16 MiB", "5000 missions, 20 000 assignments, 5000 people")
        .statements(11)
        .drawn(6, Manager)
        .asking(|s| {
            let window = "from=2026-07-01T00:00:00Z&to=2026-10-01T00:00:00Z";
            let filters = s.query(&["q=son", "skill=son", "tag=bobino"]);
            format!("{window}&{filters}")
        })
        .tested_by("planning::the_plan_shows_what_overlaps_the_period"),
        post("/planning:apply")
            .body(
                r#"{"commands":[{"type":"assign","mission_id":"<mission>","user_id":"<newcomer>","invite":true},
                {"type":"move","mission_id":"<mission>","start_at":"2026-10-01T08:00:00Z","end_at":"2026-10-01T12:00:00Z"}]}"#,
            )
            .at_most("16 MiB", "200 commands or copies with what they are about")
            .tested_by("commands::each_command_does_what_its_call_does"),
        post("/planning:check")
            .body(r#"{"commands":[{"type":"assign","mission_id":"<mission>","user_id":"<newcomer>","invite":true}]}"#)
            .at_most("4 MiB", "200 verdicts with what is in the way")
            .tested_by("commands::all_is_done_or_nothing_and_each_bad_command_is_named"),
        get("/missions/<mission>/candidates")
            .at_most("4 MiB", "1000 people, each with five conflicts")
            .statements(7)
            .drawn(4, Manager)
            .asking(|s| s.query(&["limit=2"]))
            .tested_by("candidates::everyone_active_is_ranked_with_reasons"),
    ]
}
