use super::{NOBODY, each, id, walk, with};
use crate::support::{Kind, NOW, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

const STATUSES: [&str; 4] = ["INVITED", "ACCEPTED", "DECLINED", "CANCELLED"];

async fn set(who: &Persona<'_>, assignment: &str, body: Json) -> crate::support::Outcome {
    who.post(&format!("/assignments/{assignment}:status"), body).await
}

async fn with_roles(manager: &Persona<'_>, roles: Json) -> String {
    let body = json!({ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z", "roles": roles });
    id(&manager.post("/missions", body).await.ok()).to_owned()
}

#[rstest]
#[tokio::test]
async fn an_assignment_has_the_documented_members(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let project = manager.project("Tournée").await;
    let body = json!({ "project_id": project, "role": "son", "location": "Bobino", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    let mission = manager.post("/missions", body).await.ok();
    let before = test.audit_count().await;
    let body = json!({ "mission_id": mission["id"], "user_id": user, "note": "à confirmer" });
    let created = manager.post("/assignments", body).await.ok();
    let wanted = json!({
        "id": id(&created), "mission_id": mission["id"], "user_id": user, "mission_role_id": mission["roles"][0]["id"],
        "status": "INVITED", "note": "à confirmer", "decline_reason": null, "conflict_override": null, "mission_title": "son",
        "project_title": "Tournée", "location": "Bobino", "role_name": "son", "user_name": "Nina Simone", "start_at": "2026-07-10T08:00:00Z",
        "end_at": "2026-07-10T12:00:00Z", "needs_confirmation": false, "told_at": null, "created_at": NOW, "updated_at": NOW,
    });
    let warned = |assignment: &Json| with(assignment, json!({ "warnings": [] }));
    assert_eq!(created, warned(&wanted));
    assert_eq!(test.audit_count().await, before + 1);
    assert_eq!(test.audit("assignment.create").await[0].after, wanted);
    let path = format!("/assignments/{}", id(&created));
    assert_eq!(manager.get(&path).await.ok(), wanted);
    test.pass_seconds(60);
    let answer = set(&manager, id(&created), json!({ "status": "ACCEPTED" })).await.ok();
    let accepted = with(&wanted, json!({ "status": "ACCEPTED", "updated_at": "2026-07-01T08:01:00Z" }));
    assert_eq!(answer, warned(&accepted));
    assert_eq!(test.audit_count().await, before + 2);
    let change = &test.audit("assignment.status").await[0];
    assert_eq!((&change.before, &change.after, change.actor_kind.as_str()), (&wanted, &accepted, "account"));
    let counts = manager.get(&format!("/missions/{}", id(&mission))).await.ok()["roles"][0].clone();
    assert_eq!((&counts["invited"], &counts["accepted"]), (&json!(0), &json!(1)));
    set(&manager, id(&created), json!({ "status": "ACCEPTED" })).await.ok();
    assert_eq!(test.audit_count().await, before + 2, "the same status again is no change");
}

#[rstest]
#[tokio::test]
async fn statuses_change_as_the_product_says(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let allowed = [
        ("INVITED", "ACCEPTED"),
        ("INVITED", "DECLINED"),
        ("INVITED", "CANCELLED"),
        ("ACCEPTED", "DECLINED"),
        ("ACCEPTED", "CANCELLED"),
        ("DECLINED", "INVITED"),
        ("DECLINED", "ACCEPTED"),
        ("CANCELLED", "INVITED"),
    ];
    for from in STATUSES {
        for to in STATUSES {
            let user = manager.user("Nina Simone").await;
            let assignment = manager.assignment(&mission, &user).await;
            set(&manager, &assignment, json!({ "status": from })).await.ok();
            let before = test.audit_count().await;
            let outcome = set(&manager, &assignment, json!({ "status": to })).await;
            let changed = if from == to || allowed.contains(&(from, to)) {
                assert_eq!(outcome.ok()["status"], to, "{from} to {to}");
                from != to
            } else {
                outcome.refused(409, "invalid_transition");
                false
            };
            assert_eq!(test.audit_count().await, before + i64::from(changed), "{from} to {to}");
            let now = manager.status_of(&assignment).await;
            assert_eq!(now, if changed { to } else { from }, "{from} to {to}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn unknown_references_are_named(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let (user, mission) =
        (manager.user("Nina Simone").await, manager.mission("Montage", "08:00", "12:00").await);
    let (stranger, elsewhere) = (other.user("Ella").await, other.mission("Ailleurs", "08:00", "12:00").await);
    let right = json!({ "mission_id": mission, "user_id": user });
    let before = test.audit_count().await;
    for (change, pointer) in [
        (json!({ "mission_id": NOBODY }), "/mission_id"),
        (json!({ "mission_id": elsewhere }), "/mission_id"),
        (json!({ "user_id": NOBODY }), "/user_id"),
        (json!({ "user_id": stranger }), "/user_id"),
        (json!({ "role_name": "son" }), "/role_name"),
    ] {
        let refused = manager
            .post("/assignments", with(&right, change.clone()))
            .await
            .refused(404, "unknown_reference");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{change}");
    }
    for (change, pointer) in [
        (json!({ "status": "DECLINED" }), "/status"),
        (json!({ "status": "CANCELLED" }), "/status"),
        (json!({ "override_reason": "renfort" }), "/override_reason"),
        (json!({ "user": user }), "/user"),
    ] {
        assert_eq!(
            manager.post("/assignments", with(&right, change.clone())).await.wrong_members(),
            [pointer],
            "{change}"
        );
    }
    test.tech().await.post("/assignments", right).await.refused(403, "forbidden");
    set(&manager, NOBODY, json!({ "status": "ACCEPTED" })).await.refused(404, "not_found");
    assert_eq!(test.audit_count().await, before);
    assert_eq!(test.count("SELECT count(*) AS n FROM assignments").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_clash_is_named_and_changes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let (first, second) = (
        manager.mission("Montage", "08:00", "12:00").await,
        manager.mission("Balance", "11:59", "13:00").await,
    );
    let taken = manager
        .post("/assignments", json!({ "mission_id": first, "user_id": user, "status": "ACCEPTED" }))
        .await
        .ok();
    let invited = manager.assignment(&second, &user).await;
    let before = test.audit_count().await;
    let wanted = json!([{
        "user_id": user, "assignment_id": taken["id"], "mission_id": first, "mission_title": "Montage", "start_at": "2026-07-10T08:00:00Z",
        "end_at": "2026-07-10T12:00:00Z",
    }]);
    let refused =
        set(&manager, &invited, json!({ "status": "ACCEPTED" })).await.refused(400, "schedule_conflict");
    assert_eq!(refused["conflicts"], wanted);
    set(&manager, &invited, json!({ "status": "DECLINED" })).await.ok();
    let again = json!({ "mission_id": second, "user_id": user, "status": "ACCEPTED" });
    let refused = manager.post("/assignments", again).await.refused(400, "schedule_conflict");
    assert_eq!(refused["conflicts"], wanted);
    set(&manager, &invited, json!({ "status": "ACCEPTED" })).await.refused(400, "schedule_conflict");
    assert_eq!(manager.status_of(&invited).await, "DECLINED");
    assert_eq!(test.audit_count().await, before + 1);
    let beside = manager.mission("Concert", "12:00", "14:00").await;
    manager
        .post("/assignments", json!({ "mission_id": beside, "user_id": user, "status": "ACCEPTED" }))
        .await
        .ok();
}

#[rstest]
#[tokio::test]
async fn a_manager_overrides_a_clash_with_a_reason(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let (first, second) = (
        manager.mission("Montage", "08:00", "12:00").await,
        manager.mission("Balance", "11:00", "13:00").await,
    );
    let needless =
        json!({ "mission_id": first, "user_id": user, "status": "ACCEPTED", "override_reason": "au cas où" });
    let taken = manager.post("/assignments", needless).await.ok();
    assert_eq!(taken["conflict_override"], Json::Null, "there was nothing to override");
    let invited = manager.assignment(&second, &user).await;
    for reason in ["", "   "] {
        let body = json!({ "status": "ACCEPTED", "override_reason": reason });
        assert_eq!(set(&manager, &invited, body).await.wrong_members(), ["/override_reason"]);
    }
    let overriding = json!({ "status": "ACCEPTED", "override_reason": "renfort" });
    assert_eq!(set(&manager, &invited, overriding.clone()).await.ok()["conflict_override"], "renfort");
    let record = &test.audit("assignment.override").await[0].after;
    assert_eq!(
        (&record["reason"], &record["conflicts"][0]["assignment_id"]),
        (&json!("renfort"), &taken["id"])
    );
    assert_eq!(
        set(&manager, &invited, json!({ "status": "DECLINED" })).await.ok()["conflict_override"],
        Json::Null
    );
    set(&manager, &invited, json!({ "status": "ACCEPTED" })).await.refused(400, "schedule_conflict");
    set(&manager, &invited, overriding).await.ok();
    assert_eq!(
        set(&manager, &invited, json!({ "status": "CANCELLED" })).await.ok()["conflict_override"],
        Json::Null
    );
}

#[rstest]
#[tokio::test]
async fn a_tech_answers_only_their_own_and_overrides_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let own = test.tech_user.to_string();
    let colleague = manager.user("Nina Simone").await;
    let (first, second) = (
        manager.mission("Montage", "08:00", "12:00").await,
        manager.mission("Balance", "11:00", "13:00").await,
    );
    let mine = manager.assignment(&first, &own).await;
    let clash = manager.assignment(&second, &own).await;
    let theirs = manager.assignment(&first, &colleague).await;
    set(&tech, &mine, json!({ "status": "ACCEPTED" })).await.ok();
    let overriding = json!({ "status": "ACCEPTED", "override_reason": "je peux" });
    assert_eq!(set(&tech, &clash, overriding).await.wrong_members(), ["/override_reason"]);
    set(&tech, &clash, json!({ "status": "ACCEPTED" })).await.refused(400, "schedule_conflict");
    set(&tech, &mine, json!({ "status": "CANCELLED" })).await.refused(403, "forbidden");
    set(&tech, &theirs, json!({ "status": "ACCEPTED" })).await.refused(404, "not_found");
    tech.get(&format!("/assignments/{theirs}")).await.refused(404, "not_found");
    tech.post_empty(&format!("/assignments/{theirs}/accept")).await.refused(404, "not_found");
    let mut seen: Vec<_> =
        each(&tech.get("/assignments").await.ok(), "user_id").into_iter().map(str::to_owned).collect();
    seen.dedup();
    assert_eq!(seen, [own]);
    assert_eq!(tech.get(&format!("/assignments?user_id={colleague}")).await.ok(), json!([]));
    assert_eq!(manager.get("/assignments").await.ok().as_array().unwrap().len(), 3);
    assert_eq!(manager.get("/assignments?me=1").await.ok(), json!([]), "the manager is nobody's person");
    test.other_owner().await.get(&format!("/assignments/{mine}")).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn assignments_are_listed_by_start_and_filtered(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (nina, ella) = (manager.user("Nina Simone").await, manager.user("Ella Fitzgerald").await);
    let project = manager.project("Tournée").await;
    let late = json!({ "project_id": project, "title": "Soir", "start_at": "2026-07-10T18:00:00Z", "end_at": "2026-07-10T20:00:00Z" });
    let late = id(&manager.post("/missions", late).await.ok()).to_owned();
    let early = manager.mission("Matin", "08:00", "10:00").await;
    let noon = manager.mission("Midi", "10:00", "14:00").await;
    for (mission, user) in [(&late, &nina), (&early, &nina), (&noon, &ella)] {
        manager.assignment(mission, user).await;
    }
    let accepted =
        each(&manager.get(&format!("/assignments?mission_id={noon}")).await.ok(), "id")[0].to_owned();
    set(&manager, &accepted, json!({ "status": "ACCEPTED" })).await.ok();
    for (query, titles) in [
        (String::new(), vec!["Matin", "Midi", "Soir"]),
        (format!("?user_id={nina}"), vec!["Matin", "Soir"]),
        (format!("?user_id={nina}&user_id={ella}"), vec!["Matin", "Midi", "Soir"]),
        (format!("?mission_id={early}&mission_id={noon}"), vec!["Matin", "Midi"]),
        (format!("?project_id={project}"), vec!["Soir"]),
        ("?status=ACCEPTED".into(), vec!["Midi"]),
        ("?status=ACCEPTED&status=INVITED".into(), vec!["Matin", "Midi", "Soir"]),
        ("?from=2026-07-10T10:00:00Z".into(), vec!["Midi", "Soir"]),
        ("?to=2026-07-10T10:00:00Z".into(), vec!["Matin"]),
        ("?from=2026-07-10T14:00:00Z&to=2026-07-10T18:00:00Z".into(), vec![]),
    ] {
        assert_eq!(
            each(&manager.get(&format!("/assignments{query}")).await.ok(), "mission_title"),
            titles,
            "{query}"
        );
    }
    assert_eq!(manager.get("/assignments?mission=x").await.wrong_members(), ["/mission"]);
    assert_eq!(manager.get("/assignments?status=accepted").await.wrong_members(), ["/status"]);
    let listed = manager.get("/assignments").await.ok();
    let seen = walk(&manager, "/assignments?limit=1", async || {
        manager.assignment(&early, &manager.user("Tard Venu").await).await;
    })
    .await;
    for assignment in each(&listed, "id") {
        assert!(seen.iter().any(|id| id == assignment), "{assignment} never came");
    }
    let unique: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len(), "no assignment came twice");
}

#[rstest]
#[tokio::test]
async fn whoever_is_called_answers_with_their_session(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let (accept, decline) =
        (format!("/assignments/{assignment}/accept"), format!("/assignments/{assignment}/decline"));
    let reason =
        async || manager.get(&format!("/assignments/{assignment}")).await.ok()["decline_reason"].clone();
    assert_eq!(tech.post_empty(&accept).await.ok(), json!({ "status": "ACCEPTED" }));
    assert_eq!(tech.post_empty(&accept).await.ok(), json!({ "status": "ACCEPTED" }));
    assert_eq!(
        tech.post(&decline, json!({ "reason": "malade" })).await.ok(),
        json!({ "status": "DECLINED" })
    );
    assert_eq!(reason().await, "malade");
    assert_eq!(tech.post_empty(&accept).await.ok(), json!({ "status": "ACCEPTED" }));
    assert_eq!(reason().await, Json::Null);
    assert_eq!(test.audit("assignment.status").await.len(), 3);
    manager.post_empty(&accept).await.refused(403, "not_your_call");
    test.anonymous().post_empty(&accept).await.refused(401, "unauthenticated");
    test.other_owner().await.post_empty(&accept).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn a_full_role_takes_nobody_else(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = with_roles(&manager, json!([{ "role_name": "Son", "quota": 1 }])).await;
    let (nina, ella) = (manager.user("Nina Simone").await, manager.user("Ella Fitzgerald").await);
    let first = manager.assignment(&mission, &nina).await;
    let named = json!({ "mission_id": mission, "user_id": ella, "role_name": "SON" });
    let second = id(&manager.post("/assignments", named).await.ok()).to_owned();
    set(&manager, &first, json!({ "status": "ACCEPTED" })).await.ok();
    let before = test.audit_count().await;
    set(&manager, &second, json!({ "status": "ACCEPTED" })).await.refused(409, "quota_reached");
    let third = manager.user("Aretha").await;
    let direct = json!({ "mission_id": mission, "user_id": third, "status": "ACCEPTED" });
    manager.post("/assignments", direct).await.refused(409, "quota_reached");
    assert_eq!(test.audit_count().await, before + 1, "only the new person is on record");
    set(&manager, &first, json!({ "status": "DECLINED" })).await.ok();
    set(&manager, &second, json!({ "status": "ACCEPTED" })).await.ok();
    let several =
        with_roles(&manager, json!([{ "role_name": "son", "quota": 1 }, { "role_name": "plateau" }])).await;
    let free = manager.post("/assignments", json!({ "mission_id": several, "user_id": third })).await.ok();
    assert_eq!(free["mission_role_id"], Json::Null, "with several roles none is taken by itself");
}

#[rstest]
#[tokio::test]
async fn nobody_becomes_active_when_the_mission_or_the_person_is_not(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let (nina, ella) = (manager.user("Nina Simone").await, manager.user("Ella Fitzgerald").await);
    let assignment = manager.assignment(&mission, &nina).await;
    for (break_it, mend_it, code) in [
        ("UPDATE users SET active = FALSE", "UPDATE users SET active = TRUE", "user_inactive"),
        (
            "UPDATE missions SET cancelled_at = 1",
            "UPDATE missions SET cancelled_at = NULL",
            "mission_cancelled",
        ),
    ] {
        test.rows(break_it).await;
        let before = test.audit_count().await;
        manager
            .post("/assignments", json!({ "mission_id": mission, "user_id": ella }))
            .await
            .refused(409, code);
        set(&manager, &assignment, json!({ "status": "ACCEPTED" })).await.refused(409, code);
        manager.post("/invitations", json!({ "assignment_id": assignment })).await.refused(409, code);
        assert_eq!(test.audit_count().await, before);
        set(&manager, &assignment, json!({ "status": "DECLINED" })).await.ok();
        set(&manager, &assignment, json!({ "status": "INVITED" })).await.refused(409, code);
        test.rows(mend_it).await;
        set(&manager, &assignment, json!({ "status": "INVITED" })).await.ok();
    }
}
