//! The plan of a period, commands, and who could do a mission.

use super::declaration::{Declaration, get, post};
use crate::replay::script::{Script, Who::Manager};
use serde_json::{Value as Json, json};

pub fn declared() -> Vec<Declaration> {
    vec![
        get(
            "/planning?from=2026-07-01T00:00:00Z&to=2026-10-01T00:00:00Z&project_id=<project>&user_id=<user>",
        )
        .at_most("16 MiB", "5000 missions, 20 000 assignments, 5000 people")
        .statements(12)
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
                {"type":"move","mission_id":"<mission>","start_at":"2026-10-01T08:00:00Z","end_at":"2026-10-01T12:00:00Z"},
                {"type":"set_status","assignment_id":"<assignment>","status":"INVITED"}]}"#,
            )
            .at_most("16 MiB", "200 commands or copies with what they are about")
            .drawn(8, Manager)
            .with(commands)
            .tested_by("commands::each_command_does_what_its_call_does"),
        post("/planning:check")
            .body(
                r#"{"commands":[{"type":"assign","mission_id":"<mission>","user_id":"<newcomer>","invite":true},
                {"type":"remove","assignment_id":"<assignment>"}]}"#,
            )
            // It says of each command that it would be refused.
            .gets(200, &["other org's owner"])
            .at_most("4 MiB", "200 verdicts with what is in the way")
            .drawn(3, Manager)
            .with(commands)
            .tested_by("commands::all_is_done_or_nothing_and_each_bad_command_is_named"),
        post("/planning:undo")
            .body(r#"{"undo":"<undo>"}"#)
            // What an owner did is taken back by that owner.
            .gets(404, &["manager", "admin"])
            .at_most("16 MiB", "what the commands of one request changed")
            .drawn(4, Manager)
            .with(Script::undo)
            .tested_by("undo::what_was_done_is_taken_back_and_done_again"),
        get("/missions/<mission>/candidates")
            .at_most("4 MiB", "1000 people, each with five conflicts")
            .statements(8)
            .drawn(4, Manager)
            .asking(|s| s.query(&["limit=2"]))
            .tested_by("candidates::everyone_active_is_ranked_with_reasons"),
        get("/activity?mission_id=<moved-mission>&project_id=<project>")
            .drawn(4, Manager)
            .asking(|s| s.query(&["limit=3", "since=2026-07-01T09:00:00Z"]))
            .tested_by("activity::planners_are_told_of_answers_withdrawals_moves_and_confirmations"),
        get("/projects/<project>/coverage?by=role")
            .at_most("16 MiB", "20 000 roles with names of 100 characters")
            .statements(5)
            .drawn(4, Manager)
            .asking(|s| s.query(&["by=day", "by=role", "from=2026-07-10T12:00:00Z", "to=2026-07-11T00:00:00Z"]))
            .tested_by("staffing::coverage_counts_places_and_people_by_day_and_by_role"),
    ]
}

fn commands(s: &mut Script) -> Json {
    let count = 1 + s.below(3);
    json!({ "commands": (0..count).map(|_| command(s)).collect::<Vec<_>>() })
}

fn command(s: &mut Script) -> Json {
    let (mission, user, assignment) = (s.id("mission"), s.id("user"), s.id("assignment"));
    let status = *s.pick(&["INVITED", "ACCEPTED", "DECLINED", "CANCELLED"]);
    let yes = s.chance(50);
    match s.below(8) {
        0 => json!({ "type": "assign", "mission_id": mission, "user_id": user, "invite": yes }),
        1 => json!({ "type": "set_status", "assignment_id": assignment, "status": status }),
        2 => json!({ "type": "reassign", "assignment_id": assignment, "user_id": user, "invite": yes }),
        3 => {
            let (start, end) = (s.instant(), s.instant());
            json!({ "type": "move", "mission_id": mission, "start_at": start, "end_at": end })
        }
        4 => {
            let with_people = if yes { "invited" } else { "none" };
            json!({ "type": "copy", "mission_ids": [mission], "shift_days": 1, "with_people": with_people })
        }
        5 => json!({ "type": "remove", "assignment_id": assignment }),
        6 => json!({ "type": "confirm", "assignment_id": assignment }),
        _ => json!({ "type": "invite", "assignment_ids": [assignment] }),
    }
}
