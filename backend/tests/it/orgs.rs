//! The org and its members: who they are, what they may do, from one moment to the next.

use crate::support::{Kind, Persona, Test, at, together};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

const UNKNOWN_ID: &str = "019f0000-0000-7000-8000-000000000000";

async fn account(who: &Persona<'_>) -> String {
    who.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned()
}

async fn member(who: &Persona<'_>) -> String {
    format!("/orgs/members/{}", account(who).await)
}

async fn listed(reader: &Persona<'_>, account: &str) -> Json {
    let all = reader.get("/orgs/members").await.ok();
    let found = all["members"].as_array().unwrap().iter().find(|member| member["account_id"] == account);
    found.cloned().unwrap_or_default()
}

#[rstest]
#[tokio::test]
async fn members_read_the_org_and_its_owner_changes_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let current = owner.get("/orgs/current").await.ok();
    let now = crate::support::NOW;
    let wanted = json!({
        "id": test.org, "name": "Théâtre du Rideau", "timezone": "Europe/Paris", "locale": "fr",
        "contact": { "name": null, "phone": null, "email": null }, "reply_to": null,
        "reminder_hours": 48, "digest_hours": 24, "crew_sees_crew": true, "created_at": now, "updated_at": now,
    });
    assert_eq!(current, wanted);
    for lower in [test.tech().await, test.manager().await, test.admin().await] {
        assert_eq!(lower.get("/orgs/current").await.ok(), wanted);
        lower.patch("/orgs/current", json!({ "name": "Autre" })).await.refused(403, "forbidden");
    }
    test.pass_seconds(60);
    let changed = owner.patch("/orgs/current", json!({ "name": " Théâtre  Neuf " })).await.ok();
    assert_eq!((&changed["name"], &changed["timezone"]), (&json!("Théâtre  Neuf"), &json!("Europe/Paris")));
    assert_eq!(changed["updated_at"], "2026-07-01T08:01:00Z");
    assert_eq!(test.other_owner().await.get("/orgs/current").await.ok()["name"], "Other House");
    for (patch, pointer) in [
        (json!({ "name": null }), "/name"),
        (json!({ "name": " " }), "/name"),
        (json!({ "timezone": "Paris" }), "/timezone"),
        (json!({ "timezone": null }), "/timezone"),
        (json!({ "locale": "de" }), "/locale"),
        (json!({ "locale": "en-us" }), "/locale"),
        (json!({ "reply_to": "nobody" }), "/reply_to"),
        (json!({ "reply_to": "a@b.example\r\nBcc: c@d.example" }), "/reply_to"),
        (json!({ "id": UNKNOWN_ID }), "/id"),
    ] {
        assert_eq!(owner.patch("/orgs/current", patch).await.wrong_members(), [pointer]);
    }
    let entries = test.audit("org.update").await;
    assert_eq!((entries.len(), &entries[0].before, &entries[0].after), (1, &wanted, &changed));
}

const CURRENT: &str = "/orgs/current";

#[rstest]
#[tokio::test]
async fn its_contact_is_changed_member_by_member(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let none = json!({ "name": null, "phone": null, "email": null });
    let whole = json!({ "name": "Karim Haddad", "phone": "01 99 00 12 34", "email": "karim@rideau.example" });
    let mut tag = owner.get(CURRENT).await.header("etag").to_owned();
    for (patch, wanted) in [
        (
            json!({ "name": " Karim  Haddad" }),
            json!({ "name": "Karim  Haddad", "phone": null, "email": null }),
        ),
        (whole.clone(), whole.clone()),
        (
            json!({ "phone": "01 99 00 56 78" }),
            json!({ "name": "Karim Haddad", "phone": "01 99 00 56 78", "email": "karim@rideau.example" }),
        ),
        (
            json!({ "name": null, "email": null }),
            json!({ "name": null, "phone": "01 99 00 56 78", "email": null }),
        ),
        (json!(null), none.clone()),
        (whole.clone(), whole.clone()),
    ] {
        let changed = owner.patch(CURRENT, json!({ "contact": patch })).await;
        assert_eq!(changed.ok()["contact"], wanted, "{patch}");
        let read = test.tech().await.get(CURRENT).await;
        assert_eq!((read.ok(), read.header("etag")), (changed.ok(), changed.header("etag")));
        assert_ne!(changed.header("etag"), tag, "{patch}");
        tag = changed.header("etag").to_owned();
    }
    let recorded = test.audit("org.update").await;
    let changes: Vec<_> = recorded.iter().map(|e| (&e.before["contact"], &e.after["contact"])).collect();
    assert_eq!(changes.iter().filter(|change| **change == (&none, &whole)).count(), 1, "{changes:?}");
    assert_eq!(changes.iter().filter(|(_, after)| **after == none).count(), 1, "{changes:?}");
    // Nothing that is no change is one.
    for same in [json!({}), json!({ "phone": "01 99 00 12 34 " }), whole.clone()] {
        assert_eq!(owner.patch(CURRENT, json!({ "contact": same })).await.ok()["contact"], whole);
    }
    assert_eq!(test.audit("org.update").await.len(), recorded.len());
}

