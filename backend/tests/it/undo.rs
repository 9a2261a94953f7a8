//! Taking back what was done: as it was, or not at all.

use crate::support::{Kind, Outcome, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

async fn apply(planner: &Persona<'_>, commands: Json) -> Json {
    planner.post("/planning:apply", json!({ "commands": commands })).await.ok()
}

async fn undo(planner: &Persona<'_>, of: &Json) -> Outcome {
    planner.post("/planning:undo", json!({ "undo": of["undo"] })).await
}

/// On the 10th, with one place.
async fn mission(planner: &Persona<'_>, title: &str, from: u32) -> String {
    let mission = json!({
        "title": title, "roles": [{ "role_name": "son", "quota": 1 }], "location": "Bobino",
        "start_at": format!("2026-07-10T{from:02}:00:00Z"), "end_at": format!("2026-07-10T{:02}:00:00Z", from + 2),
    });
    id(&planner.post("/missions", mission).await.ok())
}

async fn plan(planner: &Persona<'_>) -> Json {
    let mut plan = planner.get("/planning?from=2026-07-01T00:00:00Z&to=2026-08-01T00:00:00Z").await.ok();
    plan.as_object_mut().unwrap().remove("version");
    for list in ["missions", "assignments"] {
        for one in plan[list].as_array_mut().unwrap() {
            one.as_object_mut().unwrap().remove("updated_at");
        }
    }
    plan
}

#[rstest]
#[tokio::test]
async fn what_was_done_is_taken_back_and_done_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, ella) = (planner.user("Nina Simone").await, planner.user("Ella Fitzgerald").await);
    let (montage, concert) = (mission(&planner, "Montage", 8).await, mission(&planner, "Concert", 18).await);
    let done = planner
        .post("/assignments", json!({ "mission_id": montage, "user_id": nina, "status": "ACCEPTED" }))
        .await;
    let nina_on = id(&done.ok());
    let before = plan(&planner).await;
    let applied = apply(
        &planner,
        json!([
            { "type": "move", "mission_id": montage, "start_at": "2026-07-11T08:00:00Z", "end_at": "2026-07-11T10:00:00Z", "location": "Olympia" },
            { "type": "set_status", "assignment_id": nina_on, "status": "DECLINED" },
            { "type": "assign", "mission_id": montage, "user_id": ella, "status": "ACCEPTED" },
            { "type": "assign", "mission_id": concert, "user_id": nina, "invite": true },
            { "type": "copy", "mission_ids": [concert], "shift_days": 1, "with_people": "invited" },
        ]),
    )
    .await;
    let after = plan(&planner).await;
    test.pass_seconds(60);
    let undone = undo(&planner, &applied).await.ok();
    assert_eq!(plan(&planner).await, before);
    assert_eq!(
        (&undone["missions"][0]["location"], &undone["assignments"][0]["status"]),
        (&json!("Bobino"), &json!("ACCEPTED")),
        "DECLINED has no way back but this one"
    );
    let copy = &applied["results"][4]["missions"][0];
    assert_eq!(undone["deleted_missions"], json!([copy["id"]]));
    assert_eq!(undone["deleted_assignments"].as_array().map(Vec::len), Some(3));
    let version = planner.get("/planning?from=2026-07-01T00:00:00Z&to=2026-08-01T00:00:00Z").await.ok();
    assert_eq!(version["version"], undone["version"]);
    // The link that was handed out is none now.
    let link = &applied["results"][3]["invitations"][0];
    let verify = format!("/invitations/verify?token={}", link["token"].as_str().unwrap());
    let opened = test.anonymous().get(&verify).await;
    opened.refused(400, "invalid_token");

    let redone = undo(&planner, &undone).await.ok();
    assert_eq!(plan(&planner).await, after);
    assert_eq!(redone["deleted_missions"], json!([]));
    test.anonymous().get(&verify).await.ok();
    undo(&planner, &redone).await.ok();
    assert_eq!(plan(&planner).await, before);

    // All of it under the request that did it.
    let off = json!([{ "type": "set_status", "assignment_id": nina_on, "status": "CANCELLED" }]);
    let applied = apply(&planner, off).await;
    test.pass_seconds(60);
    let request = undo(&planner, &applied).await;
    let request_id = request.header("x-request-id");
    let audit = test.owner().await.get(&format!("/audit?object_id={nina_on}&limit=1")).await.ok();
    assert_eq!(
        (&audit[0]["action"], &audit[0]["request_id"], &audit[0]["after"]["status"]),
        (&json!("assignment.restore"), &json!(request_id), &json!("ACCEPTED"))
    );
}

