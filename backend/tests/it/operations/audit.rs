//! The audit log.

use super::declaration::{Declaration, get};
use crate::replay::script::Who::Admin;

pub fn declared() -> Vec<Declaration> {
    vec![
        get("/audit?object_id=<mission>&actor_id=<planner>")
            .at_most("4 MiB", "a page; an entry of an earlier release that is larger comes alone")
            .statements(3)
            .drawn(4, Admin)
            .asking(|s| {
                s.query(&[
                    "object_type=mission",
                    "object_type=assignment&object_type=invitation",
                    "from=2026-07-01T09:00:00Z",
                ])
            })
            .tested_by("audit_log::admins_and_owners_read_their_own_orgs"),
    ]
}