#[rstest]
#[tokio::test]
async fn a_contact_is_checked_member_by_member(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let before = owner.get(CURRENT).await.text;
    for (contact, pointers) in [
        (json!({ "phone": "" }), &["/contact/phone"][..]),
        (json!({ "phone": "01 99\n00 12 34" }), &["/contact/phone"]),
        (json!({ "phone": "0".repeat(101) }), &["/contact/phone"]),
        (json!({ "phone": 199001234 }), &["/contact/phone"]),
        (json!({ "name": "Ka\u{7}rim", "email": "karim" }), &["/contact/email", "/contact/name"]),
        (json!({ "name": "x".repeat(201) }), &["/contact/name"]),
        (json!({ "email": "Karim <karim@rideau.example>" }), &["/contact/email"]),
        (json!({ "fax": "01 99 00 12 34" }), &["/contact/fax"]),
        (json!({ "fax": null, "a/b": null }), &["/contact/a~1b", "/contact/fax"]),
        (json!("Karim"), &["/contact"]),
        (json!([]), &["/contact"]),
    ] {
        let refused = owner.patch(CURRENT, json!({ "contact": contact })).await;
        let mut wrong = refused.wrong_members();
        wrong.sort();
        assert_eq!(wrong, pointers, "{contact}");
    }
    assert_eq!(owner.get(CURRENT).await.text, before);
}

#[rstest]
#[tokio::test]
async fn its_language_and_where_answers_go_have_defaults(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    for locale in ["en", "en-US", "fr", "en"] {
        assert_eq!(owner.patch(CURRENT, json!({ "locale": locale })).await.ok()["locale"], locale);
        assert_eq!(owner.get(CURRENT).await.ok()["locale"], locale);
    }
    let reply_to = json!({ "reply_to": " Planning@rideau.example " });
    assert_eq!(owner.patch(CURRENT, reply_to).await.ok()["reply_to"], "Planning@rideau.example");
    let reset = owner.patch(CURRENT, json!({ "locale": null, "reply_to": null })).await.ok();
    assert_eq!((&reset["locale"], &reset["reply_to"]), (&json!("fr"), &json!(null)));
    assert_eq!(owner.get(CURRENT).await.ok(), reset);
    // The other org has its own.
    assert_eq!(test.other_owner().await.get(CURRENT).await.ok()["locale"], "fr");
}