/// A yes to a new time that a planner noted is taken back: the person has to confirm again, and did so at the time before.
#[rstest]
#[tokio::test]
async fn a_confirmation_is_taken_back_and_done_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, concert) = (planner.user("Nina Simone").await, mission(&planner, "Concert", 18).await);
    let on = json!({ "mission_id": concert, "user_id": nina, "status": "ACCEPTED" });
    let on = id(&planner.post("/assignments", on).await.ok());
    let later = json!({ "type": "move", "mission_id": concert, "start_at": "2026-07-11T18:00:00Z", "end_at": "2026-07-11T20:00:00Z" });
    apply(&planner, json!([later])).await;
    let moved = plan(&planner).await;
    assert_eq!(moved["assignments"][0]["needs_confirmation"], true);
    test.pass_seconds(60);
    let confirmed = apply(&planner, json!([{ "type": "confirm", "assignment_id": on }])).await;
    assert_eq!(confirmed["results"][0]["assignments"][0]["needs_confirmation"], false);
    let agreed = plan(&planner).await;
    let undone = undo(&planner, &confirmed).await.ok();
    assert_eq!(plan(&planner).await, moved);
    undo(&planner, &undone).await.ok();
    assert_eq!(plan(&planner).await, agreed);

    // Nobody agrees to a time that was not seen, and nobody who did not accept agrees to any.
    let seen = planner.get(&format!("/assignments/{on}")).await.ok()["updated_at"].clone();
    test.pass_seconds(60);
    let again = json!({ "type": "move", "mission_id": concert, "start_at": "2026-07-12T18:00:00Z", "end_at": "2026-07-12T20:00:00Z" });
    apply(&planner, json!([again])).await;
    let command = json!({ "type": "confirm", "assignment_id": on, "if_unchanged": seen });
    let refused = planner.post("/planning:apply", json!({ "commands": [command] })).await;
    assert_eq!(refused.json()["errors"][0]["code"], "changed_since");
    apply(&planner, json!([{ "type": "remove", "assignment_id": on }])).await;
    let command = json!({ "type": "confirm", "assignment_id": on });
    let refused = planner.post("/planning:apply", json!({ "commands": [command] })).await;
    assert_eq!(refused.json()["errors"][0]["code"], "invalid_transition");
}

/// Changes of the same objects, one after the other, are taken back from the last to the first, and done again.
#[rstest]
#[tokio::test]
async fn a_chain_of_changes_is_taken_back_to_its_beginning(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, ella) = (planner.user("Nina Simone").await, planner.user("Ella Fitzgerald").await);
    let concert = mission(&planner, "Concert", 18).await;
    let mut states = vec![plan(&planner).await];
    let mut done = Vec::new();
    let asked = json!({ "type": "assign", "mission_id": concert, "user_id": nina, "invite": true });
    done.push(apply(&planner, json!([asked])).await);
    states.push(plan(&planner).await);
    let on = id(&done[0]["results"][0]["assignments"][0]);
    let at = |day: u32| {
        json!({ "type": "move", "mission_id": concert,
        "start_at": format!("2026-07-{day}T18:00:00Z"), "end_at": format!("2026-07-{day}T20:00:00Z") })
    };
    for command in [
        at(11),
        at(12),
        json!({ "type": "reassign", "assignment_id": on, "user_id": ella, "invite": true }),
        at(13),
    ] {
        test.pass_seconds(1);
        done.push(apply(&planner, json!([command])).await);
        states.push(plan(&planner).await);
    }
    for _ in 0..2 {
        let last = states.pop().expect("a state");
        let mut redo = Vec::new();
        for (change, before) in done.iter().zip(&states).rev() {
            test.pass_seconds(1);
            redo.push(undo(&planner, change).await.ok());
            assert_eq!(plan(&planner).await, *before);
        }
        states.push(last);
        done.clear();
        for (change, after) in redo.iter().rev().zip(&states[1..]) {
            test.pass_seconds(1);
            done.push(undo(&planner, change).await.ok());
            let mut is = plan(&planner).await;
            let mut was = after.clone();
            // A link that is made again is another one.
            for state in [&mut is, &mut was] {
                for one in state["assignments"].as_array_mut().expect("assignments") {
                    one["invitation"] = json!(one["invitation"].is_object());
                }
            }
            assert_eq!(is, was);
        }
    }
}

