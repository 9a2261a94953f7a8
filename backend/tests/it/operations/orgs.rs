//! The org and its members.

use super::declaration::{Bound, Declaration, delete, each_at_most, get, patch, post};
use super::words::ZONES;
use crate::replay::script::{
    Script,
    Who::{Admin, Manager, Owner},
};
use serde_json::{Value as Json, json};

const ORG: Bound = ("8 KiB", "two names of 200 characters, a telephone number of 100, two e-mails of 254");

pub fn declared() -> Vec<Declaration> {
    each_at_most(
        ("2 KiB", "one member"),
        vec![
            get("/orgs/current")
                .at_most(ORG.0, ORG.1)
                .tested_by("orgs::members_read_the_org_and_its_owner_changes_it"),
            patch("/orgs/current")
                .body(r#"{"name":"Théâtre <number>","timezone":"Europe/Brussels","locale":"en","contact":{"name":"Karim","phone":"01 99 00 12 34","email":"karim@rideau.example"},"reply_to":"planning@rideau.example","reminder_hours":24,"digest_hours":12,"crew_sees_crew":false}"#)
                .at_most(ORG.0, ORG.1)
                .drawn(3, Owner)
                .with(org)
                .tested_by("orgs::members_read_the_org_and_its_owner_changes_it"),
            get("/orgs/current/membership")
                .tested_by("orgs::members_choose_what_they_are_mailed"),
            patch("/orgs/current/membership")
                .body(r#"{"notify":"<notify>"}"#)
                .drawn(3, Manager)
                .with(own)
                .tested_by("orgs::members_choose_what_they_are_mailed"),
            get("/orgs/members")
                .at_most("2 MiB", "1000 members")
                .tested_by("rbac::members_are_listed_highest_role_first"),
            post("/orgs/members")
                .body(r#"{"email":"nouvelle-<number>@rideau.example","role":"tech","user_id":"<newcomer>"}"#)
                .makes("account")
                .at_most("4 KiB", "one member and a link")
                .drawn(6, Admin)
                .with(new_member)
                .tested_by("rbac::only_admins_and_above_add_members"),
            post("/orgs/members/<unproven>:resend")
                .at_most("4 KiB", "one member and a link")
                .drawn(4, Admin)
                .tested_by("mails_over_Smtp::a_members_link_is_mailed_and_sent_again"),
            get("/orgs/members/<account>")
                // Who else is a member is no secret.
                .gets(200, &["colleague"])
                .tested_by("orgs::a_member_is_read_and_removed_by_their_account"),
            patch("/orgs/members/<account>")
                .body(r#"{"role":"tech","is_active":true,"user_id":"<user>","notify":"none"}"#)
                .sampled("/orgs/members/<account>", r#"{"role":"manager","user_id":"<newcomer>"}"#)
                .drawn(6, Owner)
                .with(member)
                .tested_by("orgs::a_role_holds_at_once_everywhere"),
            delete("/orgs/members/<account>")
                .drawn(3, Owner)
                .tested_by("orgs::a_member_is_read_and_removed_by_their_account"),
        ],
    )
}

fn org(s: &mut Script) -> Json {
    let names = ["Théâtre du Rideau", "Other House", "Théâtre de la Butte", "OTHER HOUSE"];
    match s.below(6) {
        0 => json!({ "name": s.pick(&names) }),
        4 => {
            json!({ "reminder_hours": s.pick(&[0, 48, 720, 721]), "digest_hours": s.pick(&[0, 1, 24]), "crew_sees_crew": s.chance(50) })
        }
        1 => {
            json!({ "contact": { "name": s.pick(&["Karim", "", "Léa"]), "phone": s.pick(&["01 99 00 12 34", "1\n2"]) } })
        }
        2 => {
            json!({ "contact": s.pick(&[Json::Null, json!({ "name": null }), json!({ "email": "léa@x.example" })]) })
        }
        3 => {
            json!({ "locale": s.pick(&["fr", "en", "en-US", "de"]), "reply_to": s.pick(&["p@rideau.example", "p"]) })
        }
        _ => json!({ "timezone": s.pick(ZONES) }),
    }
}

fn new_member(s: &mut Script) -> Json {
    let emails = [
        "ada@crew.example",
        "ADA@crew.example",
        "ben@crew.example",
        "manager@rideau.example",
        "cid@crew.example",
    ];
    let mut body =
        json!({ "email": s.pick(&emails), "role": s.pick(&["tech", "tech", "manager", "admin", "owner"]) });
    if s.chance(30) {
        body["user_id"] = s.id("user");
    }
    body
}

fn own(s: &mut Script) -> Json {
    json!({ "notify": s.pick(&["none", "declines", "all", "all", "some"]) })
}

fn member(s: &mut Script) -> Json {
    match s.below(5) {
        0 => json!({ "is_active": s.chance(50) }),
        1 => json!({ "user_id": s.id("user") }),
        2 => json!({ "user_id": null }),
        3 => own(s),
        _ => json!({ "role": s.pick(&["tech", "manager", "admin", "owner"]) }),
    }
}
