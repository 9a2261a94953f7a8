//! The plan of a period, and who could do a mission.

use super::declaration::{Declaration, get};
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
    ]
}
