//! Commands of a board: each does what its single call does, all or nothing.

use crate::support::{Kind, Outcome, Persona, Test, together};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

async fn apply(planner: &Persona<'_>, commands: Json) -> Outcome {
    planner.post("/planning:apply", json!({ "commands": commands })).await
}

async fn check(planner: &Persona<'_>, commands: Json) -> Json {
    planner.post("/planning:check", json!({ "commands": commands })).await.ok()["results"].clone()
}

/// On the 10th.
async fn mission(planner: &Persona<'_>, title: &str, quota: Json, (from, to): (&str, &str)) -> String {
    let mission = json!({
        "title": title, "roles": [{ "role_name": "son", "quota": quota }], "timezone": "Europe/Paris",
        "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z"),
    });
    id(&planner.post("/missions", mission).await.ok())
}

async fn plan(planner: &Persona<'_>) -> Json {
    planner.get("/planning?from=2026-07-01T00:00:00Z&to=2026-08-01T00:00:00Z").await.ok()
}

/// Pointer and code of each mistake.
fn mistakes(problem: &Json) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().expect("errors");
    errors.iter().map(|one| (one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap())).collect()
}

#[rstest]
#[tokio::test]
async fn each_command_does_what_its_call_does(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, ella) = (planner.user("Nina Simone").await, planner.user("Ella Fitzgerald").await);
    let montage = mission(&planner, "Montage", json!(2), ("08:00", "12:00")).await;
    let concert = mission(&planner, "Concert", Json::Null, ("18:00", "20:00")).await;
    let before = plan(&planner).await;
    let applied = apply(
        &planner,
        json!([
            { "type": "assign", "mission_id": montage, "user_id": nina, "status": "ACCEPTED", "note": "key" },
            { "type": "assign", "mission_id": montage, "user_id": ella, "role_name": "SON", "invite": true },
            { "type": "assign", "mission_id": concert, "user_id": ella },
            { "type": "move", "mission_id": concert, "start_at": "2026-07-10T19:00:00Z", "end_at": "2026-07-10T21:00:00Z" },
        ]),
    )
    .await
    .ok();
    let results = applied["results"].as_array().expect("results");
    assert_eq!(results.len(), 4);
    let [first, second, third] = [0, 1, 2].map(|at: usize| &results[at]["assignments"][0]);
    assert_eq!(
        (&first["status"], &first["role_name"], &first["note"]),
        (&json!("ACCEPTED"), &json!("son"), &json!("key"))
    );
    assert_eq!(
        (&second["status"], &results[1]["invitations"][0]["assignment_id"]),
        (&json!("INVITED"), &second["id"])
    );
    // As all of them left it.
    assert_eq!(third["start_at"], "2026-07-10T19:00:00Z");
    assert_eq!(results[3]["missions"][0]["start_at"], "2026-07-10T19:00:00Z");
    assert_eq!(results[0]["invitations"], json!([]));
    let after = plan(&planner).await;
    assert_ne!(after["version"], before["version"]);
    assert_eq!(after["version"], applied["version"]);
    // The link works.
    let link = &results[1]["invitations"][0];
    let answer = format!("/invitations/{}/accept", link["id"].as_str().unwrap());
    test.anonymous().post(&answer, json!({ "token": link["token"] })).await.ok();

    let [nina_on, ella_on, ella_later] = [first, second, third].map(id);
    let zoe = planner.user("Zoé Expert").await;
    let applied = apply(
        &planner,
        json!([
            { "type": "set_status", "assignment_id": nina_on, "status": "DECLINED" },
            { "type": "reassign", "assignment_id": ella_on, "user_id": zoe, "invite": true },
            { "type": "remove", "assignment_id": ella_later },
            { "type": "copy", "mission_ids": [montage, concert], "shift_days": 1, "with_people": "invited" },
        ]),
    )
    .await
    .ok();
    let results = &applied["results"];
    assert_eq!(results[0]["assignments"][0]["status"], "DECLINED");
    let statuses: BTreeSet<_> = results[1]["assignments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["user_name"].as_str().unwrap(),
                one["status"].as_str().unwrap(),
                one["role_name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        statuses,
        BTreeSet::from([("Ella Fitzgerald", "CANCELLED", "son"), ("Zoé Expert", "INVITED", "son")])
    );
    // She was put there and never asked.
    assert_eq!((&results[2]["deleted"], &results[2]["assignments"]), (&json!([ella_later]), &json!([])));
    planner.get(&format!("/assignments/{ella_later}")).await.refused(404, "not_found");
    let copies = results[3]["missions"].as_array().unwrap();
    let copied: Vec<_> = copies
        .iter()
        .map(|copy| (copy["title"].as_str().unwrap(), copy["start_at"].as_str().unwrap()))
        .collect();
    assert_eq!(copied, [("Montage", "2026-07-11T08:00:00Z"), ("Concert", "2026-07-11T19:00:00Z")]);
    let along = &results[3]["assignments"];
    assert_eq!(along.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&along[0]["user_name"], &along[0]["status"], &along[0]["mission_id"]),
        (&json!("Zoé Expert"), &json!("INVITED"), &copies[0]["id"])
    );

    let asked = apply(&planner, json!([{ "type": "invite", "assignment_ids": [along[0]["id"]], "answer_by": "2026-07-09T00:00:00Z" }])).await.ok();
    assert_eq!(asked["results"][0]["invitations"][0]["answer_by"], "2026-07-09T00:00:00Z");
    // Who was asked is told, who is off stays off.
    let removed = apply(&planner, json!([
        { "type": "remove", "assignment_id": along[0]["id"] }, { "type": "remove", "assignment_id": nina_on },
    ])).await.ok();
    assert_eq!(removed["results"][0]["assignments"][0]["status"], "CANCELLED");
    assert_eq!(removed["results"][1]["assignments"][0]["status"], "DECLINED");
    // What changes nothing ends nobody's plan.
    let nothing = apply(&planner, json!([{ "type": "remove", "assignment_id": nina_on }])).await.ok();
    assert_eq!(
        (&nothing["version"], &plan(&planner).await["version"]),
        (&removed["version"], &removed["version"])
    );
}