#[rstest]
#[tokio::test]
async fn its_reminders_and_digest_come_after_hours_that_it_sets(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let hours = |org: &Json| (org["reminder_hours"].clone(), org["digest_hours"].clone());
    for (reminder, digest) in [(0, 1), (720, 720), (1, 24)] {
        let set = json!({ "reminder_hours": reminder, "digest_hours": digest });
        let changed = owner.patch(CURRENT, set).await.ok();
        assert_eq!(hours(&changed), (json!(reminder), json!(digest)));
        assert_eq!(owner.get(CURRENT).await.ok(), changed);
        // What is not named stays.
        assert_eq!(hours(&owner.patch(CURRENT, json!({ "locale": "en" })).await.ok()), hours(&changed));
    }
    let entries = test.audit("org.update").await;
    let changes: Vec<_> = entries.iter().map(|entry| (hours(&entry.before), hours(&entry.after))).collect();
    assert!(changes.contains(&((json!(48), json!(24)), (json!(0), json!(1)))), "{changes:?}");
    for (name, least) in [("reminder_hours", 0), ("digest_hours", 1)] {
        for wrong in [json!(least - 1), json!(721), json!(1e10), json!(1.5), json!("24"), json!(true)] {
            let refused = owner.patch(CURRENT, json!({ name: wrong })).await;
            assert_eq!(refused.wrong_members(), [format!("/{name}")], "{wrong}");
        }
        let refused = owner.patch(CURRENT, json!({ name: 721 })).await.json();
        let rule = format!("must be from {least} to 720 hours");
        assert_eq!(refused["errors"][0]["detail"], rule);
    }
    let reset = owner.patch(CURRENT, json!({ "reminder_hours": null, "digest_hours": null })).await.ok();
    assert_eq!(hours(&reset), (json!(48), json!(24)));
}

/// The hour of the next digest is one of the zone.
#[rstest]
#[tokio::test]
async fn another_time_zone_has_its_own_next_digest(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let next = async || {
        let rows =
            test.rows("SELECT digest_at AS at FROM orgs WHERE name <> 'Other' ORDER BY id LIMIT 1").await;
        rows[0]["at"].as_i64().expect("an instant")
    };
    let paris = at("2026-07-02T06:00:00Z").as_micros();
    for (change, wanted) in [
        (json!({ "locale": "en", "digest_hours": 5 }), paris),
        (json!({ "timezone": "Europe/Paris" }), paris),
        // Still this morning there.
        (json!({ "timezone": "America/Montreal" }), at("2026-07-01T12:00:00Z").as_micros()),
    ] {
        owner.patch(CURRENT, change.clone()).await.ok();
        assert_eq!(next().await, wanted, "{change}");
    }
}

const OWN: &str = "/orgs/current/membership";

#[rstest]
#[tokio::test]
async fn members_choose_what_they_are_mailed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, manager) = (test.admin().await, test.manager().await);
    let path = member(&manager).await;
    let own = manager.get(OWN).await;
    assert_eq!((own.ok(), &own.json()["notify"]), (admin.get(&path).await.ok(), &json!("declines")));
    for (who, at, notify) in [(&manager, OWN, "all"), (&admin, &*path, "none"), (&manager, OWN, "declines")] {
        let before = manager.get(OWN).await.ok();
        let seen = manager.get(at).await.header("etag").to_owned();
        let entries = test.audit_count().await;
        let changed = who.patch(at, json!({ "notify": notify })).await.ok();
        assert_eq!(changed["notify"], notify);
        assert_eq!(
            (manager.get(OWN).await.ok(), admin.get(&path).await.ok()),
            (changed.clone(), changed.clone())
        );
        assert_eq!(manager.get("/auth/me").await.ok()["memberships"][0]["notify"], notify);
        // Once more, it is no change.
        who.patch(at, json!({ "notify": notify })).await.ok();
        assert_eq!(test.audit_count().await, entries + 1);
        let stale = who.clone().with_header("if-match", &seen);
        stale.patch(at, json!({ "notify": "all" })).await.refused(412, "precondition_failed");
        let recorded = test.audit("member.update").await;
        assert!(recorded.iter().any(|entry| (&entry.before, &entry.after) == (&before, &changed)));
    }
    // Others' stay as they are, and so does what else is theirs.
    assert_eq!(admin.get(OWN).await.ok()["notify"], "declines");
    manager.patch(OWN, json!({ "notify": "all" })).await.ok();
    assert_eq!(manager.patch(OWN, json!({ "notify": null })).await.ok()["notify"], "declines");
    assert_eq!(test.tech().await.patch(OWN, json!({ "notify": "none" })).await.ok()["role"], "tech");
}

