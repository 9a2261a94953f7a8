//! Conflicts, of all and of one person.

use super::PAGE;
use super::declaration::{Declaration, each_at_most, get};
use crate::replay::script::Who::Manager;

pub fn declared() -> Vec<Declaration> {
    each_at_most(
        PAGE,
        vec![
            get("/conflicts")
                .statements(4)
                .drawn(6, Manager)
                .asking(|s| s.query(&["from=2026-07-10T12:00:00Z", "to=2026-07-11T00:00:00Z"]))
                .tested_by("v1_endpoints::conflicts::overridden_overlaps_are_listed_with_their_reason"),
            get("/conflicts/user/<user>")
                .statements(5)
                .drawn(4, Manager)
                .tested_by("v1_endpoints::conflicts::overridden_overlaps_are_listed_with_their_reason"),
        ],
    )
}