#[rstest]
#[tokio::test]
async fn all_is_done_or_nothing_and_each_bad_command_is_named(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, ella) = (planner.user("Nina Simone").await, planner.user("Ella Fitzgerald").await);
    let full = mission(&planner, "Full", json!(1), ("08:00", "12:00")).await;
    let clash = mission(&planner, "Clash", Json::Null, ("11:00", "13:00")).await;
    let before = plan(&planner).await;
    let entries = || test.count("SELECT count(*) AS n FROM audit_log");
    let written = entries().await;
    let commands = json!([
        { "type": "assign", "mission_id": full, "user_id": nina, "status": "ACCEPTED", "invite": false },
        // By a trigger: the statement itself fails.
        { "type": "assign", "mission_id": full, "user_id": ella, "status": "ACCEPTED" },
        { "type": "assign", "mission_id": clash, "user_id": nina, "status": "ACCEPTED" },
        { "type": "assign", "mission_id": clash, "user_id": ella, "role_name": "vidéo" },
        { "type": "assign", "mission_id": clash, "user_id": ella },
        { "type": "invite", "assignment_ids": [nina, ella] },
    ]);
    let problem = apply(&planner, commands.clone()).await.refused(409, "quota_reached");
    assert_eq!(
        mistakes(&problem),
        [
            ("/commands/1", "quota_reached"),
            ("/commands/2", "schedule_conflict"),
            ("/commands/3/role_name", "unknown_reference"),
            ("/commands/5/assignment_ids/0", "unknown_reference"),
            ("/commands/5/assignment_ids/1", "unknown_reference"),
        ]
    );
    assert_eq!(problem["conflicts"].as_array().map(Vec::len), Some(1), "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().starts_with("Nothing was changed: 4 command(s)"),
        "{problem}"
    );
    let verdicts = check(&planner, commands).await;
    let codes: Vec<_> =
        verdicts.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap_or("ok")).collect();
    assert_eq!(
        codes,
        ["ok", "quota_reached", "schedule_conflict", "unknown_reference", "ok", "unknown_reference"]
    );
    assert_eq!(verdicts[2]["conflicts"].as_array().map(Vec::len), Some(1));
    assert_eq!((plan(&planner).await, entries().await), (before, written));
}