#[rstest]
#[tokio::test]
async fn of_their_membership_members_change_nothing_else(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, manager) = (test.admin().await, test.manager().await);
    let path = member(&manager).await;
    let before = manager.get(OWN).await.ok();
    for (patch, pointer) in [
        (json!({ "role": "owner" }), "/role"),
        (json!({ "is_active": false }), "/is_active"),
        (json!({ "user_id": test.tech_user }), "/user_id"),
        (json!({ "email": "other@rideau.example" }), "/email"),
        (json!({ "account_id": UNKNOWN_ID }), "/account_id"),
        (json!({ "notify": "some" }), "/notify"),
        (json!({ "notify": "None" }), "/notify"),
        (json!({ "notify": true }), "/notify"),
        (json!({ "notified": "all" }), "/notified"),
    ] {
        assert_eq!(manager.patch(OWN, patch).await.wrong_members(), [pointer]);
    }
    assert_eq!(admin.patch(&path, json!({ "notify": "some" })).await.wrong_members(), ["/notify"]);
    // What was shown can be sent back.
    assert_eq!(manager.patch(OWN, before.clone()).await.ok(), before);
    manager.patch(&path, json!({ "notify": "all" })).await.refused(403, "forbidden");
    admin.patch(&path, json!({ "is_active": false })).await.ok();
    manager.patch(OWN, json!({ "notify": "all" })).await.refused(403, "not_a_member");
    manager.get(OWN).await.refused(403, "not_a_member");
    assert_eq!(admin.get(&path).await.ok()["notify"], "declines");
}

#[rstest]
#[tokio::test]
async fn a_member_is_read_and_removed_by_their_account(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, tech, manager) = (test.admin().await, test.tech().await, test.manager().await);
    let (account, path) = (account(&manager).await, member(&manager).await);
    for reader in [&admin, &tech] {
        let shown = reader.get(&path).await.ok();
        assert_eq!((&shown["role"], shown == listed(reader, &account).await), (&json!("manager"), true));
    }
    assert_eq!(admin.delete(&path).await.ok(), json!({ "status": "ok" }));
    admin.get(&path).await.refused(404, "not_found");
    assert_eq!(listed(&admin, &account).await, Json::Null);
}

#[rstest]
#[tokio::test]
async fn a_name_is_one_orgs_whatever_its_case(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, other) = (test.owner().await, test.other_owner().await);
    for taken in ["Théâtre du Rideau", "THÉÂTRE DU RIDEAU", "théâtre du rideau "] {
        let refused = other.patch("/orgs/current", json!({ "name": taken })).await.refused(409, "duplicate");
        assert_eq!(refused["errors"][0]["pointer"], "/name", "{taken}");
    }
    // One's own name in other letters is free.
    let shouted = owner.patch("/orgs/current", json!({ "name": "THÉÂTRE DU RIDEAU" })).await.ok();
    assert_eq!(shouted["name"], "THÉÂTRE DU RIDEAU");
    other.patch("/orgs/current", json!({ "name": "théâtre du rideau" })).await.refused(409, "duplicate");
    owner.patch("/orgs/current", json!({ "name": "Autre" })).await.ok();
    other.patch("/orgs/current", json!({ "name": "théâtre du rideau" })).await.ok();
}