#[rstest]
#[tokio::test]
async fn an_undo_is_of_whoever_did_it_for_a_day(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, montage) = (planner.user("Nina Simone").await, mission(&planner, "Montage", 8).await);
    let assign = json!([{ "type": "assign", "mission_id": montage, "user_id": nina }]);
    let applied = apply(&planner, assign.clone()).await;
    for stranger in [test.admin().await, test.other_owner().await] {
        let problem = undo(&stranger, &applied).await.refused(404, "unknown_reference");
        assert_eq!(problem["errors"][0]["pointer"], "/undo");
    }
    let mut text = applied["undo"].as_str().unwrap().to_owned();
    text.replace_range(50..51, if &text[50..51] == "A" { "B" } else { "A" });
    for forged in [&*text, "", "no such thing", "é"] {
        undo(&planner, &json!({ "undo": forged })).await.refused(404, "unknown_reference");
    }
    test.pass_seconds(24 * 3600 + 1);
    let planner = test.manager().await;
    undo(&planner, &applied).await.refused(404, "unknown_reference");
    let second = planner.user("Ella Fitzgerald").await;
    let applied =
        apply(&planner, json!([{ "type": "assign", "mission_id": montage, "user_id": second }])).await;
    test.pass_seconds(24 * 3600);
    let planner = test.manager().await;
    undo(&planner, &applied).await.ok();
    undo(&planner, &applied).await.refused(409, "changed_since");
}

#[rstest]
#[tokio::test]
async fn an_undo_is_of_the_org_where_it_was_done(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (planner, stranger) = (test.manager().await, test.other_owner().await);
    let membership = json!({ "email": "manager@rideau.example", "role": "manager" });
    stranger.post("/orgs/members", membership).await.ok();
    test.prove("manager@rideau.example").await;
    let switched = planner.post("/auth/switch", json!({ "org_id": test.other_org })).await.ok();
    let elsewhere = planner.clone().with_token(switched["access_token"].as_str().unwrap());
    let planner = test.manager().await;
    let (nina, montage) = (planner.user("Nina Simone").await, mission(&planner, "Montage", 8).await);
    let there = planner.assignment(&montage, &nina).await;
    // Gone for good but for the text.
    let applied = apply(&planner, json!([{ "type": "remove", "assignment_id": there }])).await;
    undo(&elsewhere, &applied).await.refused(404, "unknown_reference");
    planner.get(&format!("/assignments/{there}")).await.refused(404, "not_found");
    undo(&planner, &applied).await.ok();
    assert_eq!(planner.status_of(&there).await, "INVITED");
}

