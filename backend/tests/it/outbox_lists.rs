//! Whom nobody has asked yet, and who does not answer.

use crate::support::{Kind, NOW, Persona, Test, at};
use rstest::rstest;
use serde_json::{Value as Json, json};

const HOUR: i64 = 3600;

async fn ids(planner: &Persona<'_>, path: &str) -> Vec<String> {
    let list = planner.get(path).await.ok();
    list.as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn who_was_never_asked_is_found(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (planner, tech) = (test.manager().await, test.tech().await);
    let mission = planner.mission("Concert", "08:00", "12:00").await;
    let mut all = Vec::new();
    for name in ["Never", "Asked", "Revoked", "Accepted", "Cancelled"] {
        let user = planner.user(name).await;
        all.push(planner.assignment(&mission, &user).await);
    }
    let own = planner.assignment(&mission, &test.tech_user.to_string()).await;
    planner.invitation(&all[1]).await;
    let (revoked, _) = planner.invitation(&all[2]).await;
    planner.delete(&format!("/invitations/{revoked}")).await.ok();
    for (index, status) in [(3, "ACCEPTED"), (4, "CANCELLED")] {
        planner.post(&format!("/assignments/{}:status", all[index]), json!({ "status": status })).await.ok();
    }
    let never = vec![all[0].clone(), own.clone()];
    all.push(own.clone());
    for (query, wanted) in [
        ("never_asked=1", &never),
        ("never_asked=true", &never),
        ("never_asked=0", &all),
        ("never_asked=false", &all),
        ("never_asked=1&status=ACCEPTED", &Vec::new()),
        ("never_asked=1&from=2026-07-10T12:00:00Z", &Vec::new()),
        ("never_asked=1&me=1", &Vec::new()),
    ] {
        let mut wanted = wanted.clone();
        wanted.sort();
        let mut found = ids(&planner, &format!("/assignments?{query}")).await;
        found.sort();
        assert_eq!(found, wanted, "{query}");
    }
    assert_eq!(ids(&tech, "/assignments?never_asked=1").await, [own]);
    let first = planner.get("/assignments?never_asked=1&limit=1").await;
    let second = planner.get(&first.next_page().expect("a next page")).await;
    assert_eq!((second.ok().as_array().unwrap().len(), second.next_page()), (1, None));
    for wrong in ["never_asked=yes", "never_asked=", "never_asked=1&never_asked=0"] {
        assert_eq!(planner.get(&format!("/assignments?{wrong}")).await.wrong_members(), ["/never_asked"]);
    }
}

#[rstest]
#[tokio::test]
async fn who_does_not_answer_is_found_by_the_hours_since_they_were_asked(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    // Sessions end sooner than the hours that pass here.
    let mission = test.manager().await.mission("Concert", "08:00", "12:00").await;
    let mut links = Vec::new();
    for name in ["Waits", "Answers", "Revoked", "Reminded", "Late", "Closed"] {
        if name == "Late" {
            test.pass_seconds(HOUR);
        }
        let planner = test.manager().await;
        let user = planner.user(name).await;
        let assignment = planner.assignment(&mission, &user).await;
        let body = match name {
            "Closed" => {
                let by = test.app.db.clock().now().plus_seconds(HOUR / 2);
                json!({ "assignment_id": assignment, "answer_by": by.to_string() })
            }
            _ => json!({ "assignment_id": assignment, "email": "who@example.org" }),
        };
        let made: Json = planner.post("/invitations", body).await.ok();
        links.push((made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned()));
    }
    test.anonymous()
        .post_empty(&format!("/invitations/{}/decline?token={}", links[1].0, links[1].1))
        .await
        .ok();
    let planner = test.manager().await;
    planner.delete(&format!("/invitations/{}", links[2].0)).await.ok();
    // Four are asked, one of them an hour later; another is reminded then.
    test.pass_seconds(HOUR - 1);
    let planner = test.manager().await;
    let id = |index: usize| links[index].0.clone();
    let unanswered = async |hours: u32| {
        let planner = test.manager().await;
        ids(&planner, &format!("/invitations?unanswered_hours={hours}")).await
    };
    assert_eq!(unanswered(1).await, [id(3), id(0)]);
    test.pass_seconds(1);
    assert_eq!(unanswered(1).await, [id(4), id(3), id(0)]);
    assert_eq!(unanswered(2).await, [id(3), id(0)]);
    assert_eq!(unanswered(3).await, Vec::<String>::new());
    planner.post_empty(&format!("/invitations/{}:remind", links[3].0)).await.ok();
    assert_eq!(unanswered(1).await, [id(4), id(0)]);
    test.pass_seconds(HOUR);
    assert_eq!(unanswered(1).await, [id(4), id(3), id(0)]);
    assert_eq!(unanswered(2).await, [id(4), id(0)]);
    let planner = test.manager().await;
    assert_eq!(ids(&planner, "/invitations?unanswered_hours=1&status=answered").await, Vec::<String>::new());
    let first = planner.get("/invitations?unanswered_hours=1&limit=2").await;
    let second = planner.get(&first.next_page().expect("a next page")).await;
    assert_eq!((&second.ok()[0]["id"], second.next_page()), (&json!(id(0)), None));
    for wrong in ["0", "8785", "1.5", "x", ""] {
        let answer = planner.get(&format!("/invitations?unanswered_hours={wrong}")).await;
        assert_eq!(answer.wrong_members(), ["/unanswered_hours"], "{wrong}");
    }
}

/// The list and the reminder choose alike: whoever was last asked so long ago, and can still answer.
#[rstest]
#[tokio::test]
async fn whoever_need_not_answer_any_more_is_neither_found_nor_reminded(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let concert = planner.mission("Concert", "08:00", "12:00").await;
    let asked = async |mission: &str, user: &str| {
        let assignment = planner.assignment(mission, user).await;
        let (invitation, _) = planner.invitation(&assignment).await;
        (assignment, invitation)
    };
    let (_, waits) = asked(&concert, &planner.user("Waits").await).await;
    let (_, reminded) = asked(&concert, &planner.user("Reminded").await).await;
    // By a session, and by a planner: the invitation stays as it is.
    let (own, _) = asked(&concert, &test.tech_user.to_string()).await;
    let yes = json!({ "status": "ACCEPTED" });
    test.tech().await.post(&format!("/assignments/{own}:status"), yes).await.ok();
    for status in ["ACCEPTED", "DECLINED", "CANCELLED"] {
        let (assignment, _) = asked(&concert, &planner.user(status).await).await;
        planner.post(&format!("/assignments/{assignment}:status"), json!({ "status": status })).await.ok();
    }
    let inactive = planner.user("Inactive").await;
    asked(&concert, &inactive).await;
    planner.patch(&format!("/users/{inactive}"), json!({ "active": false })).await.ok();
    let cancelled = planner.mission("Annulée", "08:00", "12:00").await;
    asked(&cancelled, &planner.user("Called off").await).await;
    planner.post_empty(&format!("/missions/{cancelled}:cancel")).await.ok();
    let archived = planner.mission("Archivée", "08:00", "12:00").await;
    asked(&archived, &planner.user("Archived").await).await;
    let project = planner.project("Last season").await;
    planner.patch(&format!("/missions/{archived}"), json!({ "project_id": project })).await.ok();
    planner.patch(&format!("/projects/{project}"), json!({ "status": "ARCHIVED" })).await.ok();
    let today = json!({
        "title": "Aujourd'hui", "start_at": at(NOW).plus_seconds(2 * HOUR), "end_at": at(NOW).plus_seconds(4 * HOUR),
    });
    let over = planner.post("/missions", today).await.ok();
    asked(over["id"].as_str().expect("an id"), &planner.user("Over").await).await;
    let moved = planner.assignment(&concert, &planner.user("Moved").await).await;
    let body = json!({ "assignment_id": moved, "email": "moved@example.org" });
    planner.post("/invitations", body).await.ok();

    test.pass_seconds(22 * HOUR);
    test.manager().await.post_empty(&format!("/invitations/{reminded}:remind")).await.ok();
    // As when the mail about a move has been sent.
    let told = test.clock.now().as_micros();
    let moved = "WHERE email = 'moved@example.org'";
    test.execute(&format!("UPDATE invitations SET asked_again_at = {told} {moved}")).await;
    test.pass_seconds(2 * HOUR);
    let planner = test.manager().await;
    assert_eq!(ids(&planner, "/invitations?unanswered_hours=24").await, std::slice::from_ref(&waits));
    let outcome = planner.post("/invitations:remind", json!({ "unanswered_hours": 24 })).await.ok();
    let reminded: Vec<_> =
        outcome["reminded"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert_eq!((reminded, &outcome["skipped"]), (vec![&json!(waits)], &json!([])));
}
