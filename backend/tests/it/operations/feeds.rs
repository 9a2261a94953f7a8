//! Calendar feeds and their keys.

use super::declaration::{Bound, Declaration, delete, each_at_most, get, post};
use crate::replay::script::Who::{Anonymous, Manager};

const FEED: Bound = ("8 MiB", "up to 5000 missions, as many as fit into 4 MiB, and their time zones");

pub fn declared() -> Vec<Declaration> {
    each_at_most(
        ("1 KiB", "a key, and an address with it"),
        vec![
            get("/users/<user>/calendar.ics?key=<user-key>")
                .at_most(FEED.0, FEED.1)
                .statements(2)
                .drawn(6, Anonymous)
                .tested_by("feeds::a_users_feed_shows_what_they_are_called_to"),
            post("/users/<user>/calendar_key")
                .drawn(6, Manager)
                .tested_by("feeds::a_users_key_is_the_same_until_it_is_ended"),
            delete("/users/<user>/calendar_key")
                .drawn(2, Manager)
                .tested_by("feeds::a_users_key_is_the_same_until_it_is_ended"),
            get("/projects/<project>/calendar.ics?key=<project-key>")
                .at_most(FEED.0, FEED.1)
                .statements(2)
                .drawn(6, Anonymous)
                .tested_by("feeds::a_projects_feed_shows_its_missions_and_nobodys_name"),
            post("/projects/<project>/calendar_key")
                .drawn(6, Manager)
                .tested_by("feeds::a_projects_key_is_a_members_and_ends_with_the_membership"),
            delete("/projects/<project>/calendar_key")
                .drawn(2, Manager)
                .tested_by("feeds::a_projects_key_is_a_members_and_ends_with_the_membership"),
        ],
    )
}