#[rstest]
#[tokio::test]
async fn what_somebody_else_changed_is_not_taken_back(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (planner, admin) = (test.manager().await, test.admin().await);
    let (nina, ella) = (planner.user("Nina Simone").await, planner.user("Ella Fitzgerald").await);
    let (montage, concert) = (mission(&planner, "Montage", 8).await, mission(&planner, "Concert", 18).await);
    let there = planner.assignment(&montage, &nina).await;
    let status = |status: &str| json!([{ "type": "set_status", "assignment_id": there, "status": status }]);

    // The object itself.
    let applied = apply(&planner, status("ACCEPTED")).await;
    admin.patch(&format!("/assignments/{there}"), json!({ "note": "key" })).await.ok();
    undo(&planner, &applied).await.refused(409, "changed_since");
    // Its mission.
    let applied = apply(&planner, status("DECLINED")).await;
    admin.patch(&format!("/missions/{montage}"), json!({ "location": "Olympia" })).await.ok();
    undo(&planner, &applied).await.refused(409, "changed_since");
    // Something was put on a mission that was made.
    let applied =
        apply(&planner, json!([{ "type": "copy", "mission_ids": [concert], "shift_days": 1 }])).await;
    let copy = id(&applied["results"][0]["missions"][0]);
    let on_copy = admin.assignment(&copy, &ella).await;
    undo(&planner, &applied).await.refused(409, "changed_since");
    admin.delete(&format!("/assignments/{on_copy}")).await.ok();
    undo(&planner, &applied).await.ok();
    // A link was made for an assignment that was made.
    let applied =
        apply(&planner, json!([{ "type": "assign", "mission_id": concert, "user_id": ella }])).await;
    let made = id(&applied["results"][0]["assignments"][0]);
    admin.invitation(&made).await;
    undo(&planner, &applied).await.refused(409, "changed_since");
    // What is not of it may change.
    let applied = apply(&planner, status("INVITED")).await;
    admin.patch(&format!("/missions/{concert}"), json!({ "title": "Récital" })).await.ok();
    admin.patch(&format!("/missions/{montage}"), json!({ "title": "Gros montage" })).await.ok();
    undo(&planner, &applied).await.ok();
    assert_eq!(planner.status_of(&there).await, "DECLINED");
}

#[rstest]
#[tokio::test]
async fn an_undo_upholds_what_every_write_does(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, ella) = (planner.user("Nina Simone").await, planner.user("Ella Fitzgerald").await);
    let project = planner.project("Tournée").await;
    let (montage, concert) = (mission(&planner, "Montage", 8).await, mission(&planner, "Concert", 9).await);
    planner.patch(&format!("/missions/{montage}"), json!({ "project_id": project })).await.ok();
    let yes =
        |mission: &str, user: &str| json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" });
    let there = id(&planner.post("/assignments", yes(&montage, &nina)).await.ok());
    let off = json!([{ "type": "set_status", "assignment_id": there, "status": "CANCELLED" }]);
    let gone = apply(&planner, off).await;
    let refused = async |code: &str, status: u16| {
        let before = plan(&planner).await;
        let problem = undo(&planner, &gone).await.refused(status, code);
        assert_eq!((plan(&planner).await, planner.status_of(&there).await), (before, "CANCELLED".into()));
        problem
    };
    // The place is taken, its person is taken, or put there otherwise.
    let other = id(&planner.post("/assignments", yes(&montage, &ella)).await.ok());
    refused("quota_reached", 409).await;
    planner.delete(&format!("/assignments/{other}")).await.ok();
    let other = id(&planner.post("/assignments", yes(&concert, &nina)).await.ok());
    let problem = refused("schedule_conflict", 400).await;
    assert_eq!(problem["conflicts"][0]["mission_id"], json!(concert));
    planner.delete(&format!("/assignments/{other}")).await.ok();
    let other = planner.assignment(&montage, &nina).await;
    refused("already_assigned", 409).await;
    planner.delete(&format!("/assignments/{other}")).await.ok();
    // They are not here any more, or the project is over.
    planner.patch(&format!("/users/{nina}"), json!({ "active": false })).await.ok();
    refused("user_inactive", 409).await;
    planner.patch(&format!("/users/{nina}"), json!({ "active": true })).await.ok();
    planner.patch(&format!("/projects/{project}"), json!({ "status": "ARCHIVED" })).await.ok();
    refused("project_archived", 409).await;
    planner.patch(&format!("/projects/{project}"), json!({ "status": "ACTIVE" })).await.ok();
    let undone = undo(&planner, &gone).await.ok();
    assert_eq!(planner.status_of(&there).await, "ACCEPTED");
    // Put down once more, and the mission is called off.
    let gone = undo(&planner, &undone).await.ok();
    planner.post_empty(&format!("/missions/{montage}:cancel")).await.ok();
    undo(&planner, &gone).await.refused(409, "mission_cancelled");
}