#[rstest]
#[tokio::test]
async fn commands_are_one_change_with_one_request_id(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await.with_header("x-request-id", "one-change");
    let user = planner.user("Nina Simone").await;
    let [one, two] =
        [("08:00", "09:00"), ("10:00", "11:00")].map(|hours| mission(&planner, "Montage", Json::Null, hours));
    let (one, two) = (one.await, two.await);
    let planner = planner.with_header("idempotency-key", "drag-1");
    let commands = json!([
        { "type": "assign", "mission_id": one, "user_id": user, "invite": true },
        { "type": "assign", "mission_id": two, "user_id": user, "invite": true },
    ]);
    let applied = apply(&planner, commands.clone()).await;
    let actions = test.rows("SELECT action, request_id FROM audit_log WHERE action IN ('assignment.create', 'invitation.create')").await;
    assert_eq!(actions.len(), 4);
    assert!(actions.iter().all(|entry| entry["request_id"] == "one-change"), "{actions:?}");
    // The client lost the answer and repeats the request: it gets the links that were made.
    let again = apply(&planner, commands).await;
    assert_eq!((again.header("idempotency-replayed"), again.ok()), ("true", applied.ok()));
    assert_eq!(test.count("SELECT count(*) AS n FROM assignments").await, 2);
}

#[rstest]
#[tokio::test]
async fn what_changed_since_it_was_seen_is_not_overwritten(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let user = planner.user("Nina Simone").await;
    let montage = mission(&planner, "Montage", Json::Null, ("08:00", "12:00")).await;
    let assignment = planner.assignment(&montage, &user).await;
    let seen = async |path: String| planner.get(&path).await.ok()["updated_at"].clone();
    let seen_mission = seen(format!("/missions/{montage}")).await;
    let seen_assignment = seen(format!("/assignments/{assignment}")).await;
    let hours = |from: &str| {
        json!({ "type": "move", "mission_id": montage, "if_unchanged": seen_mission,
        "start_at": format!("2026-07-10T{from}:00Z"), "end_at": "2026-07-10T12:00:00Z" })
    };
    let status = |status: &str| json!({ "type": "set_status", "assignment_id": assignment, "if_unchanged": seen_assignment, "status": status });
    test.pass_seconds(60);
    // What the same request changes is not what somebody else changed.
    apply(&planner, json!([hours("09:00"), hours("10:00"), status("ACCEPTED"), status("CANCELLED")]))
        .await
        .ok();
    for command in [
        hours("11:00"),
        status("INVITED"),
        json!({ "type": "assign", "mission_id": montage, "user_id": user, "if_unchanged": seen_mission }),
        json!({ "type": "remove", "assignment_id": assignment, "if_unchanged": seen_assignment }),
        json!({ "type": "reassign", "assignment_id": assignment, "user_id": user, "if_unchanged": seen_assignment }),
        json!({ "type": "invite", "assignment_ids": [assignment], "if_unchanged": seen_assignment }),
        json!({ "type": "copy", "mission_ids": [montage], "shift_days": 1, "if_unchanged": seen_mission }),
    ] {
        let problem = apply(&planner, json!([command])).await.refused(409, "changed_since");
        assert_eq!(mistakes(&problem), [("/commands/0", "changed_since")]);
        assert_eq!(check(&planner, json!([command])).await[0]["code"], "changed_since");
    }
    let now = seen(format!("/assignments/{assignment}")).await;
    apply(&planner, json!([{ "type": "set_status", "assignment_id": assignment, "if_unchanged": now, "status": "INVITED" }])).await.ok();
}

