//! What people are told when something is taken back.

use crate::support::{Kind, Persona, Smtp, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

async fn start(db: Kind, smtp: &Smtp) -> Test {
    let url = smtp.url();
    let settings = [
        ("SMTP_URL", &*url),
        ("MAIL_FROM", "crew@coulisses.example"),
        ("PUBLIC_URL", "https://crew.example.org"),
    ];
    Test::start_with(db, &settings).await
}

/// Lets the time pass in which mails gather and missions settle. Returns the subjects of what arrived.
async fn arrived(test: &Test, smtp: &Smtp, known: &mut usize) -> Vec<String> {
    for seconds in [600, 30, 30] {
        test.pass_seconds(seconds);
        test.app.worker.work_off().await.expect("what is due");
    }
    let mails = smtp.mails();
    let new = mails[*known..].iter().map(|mail| mail.header("Subject").expect("a subject").to_owned());
    let new = new.collect();
    *known = mails.len();
    new
}

async fn apply(planner: &Persona<'_>, commands: Json) -> Json {
    planner.post("/planning:apply", json!({ "commands": commands })).await.ok()
}

async fn undo(planner: &Persona<'_>, of: &Json) -> Json {
    planner.post("/planning:undo", json!({ "undo": of["undo"] })).await.ok()
}

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// Nina with an address, and a mission in July.
async fn nina_and_montage(planner: &Persona<'_>) -> (String, String) {
    let nina =
        planner.post("/users", json!({ "name": "Nina Simone", "email": "nina@example.org" })).await.ok();
    let montage = json!({
        "title": "Montage", "roles": [{ "role_name": "son" }],
        "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
    });
    (id(&nina), id(&planner.post("/missions", montage).await.ok()))
}

#[rstest]
#[tokio::test]
async fn a_mail_that_has_not_left_is_recalled(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let (smtp, mut known) = (Smtp::start(), 0);
    let test = start(db, &smtp).await;
    let planner = test.manager().await;
    let (nina, montage) = nina_and_montage(&planner).await;
    let asked = json!([{ "type": "assign", "mission_id": montage, "user_id": nina, "invite": true }]);
    let applied = apply(&planner, asked).await;
    let undone = undo(&planner, &applied).await;
    assert_eq!(arrived(&test, &smtp, &mut known).await, [""; 0]);
    // Done again, it leaves, and its link is the one that was answered first.
    let redone = undo(&planner, &undone).await;
    let mails = arrived(&test, &smtp, &mut known).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let link = &applied["results"][0]["invitations"][0];
    let token = link["token"].as_str().unwrap();
    assert!(smtp.mails()[0].text().contains(token), "{}", smtp.mails()[0].text());
    // Whoever has been asked hears that it is off.
    undo(&planner, &redone).await;
    let mails = arrived(&test, &smtp, &mut known).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(smtp.mails()[1].text().contains("Montage"));
    test.anonymous().get(&format!("/invitations/verify?token={token}")).await.refused(400, "invalid_token");
}

#[rstest]
#[tokio::test]
async fn a_link_that_has_left_is_revoked_and_works_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let (smtp, mut known) = (Smtp::start(), 0);
    let test = start(db, &smtp).await;
    let planner = test.manager().await;
    let (nina, montage) = nina_and_montage(&planner).await;
    let assignment = planner.assignment(&montage, &nina).await;
    let applied = apply(&planner, json!([{ "type": "invite", "assignment_ids": [assignment] }])).await;
    assert_eq!(arrived(&test, &smtp, &mut known).await.len(), 1);
    let link = &applied["results"][0]["invitations"][0];
    let verify = format!("/invitations/verify?token={}", link["token"].as_str().unwrap());
    let undone = undo(&planner, &applied).await;
    let path = format!("/invitations/{}", link["id"].as_str().unwrap());
    assert_eq!(planner.get(&path).await.ok()["status"], "revoked");
    // Whoever opens it reads that it was taken back.
    assert_eq!(test.anonymous().get(&verify).await.ok()["invitation_status"], "revoked");
    undo(&planner, &undone).await;
    assert_eq!(planner.get(&path).await.ok()["status"], "pending");
    assert_eq!(test.anonymous().get(&verify).await.ok()["invitation_status"], "pending");
    // Nobody was told of what lasted no time.
    assert_eq!(arrived(&test, &smtp, &mut known).await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn nobody_is_called_off_who_is_on_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let (smtp, mut known) = (Smtp::start(), 0);
    let test = start(db, &smtp).await;
    let planner = test.manager().await;
    let (nina, montage) = nina_and_montage(&planner).await;
    let yes = json!({ "mission_id": montage, "user_id": nina, "status": "ACCEPTED" });
    let assignment = id(&planner.post("/assignments", yes).await.ok());
    let off = json!([{ "type": "remove", "assignment_id": assignment }]);
    let applied = apply(&planner, off).await;
    let undone = undo(&planner, &applied).await;
    assert_eq!(arrived(&test, &smtp, &mut known).await, [""; 0]);
    // The same after all.
    undo(&planner, &undone).await;
    assert_eq!(arrived(&test, &smtp, &mut known).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn who_was_told_of_a_move_is_told_of_the_way_back(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let (smtp, mut known) = (Smtp::start(), 0);
    let test = start(db, &smtp).await;
    let planner = test.manager().await;
    let (nina, montage) = nina_and_montage(&planner).await;
    let yes = json!({ "mission_id": montage, "user_id": nina, "status": "ACCEPTED" });
    let assignment = id(&planner.post("/assignments", yes).await.ok());
    let path = format!("/assignments/{assignment}");
    let moved = json!([{ "type": "move", "mission_id": montage, "start_at": "2026-07-12T08:00:00Z", "end_at": "2026-07-12T12:00:00Z" }]);
    // At once: nobody is told.
    let applied = apply(&planner, moved.clone()).await;
    undo(&planner, &applied).await;
    assert_eq!(arrived(&test, &smtp, &mut known).await, [""; 0]);
    // Once it is known, the way back is news, and the yes was to that day.
    let planner = test.manager().await;
    let applied = apply(&planner, moved).await;
    assert_eq!(arrived(&test, &smtp, &mut known).await.len(), 1);
    let planner = test.manager().await;
    assert_eq!(planner.get(&path).await.ok()["needs_confirmation"], true);
    let undone = undo(&planner, &applied).await;
    assert_eq!(planner.get(&path).await.ok()["needs_confirmation"], false);
    let mails = arrived(&test, &smtp, &mut known).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let planner = test.manager().await;
    undo(&planner, &undone).await;
    assert_eq!(planner.get(&path).await.ok()["needs_confirmation"], true);
    assert_eq!(arrived(&test, &smtp, &mut known).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn who_was_told_to_stay_at_home_says_again_that_they_come(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let (smtp, mut known) = (Smtp::start(), 0);
    let test = start(db, &smtp).await;
    let planner = test.manager().await;
    let (nina, montage) = nina_and_montage(&planner).await;
    let yes = json!({ "mission_id": montage, "user_id": nina, "status": "ACCEPTED" });
    let on = id(&planner.post("/assignments", yes).await.ok());
    let removed = apply(&planner, json!([{ "type": "remove", "assignment_id": on }])).await;
    let mails = arrived(&test, &smtp, &mut known).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let undone = undo(&planner, &removed).await;
    let shown = &undone["assignments"][0];
    assert_eq!((&shown["status"], &shown["needs_confirmation"]), (&json!("ACCEPTED"), &json!(true)));
    planner.post_empty(&format!("/assignments/{on}/confirm")).await.ok();
    let shown = planner.get(&format!("/assignments/{on}")).await.ok();
    assert_eq!((&shown["status"], &shown["needs_confirmation"]), (&json!("ACCEPTED"), &json!(false)));
    // The planners who want to know each answer hear of it; nobody else hears anything.
    assert_eq!(arrived(&test, &smtp, &mut known).await, [""; 0]);
}

/// The mail that tells of it began to gather before what is taken back.
#[rstest]
#[tokio::test]
async fn who_is_called_off_in_a_mail_with_others_says_again_too(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let (smtp, mut known) = (Smtp::start(), 0);
    let test = start(db, &smtp).await;
    let planner = test.manager().await;
    let (nina, montage) = nina_and_montage(&planner).await;
    let mut removals = Vec::new();
    for mission in [montage, planner.mission("Concert", "20:00", "22:00").await] {
        let yes = json!({ "mission_id": mission, "user_id": nina, "status": "ACCEPTED" });
        let on = id(&planner.post("/assignments", yes).await.ok());
        removals.push(json!([{ "type": "remove", "assignment_id": on }]));
    }
    apply(&planner, removals.remove(0)).await;
    test.app.worker.work_off().await.expect("what is due");
    test.pass_seconds(5);
    let removed = apply(&planner, removals.remove(0)).await;
    assert_eq!(arrived(&test, &smtp, &mut known).await.len(), 1);
    assert_eq!(undo(&planner, &removed).await["assignments"][0]["needs_confirmation"], true);
    assert_eq!(arrived(&test, &smtp, &mut known).await, [""; 0]);
}