#[rstest]
#[tokio::test]
async fn people_whose_missions_change_places_go_back(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = planner.user("Nina Simone").await;
    let (montage, concert) = (mission(&planner, "Montage", 8).await, mission(&planner, "Concert", 10).await);
    for mission in [&montage, &concert] {
        planner
            .post("/assignments", json!({ "mission_id": mission, "user_id": nina, "status": "ACCEPTED" }))
            .await
            .ok();
    }
    let to = |mission: &str, from: u32| json!({ "type": "move", "mission_id": mission, "start_at": format!("2026-07-10T{from:02}:00:00Z"), "end_at": format!("2026-07-10T{:02}:00:00Z", from + 2) });
    let before = plan(&planner).await;
    let applied = apply(&planner, json!([to(&montage, 20), to(&concert, 8), to(&montage, 10)])).await;
    let after = plan(&planner).await;
    // One after the other would be two at once, whichever goes first.
    let undone = undo(&planner, &applied).await.ok();
    assert_eq!(plan(&planner).await, before);
    undo(&planner, &undone).await.ok();
    assert_eq!(plan(&planner).await, after);
}

#[rstest]
#[tokio::test]
async fn who_answered_meanwhile_is_asked_by_a_move_back(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, montage) = (planner.user("Nina Simone").await, mission(&planner, "Montage", 8).await);
    let there = planner.assignment(&montage, &nina).await;
    let (invitation, token) = planner.invitation(&there).await;
    let moved = json!([{ "type": "move", "mission_id": montage, "start_at": "2026-07-11T08:00:00Z", "end_at": "2026-07-11T10:00:00Z" }]);
    let applied = apply(&planner, moved).await;
    test.pass_seconds(60);
    test.anonymous().post(&format!("/invitations/{invitation}/accept"), json!({ "token": token })).await.ok();
    undo(&planner, &applied).await.ok();
    let assignment = planner.get(&format!("/assignments/{there}")).await.ok();
    assert_eq!(
        (&assignment["status"], &assignment["start_at"], &assignment["needs_confirmation"]),
        (&json!("ACCEPTED"), &json!("2026-07-10T08:00:00Z"), &json!(true)),
        "the yes was to the 11th"
    );
}

/// Who may be put on a mission is asked anew, whatever was so when it was done first.
#[rstest]
#[tokio::test]
async fn what_nobody_may_do_any_more_is_not_done_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let project = planner.project("Été").await;
    let body = json!({ "name": "Nina Simone", "email": "nina@example.org" });
    let nina = id(&planner.post("/users", body).await.ok());
    let montage = mission(&planner, "Montage", 8).await;
    planner.patch(&format!("/missions/{montage}"), json!({ "project_id": project })).await.ok();
    let on = planner.assignment(&montage, &nina).await;
    let accepting = json!([{ "type": "set_status", "assignment_id": on, "status": "ACCEPTED" }]);
    let asking = json!([{ "type": "invite", "assignment_ids": [on] }]);
    let user = format!("/users/{nina}");
    for commands in [&accepting, &asking] {
        let undone = undo(&planner, &apply(&planner, commands.clone()).await).await.ok();
        let whole = planner.get(&format!("/projects/{project}")).await.ok();
        let status = async |status: &str| {
            planner.patch(&format!("/projects/{project}"), json!({ "status": status })).await.ok();
        };
        status("ARCHIVED").await;
        undo(&planner, &undone).await.refused(409, "project_archived");
        status(whole["status"].as_str().expect("a status")).await;
        planner.patch(&user, json!({ "active": false })).await.ok();
        undo(&planner, &undone).await.refused(409, "user_inactive");
        planner.patch(&user, json!({ "active": true })).await.ok();
        // It goes on once nothing is in the way.
        let redone = undo(&planner, &undone).await.ok();
        undo(&planner, &redone).await.ok();
    }
    // A link goes to the address that its user has.
    let undone = undo(&planner, &apply(&planner, asking).await).await.ok();
    planner.patch(&user, json!({ "email": "simone@example.org" })).await.ok();
    undo(&planner, &undone).await.refused(409, "changed_since");
    assert_eq!(test.count("SELECT count(*) AS n FROM invitations").await, 0);
}