/// Every refusal that the document names, and the same verdict before.
#[rstest]
#[tokio::test]
async fn a_command_is_refused_as_its_call_is(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let user = test.tech_user.to_string();
    let gone = planner.user("Eve Gone").await;
    planner.patch(&format!("/users/{gone}"), json!({ "active": false })).await.ok();
    let montage = mission(&planner, "Montage", json!(1), ("08:00", "12:00")).await;
    let off = mission(&planner, "Off", Json::Null, ("08:00", "12:00")).await;
    planner.post_empty(&format!("/missions/{off}:cancel")).await.ok();
    let past =
        json!({ "title": "Past", "start_at": "2026-01-01T08:00:00Z", "end_at": "2026-01-01T09:00:00Z" });
    let past = id(&planner.post("/missions", past).await.ok());
    let old = planner.assignment(&past, &user).await;
    let project = planner.project("Archive").await;
    let kept = json!({ "title": "Kept", "project_id": project, "start_at": "2026-07-12T08:00:00Z", "end_at": "2026-07-12T09:00:00Z" });
    let kept = id(&planner.post("/missions", kept).await.ok());
    planner
        .put(&format!("/projects/{project}"), json!({ "name": "Archive", "status": "ARCHIVED" }))
        .await
        .ok();
    let assignment = planner.assignment(&montage, &user).await;
    let assign =
        |mission: &str, user: &str| json!({ "type": "assign", "mission_id": mission, "user_id": user });
    let with = |mut command: Json, member: &str, value: Json| {
        command[member] = value;
        command
    };
    let status =
        |status: &str| json!({ "type": "set_status", "assignment_id": assignment, "status": status });
    apply(&planner, json!([status("ACCEPTED")])).await.ok();
    let nobody = "00000000-0000-7000-8000-000000000000";
    let other = planner.user("Zoé Expert").await;
    for (command, status, code, pointer) in [
        (assign(nobody, &user), 404, "unknown_reference", "/mission_id"),
        (assign(&montage, nobody), 404, "unknown_reference", "/user_id"),
        (assign(&montage, &user), 409, "already_assigned", ""),
        (with(assign(&montage, &other), "status", json!("ACCEPTED")), 409, "quota_reached", ""),
        (assign(&off, &other), 409, "mission_cancelled", ""),
        (assign(&kept, &other), 409, "project_archived", ""),
        (assign(&montage, &gone), 409, "user_inactive", ""),
        (with(assign(&past, &other), "invite", json!(true)), 409, "mission_over", ""),
        (json!({ "type": "invite", "assignment_ids": [old] }), 409, "mission_over", "/assignment_ids/0"),
        (
            json!({ "type": "invite", "assignment_ids": [assignment] }),
            409,
            "not_invited",
            "/assignment_ids/0",
        ),
        (json!({ "type": "invite", "assignment_ids": [old, old] }), 409, "mission_over", "/assignment_ids/0"),
        (status("INVITED"), 409, "invalid_transition", ""),
        (
            json!({ "type": "set_status", "assignment_id": nobody, "status": "ACCEPTED" }),
            404,
            "unknown_reference",
            "/assignment_id",
        ),
        (json!({ "type": "remove", "assignment_id": nobody }), 404, "unknown_reference", "/assignment_id"),
        (
            json!({ "type": "reassign", "assignment_id": assignment, "user_id": gone }),
            409,
            "user_inactive",
            "",
        ),
        (
            json!({ "type": "copy", "mission_ids": [kept], "shift_days": 1 }),
            409,
            "project_archived",
            "/mission_ids/0",
        ),
        (
            json!({ "type": "copy", "mission_ids": [montage, nobody], "shift_days": 1 }),
            404,
            "unknown_reference",
            "/mission_ids/1",
        ),
        (
            json!({ "type": "move", "mission_id": nobody, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T09:00:00Z" }),
            404,
            "unknown_reference",
            "/mission_id",
        ),
        (
            json!({ "type": "move", "mission_id": montage, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T08:00:00Z" }),
            400,
            "validation_failed",
            "/end_at",
        ),
        (
            with(assign(&montage, &other), "override_reason", json!("why")),
            400,
            "validation_failed",
            "/override_reason",
        ),
        (
            with(with(assign(&montage, &other), "status", json!("ACCEPTED")), "invite", json!(true)),
            400,
            "validation_failed",
            "/invite",
        ),
    ] {
        let before = plan(&planner).await;
        let problem = apply(&planner, json!([command])).await.refused(status, code);
        assert_eq!(mistakes(&problem)[0].0, format!("/commands/0{pointer}"), "{command}");
        assert_eq!(check(&planner, json!([command])).await[0]["code"], code, "{command}");
        assert_eq!(plan(&planner).await, before, "{command}");
    }
    // The same assignment twice.
    let asked =
        planner.assignment(&mission(&planner, "Demain", Json::Null, ("20:00", "21:00")).await, &other).await;
    let twice = json!([{ "type": "invite", "assignment_ids": [asked, asked] }]);
    apply(&planner, twice).await.refused(409, "duplicate");
    let clash = mission(&planner, "Clash", Json::Null, ("11:00", "13:00")).await;
    let clash = json!([with(assign(&clash, &user), "status", json!("ACCEPTED"))]);
    apply(&planner, clash).await.refused(400, "schedule_conflict");
}

#[rstest]
#[tokio::test]
async fn a_request_has_few_commands_and_well_formed_ones(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let remove = json!({ "type": "remove", "assignment_id": "00000000-0000-7000-8000-000000000000" });
    let many = |count: usize| vec!["00000000-0000-7000-8000-000000000000"; count];
    for (commands, members) in [
        (json!([]), vec!["/commands"]),
        (json!(vec![remove.clone(); 201]), vec!["/commands"]),
        (json!([{ "type": "invite", "assignment_ids": [] }]), vec!["/commands/0/assignment_ids"]),
        (
            json!([{ "type": "copy", "mission_ids": many(101), "shift_days": 1 }, { "type": "invite", "assignment_ids": many(100) }]),
            vec!["/commands/1/assignment_ids"],
        ),
        (
            json!([remove, { "type": "copy", "mission_ids": many(1), "shift_days": 3661 }]),
            vec!["/commands/1/shift_days"],
        ),
        (json!([{ "type": "steal" }]), vec!["/commands/0/type"]),
        (json!([{ "assignment_id": "x" }]), vec!["/commands/0/type"]),
        (
            json!([remove, { "type": "remove", "assignment_id": "x", "why": 1 }]),
            vec!["/commands/1/assignment_id", "/commands/1/why"],
        ),
        (
            json!([{ "type": "set_status", "status": "GONE" }]),
            vec!["/commands/0/assignment_id", "/commands/0/status"],
        ),
    ] {
        for path in ["/planning:apply", "/planning:check"] {
            let mut wrong = planner.post(path, json!({ "commands": commands })).await.wrong_members();
            wrong.sort();
            assert_eq!(wrong, members, "{commands}");
        }
    }
    for path in ["/planning:apply", "/planning:check"] {
        let body = json!({ "commands": [remove] });
        test.tech().await.post(path, body.clone()).await.refused(403, "forbidden");
    }
}

/// Another org's missions, people and assignments are not there.
#[rstest]
#[tokio::test]
async fn commands_stay_in_their_org(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (planner, other) = (test.manager().await, test.other_owner().await);
    let theirs = mission(&other, "Ailleurs", Json::Null, ("08:00", "12:00")).await;
    let stranger = other.user("Autre").await;
    let assignment = other.assignment(&theirs, &stranger).await;
    let own = mission(&planner, "Ici", Json::Null, ("08:00", "12:00")).await;
    let user = planner.user("Nina Simone").await;
    for command in [
        json!({ "type": "assign", "mission_id": theirs, "user_id": user }),
        json!({ "type": "assign", "mission_id": own, "user_id": stranger }),
        json!({ "type": "set_status", "assignment_id": assignment, "status": "ACCEPTED" }),
        json!({ "type": "reassign", "assignment_id": assignment, "user_id": user }),
        json!({ "type": "remove", "assignment_id": assignment }),
        json!({ "type": "invite", "assignment_ids": [assignment] }),
        json!({ "type": "copy", "mission_ids": [theirs], "shift_days": 1, "with_people": "invited" }),
        json!({ "type": "move", "mission_id": theirs, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T09:00:00Z" }),
    ] {
        apply(&planner, json!([command])).await.refused(404, "unknown_reference");
    }
    assert_eq!(other.get(&format!("/assignments/{assignment}")).await.ok()["status"], "INVITED");
    assert_eq!(other.get("/missions").await.ok().as_array().map(Vec::len), Some(1));
}

/// What a planner is told before, as precisely as after.
#[rstest]
#[tokio::test]
async fn a_verdict_names_what_is_to_be_corrected(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = planner.user("Nina Simone").await;
    let montage = mission(&planner, "Montage", Json::Null, ("08:00", "12:00")).await;
    let verdicts = check(
        &planner,
        json!([
            { "type": "move", "mission_id": montage, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T08:00:00Z" },
            { "type": "invite", "assignment_ids": [nina, montage] },
            { "type": "copy", "mission_ids": [montage, montage], "shift_days": 1 },
            { "type": "invite", "assignment_ids": [nina], "answer_by": "2020-01-01T00:00:00Z" },
        ]),
    )
    .await;
    let pointers = |at: usize| mistakes(&verdicts[at]).iter().map(|one| one.0.to_owned()).collect::<Vec<_>>();
    assert_eq!(pointers(0), ["/end_at"]);
    assert_eq!(
        verdicts[0]["detail"],
        format!("/end_at {}", verdicts[0]["errors"][0]["detail"].as_str().unwrap())
    );
    assert_eq!(pointers(1), ["/assignment_ids/0", "/assignment_ids/1"]);
    assert_eq!((pointers(2), &verdicts[2]["code"]), (vec!["/mission_ids/1".to_owned()], &json!("duplicate")));
    assert_eq!(pointers(3), ["/answer_by"]);
    let errors = |verdict: &Json| verdict["detail"].as_str().unwrap().contains("see errors");
    assert!(!verdicts.as_array().unwrap().iter().any(errors), "{verdicts}");
}

#[rstest]
#[tokio::test]
async fn who_knew_of_it_is_called_off_and_not_deleted(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let user = test.tech_user.to_string();
    let montage = mission(&planner, "Montage", Json::Null, ("08:00", "12:00")).await;
    let assignment = planner.assignment(&montage, &user).await;
    let status =
        |status: &str| json!({ "type": "set_status", "assignment_id": assignment, "status": status });
    test.tech().await.post_empty(&format!("/assignments/{assignment}/decline")).await.ok();
    let remove = json!({ "type": "remove", "assignment_id": assignment });
    let removed = apply(&planner, json!([status("INVITED"), remove])).await.ok();
    assert_eq!(removed["results"][1]["assignments"][0]["status"], "CANCELLED");
    // Their post is theirs: a card that is dropped where it was costs nobody a yes.
    apply(&planner, json!([status("INVITED"), status("ACCEPTED")])).await.ok();
    let reassign = json!({ "type": "reassign", "assignment_id": assignment, "user_id": user });
    apply(&planner, json!([reassign])).await.refused(409, "already_assigned");
    assert_eq!(planner.status_of(&assignment).await, "ACCEPTED");
    // Off, they can be asked anew.
    apply(&planner, json!([remove, reassign])).await.ok();
}

/// What a mission's people know of it has changed when it moved, although nothing of theirs was written.
#[rstest]
#[tokio::test]
async fn a_mission_that_moved_is_not_as_its_people_were_seen(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let montage = mission(&planner, "Montage", Json::Null, ("08:00", "12:00")).await;
    let assignment = planner.assignment(&montage, &planner.user("Nina Simone").await).await;
    let seen = planner.get(&format!("/assignments/{assignment}")).await.ok()["updated_at"].clone();
    test.pass_seconds(60);
    let later = json!({ "start_at": "2026-07-10T20:00:00Z", "end_at": "2026-07-10T22:00:00Z" });
    let moved = planner.patch(&format!("/missions/{montage}"), later).await.ok()["updated_at"].clone();
    let accept = |seen: &Json| json!([{ "type": "set_status", "assignment_id": assignment, "status": "ACCEPTED", "if_unchanged": seen }]);
    apply(&planner, accept(&seen)).await.refused(409, "changed_since");
    // An instant that nobody can have seen.
    apply(&planner, accept(&json!("2030-01-01T00:00:00Z"))).await.refused(409, "changed_since");
    apply(&planner, accept(&moved)).await.ok();
}

/// 26 people along with each copy: the 39th is one too many, and a check says so.
#[rstest]
#[tokio::test]
async fn copies_take_along_a_thousand_people_at_most(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let montage = mission(&planner, "Montage", Json::Null, ("08:00", "12:00")).await;
    for i in 0..26 {
        planner.assignment(&montage, &planner.user(&format!("Person {i}")).await).await;
    }
    let copies = |count: i32| {
        let copy = |days| json!({ "type": "copy", "mission_ids": [montage], "shift_days": days, "with_people": "invited" });
        json!((1..=count).map(copy).collect::<Vec<_>>())
    };
    let problem = apply(&planner, copies(39)).await.refused(400, "validation_failed");
    assert_eq!(mistakes(&problem), [("/commands/38/with_people", "invalid")]);
    let verdicts = check(&planner, copies(39)).await;
    let refused: Vec<_> = verdicts.as_array().unwrap().iter().map(|one| one["ok"] == false).collect();
    assert_eq!(refused.iter().position(|refused| *refused), Some(38));
    let made = apply(&planner, copies(38)).await.ok();
    assert_eq!(made["results"][37]["assignments"].as_array().map(Vec::len), Some(26));
}

/// With a reason each they are longer than what other bodies may be.
#[rstest]
#[tokio::test]
async fn two_hundred_commands_are_not_too_much(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = planner.user("Nina Simone").await;
    let reason = "é".repeat(500);
    let commands = json!(vec![
        json!({ "type": "assign", "mission_id": nina, "user_id": nina, "status": "ACCEPTED", "override_reason": reason });
        200
    ]);
    let problem = apply(&planner, commands).await.refused(404, "unknown_reference");
    assert_eq!(mistakes(&problem).len(), 200);
}

const WRITERS: usize = 200;

/// 200 planners at once on two instances: each puts one person on one of forty overlapping missions, and somebody of their own on
/// a post with three places, in either order.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_planners_at_once_exactly_what_may_be_is_done(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = planner.user("Nina Simone").await;
    let post = mission(&planner, "Post", json!(3), ("08:00", "09:00")).await;
    let day = planner.project("Un jour").await;
    let at_once: Vec<_> = (0..40).map(|i| json!({ "title": format!("Mission {i}"), "start_at": format!("2026-07-10T10:{i:02}:00Z"), "end_at": "2026-07-10T12:00:00Z" })).collect();
    let made = planner.post(&format!("/projects/{day}/missions:bulk_create"), json!(at_once)).await.ok();
    let mut requests = Vec::new();
    for i in 0..WRITERS {
        let own = planner.user(&format!("Person {i}")).await;
        let one = json!({ "type": "assign", "mission_id": made["ids"][i % 40], "user_id": nina, "status": "ACCEPTED" });
        let two = json!({ "type": "assign", "mission_id": post, "user_id": own, "status": "ACCEPTED" });
        requests.push(match i % 4 {
            0 => json!([one, two]),
            1 => json!([two, one]),
            2 => json!([one]),
            _ => json!([two]),
        });
    }
    let second = test.second_instance().await;
    test.open_all_connections().await;
    let sent = requests.into_iter().enumerate().map(|(i, commands)| {
        let planner = planner.clone().at(if i % 2 == 0 { &test.router } else { &second });
        async move { apply(&planner, commands).await }
    });
    for outcome in together(sent).await {
        let code = outcome.json()["code"].clone();
        let refusals = [(400, "schedule_conflict"), (409, "already_assigned"), (409, "quota_reached")];
        let expected = refusals.map(|(status, code)| (status, json!(code)));
        assert!(
            outcome.status == 200 || expected.contains(&(outcome.status.as_u16(), code)),
            "{}",
            outcome.text
        );
    }
    let accepted = test.count("SELECT count(*) AS n FROM assignments WHERE status = 'ACCEPTED'").await;
    assert_eq!(accepted, 4, "one mission of hers, and three places");
    assert_eq!(
        planner
            .get(&format!("/assignments?user_id={nina}&status=ACCEPTED"))
            .await
            .ok()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(
        planner.get(&format!("/assignments?mission_id={post}")).await.ok().as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(
        test.count("SELECT count(*) AS n FROM assignments").await,
        4,
        "nothing of a refused request is left"
    );
}

/// Two planners who name the same missions and people the other way round, and one who moves those missions. PostgreSQL would
/// roll one of them back after a second, and the server would carry it out again.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_somebody_who_waits_for_them(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let second = test.second_instance().await;
    test.open_all_connections().await;
    for round in 0..12 {
        let (mut missions, mut users) = (Vec::new(), Vec::new());
        for i in 0..3 {
            missions
                .push(mission(&planner, &format!("Mission {round} {i}"), json!(5), ("08:00", "09:00")).await);
            users.push(planner.user(&format!("Person {round} {i}")).await);
        }
        let assign = |i: usize| json!({ "type": "assign", "mission_id": missions[i], "user_id": users[i], "status": "ACCEPTED" });
        let later = |i: usize| json!({ "type": "move", "mission_id": missions[i], "start_at": "2026-07-10T08:30:00Z", "end_at": "2026-07-10T09:30:00Z" });
        let all = [
            json!([assign(0), assign(1), assign(2)]),
            json!([assign(2), assign(1), assign(0)]),
            json!([later(2), later(0), later(1)]),
            json!([assign(1), later(0)]),
            json!([later(1), assign(0)]),
        ];
        let sent = all.into_iter().enumerate().map(|(i, commands)| {
            let planner = planner.clone().at(if i % 2 == 0 { &test.router } else { &second });
            async move { apply(&planner, commands).await }
        });
        for outcome in together(sent).await {
            let code = outcome.json()["code"].clone();
            assert!(
                outcome.status == 200 || (outcome.status.as_u16(), code) == (409, json!("already_assigned")),
                "{}",
                outcome.text
            );
        }
    }
    for instance in [&test.router, &second] {
        let metrics = test.anonymous().at(instance).get("/metrics").await.text;
        let again: Vec<_> = metrics
            .lines()
            .filter(|line| line.starts_with("app_transaction_reruns_total{") && line.contains("/planning"))
            .collect();
        assert_eq!(again, Vec::<&str>::new());
    }
}
