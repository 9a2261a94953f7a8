//! Streams of what changes.

use super::declaration::{Declaration, get};

pub fn declared() -> Vec<Declaration> {
    vec![
        get("/events?max_seconds=1")
            .at_most("1 KiB", "an event; a stream has as many as there are changes while it is open")
            .statements(1)
            .tested_by("events::a_stream_begins_with_all_lists_that_its_reader_may_read"),
    ]
}