/// An override is of the missions that it was given for.
#[rstest]
#[tokio::test]
async fn an_override_that_comes_back_covers_nothing_new(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = planner.user("Nina Simone").await;
    let (montage, balance, radio) = (
        mission(&planner, "Montage", 8).await,
        mission(&planner, "Balance", 9).await,
        mission(&planner, "Radio", 8).await,
    );
    let accept = async |mission: &str, reason: Json| {
        let body = json!({ "mission_id": mission, "user_id": nina, "status": "ACCEPTED", "override_reason": reason });
        id(&planner.post("/assignments", body).await.ok())
    };
    let plain = accept(&balance, Json::Null).await;
    let over = accept(&montage, json!("she runs")).await;
    let removed = apply(&planner, json!([{ "type": "remove", "assignment_id": over }])).await;
    // The same overlap comes back,
    let undone = undo(&planner, &removed).await.ok();
    assert_eq!(undone["assignments"][0]["conflict_override"], "she runs");
    let removed = undo(&planner, &undone).await.ok();
    // and no other: not what was planned meanwhile,
    let body = json!({ "status": "CANCELLED" });
    planner.post(&format!("/assignments/{plain}:status"), body).await.ok();
    let since = accept(&radio, Json::Null).await;
    let refused = undo(&planner, &removed).await.refused(400, "schedule_conflict");
    assert_eq!(refused["conflicts"][0]["assignment_id"], json!(since));
    assert_eq!(planner.get(&format!("/assignments/{over}")).await.ok()["status"], "CANCELLED");
    // nor what a mission meets that moves back under somebody who was put on it over something else.
    let moved = apply(
        &planner,
        json!([{ "type": "move", "mission_id": balance,
        "start_at": "2026-07-10T14:00:00Z", "end_at": "2026-07-10T16:00:00Z" }]),
    )
    .await;
    let late = mission(&planner, "Concert", 15).await;
    accept(&late, Json::Null).await;
    accept(&balance, json!("she runs again")).await;
    let refused = undo(&planner, &moved).await.refused(400, "schedule_conflict");
    assert_eq!(refused["conflicts"][0]["assignment_id"], json!(since));
    // Where it meets nothing, no reason is left.
    planner.post(&format!("/assignments/{since}:status"), json!({ "status": "CANCELLED" })).await.ok();
    undo(&planner, &moved).await.ok();
    let plan = plan(&planner).await;
    let on = plan["assignments"].as_array().unwrap().iter().find(|one| one["mission_id"] == json!(balance));
    assert_eq!(on.expect("on it")["conflict_override"], Json::Null);
}

/// A command that changed nothing of a mission says no less of when it was.
#[rstest]
#[tokio::test]
async fn who_left_a_mission_that_moved_since_does_not_come_back(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = planner.user("Nina Simone").await;
    let montage = mission(&planner, "Montage", 8).await;
    let body = json!({ "mission_id": montage, "user_id": nina, "status": "ACCEPTED" });
    let on = id(&planner.post("/assignments", body).await.ok());
    let to = |from: u32| json!({ "start_at": format!("2026-07-10T{from:02}:00:00Z"), "end_at": format!("2026-07-10T{:02}:00:00Z", from + 2) });
    let mut still = to(8);
    (still["type"], still["mission_id"]) = (json!("move"), json!(montage));
    let removed = apply(&planner, json!([still, { "type": "remove", "assignment_id": on }])).await;
    planner.patch(&format!("/missions/{montage}"), to(14)).await.ok();
    undo(&planner, &removed).await.refused(409, "changed_since");
    planner.patch(&format!("/missions/{montage}"), to(8)).await.ok();
    let undone = undo(&planner, &removed).await.ok();
    assert_eq!(undone["assignments"][0]["status"], "ACCEPTED");
    // Nobody answered: nothing of it is news.
    let news = planner.get("/activity").await.ok();
    let kinds: Vec<_> = news.as_array().unwrap().iter().filter(|one| one["kind"] != "moved").collect();
    assert_eq!(kinds.len(), 1, "{kinds:#?}");
    undo(&planner, &undone).await.ok();
    assert_eq!(test.audit("assignment.restore").await.len(), 2);
}
