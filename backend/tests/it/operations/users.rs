//! People, their profiles and their calendars.

use super::declaration::{Bound, Declaration, delete, each_at_most, get, patch, post, put};
use super::words::ROLES;
use crate::replay::script::{
    Script,
    Who::{Manager, Tech},
};
use serde_json::{Value as Json, json};

const PERSON: Bound = (
    "192 KiB",
    "100 skills and 100 tags of 100 characters, a bio of 5000, two times 8 KiB of details or 50 rates",
);
const CHANGED: Bound = ("4 MiB", "one person; after a deactivation, the first 100 calls ahead");
const NEW: &str = r#"{"name":"Camille Nouvelle <number>","skills":["son"]}"#;

pub fn declared() -> Vec<Declaration> {
    each_at_most(
        PERSON,
        vec![
            get("/users?q=o")
                .listed("?q=Personne", 4)
                .drawn(6, Tech)
                .asking(|s| {
                    s.query(&[
                        "q=boeuf",
                        "q=%25",
                        "skill=son",
                        "tag=nuit&tag=jour",
                        "active=true",
                        "active=false",
                    ])
                })
                .tested_by("v1_endpoints::users::users_are_listed_by_last_then_first_name_and_filtered"),
            post("/users")
                .body(NEW)
                .makes("user")
                .drawn(10, Manager)
                .with(user)
                .tested_by("v1_endpoints::users::a_user_has_the_documented_members"),
            get("/users/<user>")
                // Who else works here is no secret.
                .gets(200, &["colleague"])
                .statements(4)
                .drawn(4, Tech)
                .tested_by("v1_endpoints::users::a_user_has_the_documented_members"),
            put("/users/<user>")
                .body(NEW)
                .at_most(CHANGED.0, CHANGED.1)
                .drawn(4, Manager)
                .with(user)
                .tested_by(
                    "v1_endpoints::user_changes::put_replaces_a_person_and_what_is_missing_is_the_default",
                ),
            patch("/users/<user>")
                .body(r#"{"phone":"06 00 00 <number>"}"#)
                .at_most(CHANGED.0, CHANGED.1)
                .drawn(6, Manager)
                .with(user_patch)
                .tested_by("v1_endpoints::user_changes::patch_changes_the_named_members_of_a_person_only"),
            delete("/users/<newcomer>").drawn(8, Manager).tested_by(
                "v1_endpoints::user_changes::a_person_without_history_goes_with_their_availabilities",
            ),
            get("/users/<user>/profile")
                .statements(4)
                .drawn(3, Manager)
                .tested_by("v1_endpoints::users::a_profile_is_replaced_as_a_whole"),
            put("/users/<user>/profile")
                .body(r#"{"skills":["son"],"bio":"Nuits de préférence <number>","locale":"en"}"#)
                .drawn(4, Manager)
                .with(profile)
                .tested_by("v1_endpoints::users::a_profile_is_replaced_as_a_whole"),
            get("/users/<user>/calendar?include=missions")
                .at_most("2 MiB", "1000 entries with two titles each")
                .statements(3)
                .listed("?include=missions", 4)
                .drawn(5, Manager)
                .asking(|s| s.query(&["include=missions", "from=2026-07-10T12:00:00Z"]))
                .tested_by("calendar::it_shows_what_is_approved_and_accepted"),
        ],
    )
}

const FIRST: &[&str] = &["Élodie", "Nina", "Łukasz", "zoé", "Øyvind", "Anne-Marie"];
const LAST: &[&str] = &["Bœuf", "Simone", "Weiß", "Éclair", "100%", "de la Tour"];

fn user(s: &mut Script) -> Json {
    let mut body = json!({ "first_name": s.pick(FIRST), "last_name": s.pick(LAST) });
    if s.chance(30) {
        body = json!({ "name": format!("{} {}", s.pick(FIRST), s.pick(LAST)) });
    }
    if s.chance(50) {
        body["email"] = json!(s.pick(&["nina@crew.example", "ÉLO@crew.example"]));
        body["skills"] = json!([s.pick(ROLES), { "skill": s.pick(ROLES), "level": s.pick(&[1, 5, 6]) }]);
        body["tags"] = json!([s.pick(&["nuit", "jour"])]);
    }
    body
}

fn user_patch(s: &mut Script) -> Json {
    match s.below(7) {
        6 => json!({ "locale": s.pick(&[json!("en"), json!("en-US"), json!("de"), Json::Null]) }),
        0 | 1 => json!({ "active": false }),
        2 | 3 => json!({ "active": true }),
        4 => {
            json!({ "legal_ids": { "b": [1, -0.0, 5e-324, 1e16], "a": { "z": [1.5, null], "é": true }, "c": f64::MAX } })
        }
        _ => json!({ "name": s.pick(LAST), "employment_type": s.pick(&["CDI", "INTERMITTENT", "x"]) }),
    }
}

fn profile(s: &mut Script) -> Json {
    json!({ "skills": [s.pick(ROLES)], "tags": [s.pick(&["nuit", "jour"])], "rate_profile": { "jour": s.pick(&[250.5, 0.0, 0.01]) } })
}