#[rstest]
#[tokio::test]
async fn its_time_zone_is_that_of_new_missions(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let zone =
        async |mission: &str| owner.get(&format!("/missions/{mission}")).await.ok()["timezone"].clone();
    let before = owner.mission("Montage", "08:00", "12:00").await;
    owner.patch("/orgs/current", json!({ "timezone": "America/Montreal" })).await.ok();
    let after = owner.mission("Montage", "08:00", "12:00").await;
    assert_eq!(zone(&before).await, "Europe/Paris");
    assert_eq!(zone(&after).await, owner.get("/orgs/current").await.ok()["timezone"]);
    let project = owner.project("Festival").await;
    let item =
        json!([{ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" }]);
    let bulk = owner.post(&format!("/projects/{project}/missions:bulk_create"), item).await.ok();
    assert_eq!(zone(bulk["ids"][0].as_str().unwrap()).await, "America/Montreal");
}

#[rstest]
#[tokio::test]
async fn a_role_holds_at_once_everywhere(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, tech) = (test.owner().await, test.tech().await);
    let there = tech.clone().at(&test.second_instance().await);
    let path = member(&tech).await;
    for (role, passes) in [("manager", 200), ("admin", 200), ("tech", 403), ("owner", 200), ("tech", 403)] {
        let changed = owner.patch(&path, json!({ "role": role })).await.ok();
        assert_eq!(changed["role"], role);
        assert_eq!(changed, listed(&owner, changed["account_id"].as_str().unwrap()).await);
        for instance in [&tech, &there] {
            assert_eq!(instance.get("/rbac_demo/manager").await.status, passes, "{role}");
            assert_eq!(instance.get("/auth/me").await.ok()["role"], role);
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_deactivated_member_is_locked_out_at_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, manager) = (test.admin().await, test.manager().await);
    let there = manager.clone().at(&test.second_instance().await);
    let path = member(&manager).await;
    let login = json!({ "email": "manager@rideau.example", "password": crate::support::PASSWORD });
    assert_eq!(admin.patch(&path, json!({ "is_active": false })).await.ok()["is_active"], false);
    for instance in [&manager, &there] {
        instance.get("/projects").await.refused(403, "not_a_member");
        instance.post("/projects", json!({ "name": "x" })).await.refused(403, "not_a_member");
    }
    test.anonymous().post("/auth/login", login.clone()).await.refused(401, "invalid_credentials");
    let inactive = listed(&admin, path.rsplit('/').next().unwrap()).await;
    assert_eq!((&inactive["is_active"], &inactive["role"]), (&json!(false), &json!("manager")));
    admin.patch(&path, json!({ "is_active": true })).await.ok();
    manager.get("/projects").await.ok();
    test.anonymous().post("/auth/login", login).await.ok();
    admin.delete(&path).await.ok();
    for instance in [&manager, &there] {
        instance.get("/projects").await.refused(403, "not_a_member");
    }
    admin.delete(&path).await.refused(404, "not_found");
    admin.patch(&path, json!({ "role": "tech" })).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn nobody_changes_a_superior_or_grants_above_their_own_rank(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (owner, admin) = (test.owner().await, test.admin().await);
    let (of_owner, of_admin) = (member(&owner).await, member(&admin).await);
    let of_tech = member(&test.tech().await).await;
    let entries = test.audit_count().await;
    for patch in [json!({ "role": "tech" }), json!({ "is_active": false }), json!({})] {
        admin.patch(&of_owner, patch).await.refused(403, "superior");
    }
    admin.delete(&of_owner).await.refused(403, "superior");
    admin.patch(&of_tech, json!({ "role": "owner" })).await.refused(403, "rank_too_low");
    admin.patch(&of_admin, json!({ "role": "owner" })).await.refused(403, "rank_too_low");
    for lower in [test.tech().await, test.manager().await] {
        lower.patch(&of_tech, json!({ "role": "tech" })).await.refused(403, "forbidden");
        lower.delete(&of_tech).await.refused(403, "forbidden");
    }
    assert_eq!(test.audit_count().await, entries);
    admin.patch(&of_tech, json!({ "role": "admin" })).await.ok();
    // Equals may change each other, and oneself.
    admin.patch(&of_tech, json!({ "role": "manager" })).await.ok();
    admin.patch(&of_admin, json!({ "role": "manager" })).await.ok();
    admin.patch(&of_admin, json!({ "role": "admin" })).await.refused(403, "forbidden");
}

#[rstest]
#[tokio::test]
async fn the_last_owner_stays(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = member(&owner).await;
    let of_admin = member(&test.admin().await).await;
    owner.patch(&path, json!({ "role": "admin" })).await.refused(409, "last_owner");
    owner.patch(&path, json!({ "is_active": false })).await.refused(409, "last_owner");
    owner.delete(&path).await.refused(409, "last_owner");
    // An owner who never took it up, or may not sign in, is none to rely on.
    let new = json!({ "email": "lea@rideau.example", "role": "owner" });
    let pending = owner.post("/orgs/members", new).await.ok();
    assert_eq!((&pending["role"], &pending["pending"]), (&json!("owner"), &json!(true)));
    for refused in [
        owner.patch(&path, json!({ "role": "admin" })).await,
        owner.patch(&path, json!({ "is_active": false })).await,
        owner.delete(&path).await,
    ] {
        refused.refused(409, "last_owner");
    }
    let of_pending = format!("/orgs/members/{}", pending["account_id"].as_str().unwrap());
    owner.patch(&of_pending, json!({ "role": "tech" })).await.ok();
    owner.delete(&of_pending).await.ok();
    owner.patch(&of_admin, json!({ "role": "owner", "is_active": false })).await.ok();
    owner.patch(&path, json!({ "role": "admin" })).await.refused(409, "last_owner");
    owner.delete(&path).await.refused(409, "last_owner");
    owner.get("/rbac_demo/owner").await.ok();
    owner.patch(&of_admin, json!({ "is_active": true })).await.ok();
    owner.delete(&path).await.ok();
    owner.get("/orgs/current").await.refused(403, "not_a_member");
}

const OWNERS: &str = "SELECT count(*) AS n FROM org_memberships m JOIN orgs o ON o.id = m.org_id
    WHERE m.role = 'owner' AND m.is_active AND m.proven_at IS NOT NULL AND o.name <> 'Other House'";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_demote_each_other_one_stays(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (one, two) = (test.owner().await, test.admin().await);
    let (of_one, of_two) = (member(&one).await, member(&two).await);
    test.open_all_connections().await;
    for _ in 0..5 {
        one.patch(&of_two, json!({ "role": "owner" })).await.ok();
        let (first, second) = (one.clone(), two.clone());
        let acts = vec![(first, of_two.clone()), (second, of_one.clone())];
        let answers = together(
            acts.into_iter().map(async |(who, whom)| who.patch(&whom, json!({ "role": "admin" })).await),
        )
        .await;
        assert_eq!(test.count(OWNERS).await, 1);
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{answers:?}");
        // The first one is the owner again.
        two.patch(&of_one, json!({ "role": "owner" })).await;
        one.patch(&of_two, json!({ "role": "admin" })).await.ok();
    }
}

/// Both have passed the look at their role when the first one writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn of_two_owners_who_meet_in_that_instant_one_stays_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let (one, two) = (test.owner().await, test.admin().await);
    let (of_one, of_two) = (member(&one).await, member(&two).await);
    one.patch(&of_two, json!({ "role": "owner" })).await.ok();
    let origin = coulisses::db::Origin::system();
    let held = test.app.db.write(origin).await.unwrap();
    held.execute_unprepared(&format!("SELECT 1 FROM orgs WHERE id = '{}' FOR UPDATE", test.org))
        .await
        .unwrap();
    let release = async {
        let waiting = "SELECT count(*) AS n FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while test.count(waiting).await < 2 {
            tokio::task::yield_now().await;
        }
        held.commit().await.unwrap();
    };
    let leave = json!({ "role": "tech" });
    let ((), first, second) =
        tokio::join!(release, one.patch(&of_two, leave.clone()), two.patch(&of_one, leave));
    let (done, refused) = if first.status == 200 { (first, second) } else { (second, first) };
    done.ok();
    // Who was demoted while they waited has no say by now.
    refused.refused(403, "forbidden");
    assert_eq!(test.count(OWNERS).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_member_is_one_person_at_most(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, manager, tech) = (test.admin().await, test.manager().await, test.tech().await);
    let path = member(&manager).await;
    let (nina, miriam) = (admin.user("Nina Simone").await, admin.user("Miriam Makeba").await);
    let person = async |user: &str| admin.get(&format!("/users/{user}")).await.ok()["account_id"].clone();
    assert_eq!(admin.patch(&path, json!({ "user_id": nina })).await.ok()["user_id"], nina);
    assert_eq!(manager.get("/auth/me").await.ok()["user_id"], nina);
    assert_eq!(person(&nina).await, account(&manager).await);
    // Another person takes the place of the first.
    assert_eq!(admin.patch(&path, json!({ "user_id": miriam })).await.ok()["user_id"], miriam);
    assert_eq!((person(&nina).await, person(&miriam).await), (json!(null), json!(account(&manager).await)));
    let taken = admin.patch(&path, json!({ "user_id": test.tech_user })).await.refused(409, "duplicate");
    assert_eq!(taken["errors"][0]["pointer"], "/user_id");
    let foreign = test.other_owner().await.user("Leur Personne").await;
    for user in [UNKNOWN_ID, &foreign] {
        let refused = admin.patch(&path, json!({ "user_id": user })).await.refused(404, "unknown_reference");
        assert_eq!(refused["errors"][0]["pointer"], "/user_id");
    }
    assert_eq!(manager.get("/auth/me").await.ok()["user_id"], miriam);
    assert_eq!(tech.get("/auth/me").await.ok()["user_id"], json!(test.tech_user));
    assert_eq!(admin.patch(&path, json!({ "user_id": null })).await.ok()["user_id"], json!(null));
    assert_eq!(person(&miriam).await, json!(null));
    let of_tech = member(&tech).await;
    admin.patch(&of_tech, json!({ "user_id": null })).await.ok();
    // A technician who is nobody has no calls, and the person stays.
    tech.get(&format!("/users/{}/profile", test.tech_user)).await.refused(404, "not_found");
    admin.patch(&path, json!({ "user_id": test.tech_user })).await.ok();
}

#[rstest]
#[tokio::test]
async fn members_of_other_orgs_are_not_there(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let foreign = account(&test.other_owner().await).await;
    for id in [foreign.as_str(), UNKNOWN_ID, "1"] {
        let path = format!("/orgs/members/{id}");
        owner.patch(&path, json!({ "role": "tech" })).await.refused(404, "not_found");
        owner.delete(&path).await.refused(404, "not_found");
    }
    test.other_owner().await.get("/rbac_demo/owner").await.ok();
}

#[rstest]
#[tokio::test]
async fn changes_of_members_are_on_record_and_none_is_not(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, tech) = (test.admin().await, test.tech().await);
    let path = member(&tech).await;
    let before = listed(&admin, path.rsplit('/').next().unwrap()).await;
    let entries = test.audit_count().await;
    for patch in
        [json!({}), json!({ "role": "tech" }), json!({ "user_id": test.tech_user, "is_active": true })]
    {
        assert_eq!(admin.patch(&path, patch).await.ok(), before);
    }
    assert_eq!(test.audit_count().await, entries);
    let after = admin.patch(&path, json!({ "role": "manager", "user_id": null })).await.ok();
    let entry = &test.audit("member.update").await[0];
    assert_eq!((&entry.before, &entry.after), (&before, &after));
    for (patch, pointer) in [
        (json!({ "role": null }), "/role"),
        (json!({ "role": "boss" }), "/role"),
        (json!({ "is_active": null }), "/is_active"),
        (json!({ "is_active": 1 }), "/is_active"),
        (json!({ "email": "x@rideau.example" }), "/email"),
    ] {
        assert_eq!(admin.patch(&path, patch).await.wrong_members(), [pointer]);
    }
    admin.delete(&path).await.ok();
    assert_eq!(test.audit("member.remove").await[0].before["role"], "manager");
    // The person stays.
    assert_eq!(admin.get(&format!("/users/{}", test.tech_user)).await.ok()["active"], true);
}

#[rstest]
#[tokio::test]
async fn e_mails_of_members_are_for_planners(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let seen = test.tech().await.get("/orgs/members").await;
    assert!(!seen.text.contains("email") && !seen.text.contains('@'), "{}", seen.text);
    let manager = test.manager().await;
    let seen = manager.get("/orgs/members").await.text;
    assert!(seen.contains("owner@rideau.example"), "{seen}");
    let path = member(&manager).await;
    test.owner().await.patch(&path, json!({ "role": "tech" })).await.ok();
    assert!(!manager.get("/orgs/members").await.text.contains('@'));
}
