//! Finding invitations, and making many at once.

use crate::support::{Kind, Outcome, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// An id that nothing has.
const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// `count` people asked for a mission.
async fn ask(manager: &Persona<'_>, mission: &str, count: usize) -> Vec<String> {
    let mut asked = Vec::new();
    for i in 0..count {
        let user = manager.user(&format!("Person {i}")).await;
        asked.push(manager.assignment(mission, &user).await);
    }
    asked
}

fn items<'a>(assignments: impl IntoIterator<Item = &'a String>) -> Json {
    assignments.into_iter().map(|id| json!({ "assignment_id": id })).collect()
}

async fn bulk(who: &Persona<'_>, items: Json) -> Outcome {
    who.post("/invitations:bulk_create", items).await
}

fn texts(list: &Json, member: &str) -> Vec<String> {
    let items = list.as_array().expect("an array").iter();
    items.map(|item| item[member].as_str().expect("a text").to_owned()).collect()
}

/// Pointer and code of each mistake.
fn mistakes(problem: &Json) -> Vec<(String, String)> {
    texts(&problem["errors"], "pointer").into_iter().zip(texts(&problem["errors"], "code")).collect()
}

#[rstest]
#[tokio::test]
async fn invitations_are_listed_newest_first_and_filtered(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let asked = ask(&manager, &mission, 5).await;
    let mut links = Vec::new();
    for (i, assignment) in asked.iter().enumerate() {
        // Sessions end long before links do.
        links.push(test.manager().await.invitation(assignment).await);
        if i == 0 {
            // The first one expires; the others are made just then.
            let seconds = test.app.config.invites_seconds();
            test.pass_seconds(seconds);
        }
        test.pass_seconds(1);
    }
    for (i, answer) in [(1, "accept"), (2, "decline")] {
        anyone.post_empty(&format!("/invitations/{}/{answer}?token={}", links[i].0, links[i].1)).await.ok();
    }
    let manager = test.manager().await;
    manager.delete(&format!("/invitations/{}", links[3].0)).await.ok();
    let ids = |indices: &[usize]| indices.iter().map(|i| links[*i].0.clone()).collect::<Vec<_>>();
    for (query, wanted) in [
        (String::new(), vec![4, 3, 2, 1, 0]),
        ("status=pending".into(), vec![4]),
        ("status=answered".into(), vec![2, 1]),
        ("status=expired".into(), vec![0]),
        ("status=revoked".into(), vec![3]),
        ("status=expired&status=pending".into(), vec![4, 0]),
        (format!("assignment_id={}", asked[2]), vec![2]),
        (format!("assignment_id={}&assignment_id={}", asked[2], asked[4]), vec![4, 2]),
        (format!("assignment_id={}&status=pending", asked[2]), vec![]),
        (format!("assignment_id={NOBODY}"), vec![]),
    ] {
        let listed = manager.get(&format!("/invitations?{query}")).await;
        assert_eq!(texts(&listed.ok(), "id"), ids(&wanted), "{query}");
    }
    let listed = manager.get("/invitations").await;
    let names: Vec<_> = listed.ok()[2].as_object().unwrap().keys().cloned().collect();
    let wanted = [
        "answer",
        "answer_by",
        "answered_at",
        "assignment_id",
        "created_at",
        "delivery",
        "delivery_error",
        "email",
        "expires_at",
        "id",
        "reminded_at",
        "revoked_at",
        "status",
    ];
    assert_eq!(names, wanted);
    assert_eq!(
        (&listed.ok()[2]["answer"], &listed.ok()[2]["status"]),
        (&json!("DECLINED"), &json!("answered"))
    );
    for (_, token) in &links {
        assert!(!listed.text.contains(token.as_str()), "no list shows a token");
        assert!(!listed.text.contains(token.rsplit('.').next().unwrap()));
    }
    for (query, wrong) in [
        ("status=PENDING", "/status"),
        ("assignment=x", "/assignment"),
        ("limit=0", "/limit"),
        ("cursor=x", "/cursor"),
    ] {
        assert_eq!(manager.get(&format!("/invitations?{query}")).await.wrong_members(), [wrong]);
    }
    test.tech().await.get("/invitations").await.refused(403, "forbidden");
    assert_eq!(test.other_owner().await.get("/invitations").await.ok(), json!([]));
}

#[rstest]
#[tokio::test]
async fn an_invitation_is_read_and_taken_back_by_its_id(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let (id, token) = manager.invitation(&ask(&manager, &mission, 1).await[0]).await;
    let path = format!("/invitations/{id}");
    let shown = manager.get(&path).await.ok();
    assert_eq!((&shown["status"], &shown), (&json!("pending"), &manager.get("/invitations").await.ok()[0]));
    assert_eq!(manager.delete(&path).await.ok(), json!({ "status": "ok" }));
    assert_eq!(manager.get(&path).await.ok()["status"], "revoked");
    anyone.post_empty(&format!("{path}/accept?token={token}")).await.refused(400, "invalid_token");
    manager.get(&format!("/invitations/{NOBODY}")).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn pages_give_every_invitation_once_while_others_come(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let asked = ask(&manager, &mission, 9).await;
    // Of one instant: the id decides between them.
    let made = bulk(&manager, items(&asked[..7])).await.ok();
    let (mut seen, mut path) = (Vec::new(), Some("/invitations?limit=3&status=pending".to_owned()));
    let mut late = asked[7..].iter();
    while let Some(here) = path {
        let page = manager.get(&here).await;
        seen.extend(texts(&page.ok(), "id"));
        path = page.next_page();
        if let Some(late) = late.next() {
            test.pass_seconds(1);
            manager.invitation(late).await;
        }
    }
    let mut wanted = texts(&made, "id");
    wanted.sort();
    wanted.reverse();
    assert_eq!(seen, wanted);
}

#[rstest]
#[tokio::test]
async fn bulk_makes_links_that_work_and_ends_those_before(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let asked = ask(&manager, &mission, 3).await;
    let (earlier, old_token) = manager.invitation(&asked[1]).await;
    let before = test.audit_count().await;
    let order = [&asked[2], &asked[0], &asked[1]];
    let made = bulk(&manager, items(order)).await.ok();
    assert_eq!(texts(&made, "assignment_id"), order.map(Clone::clone));
    assert_eq!(
        (test.audit("invitation.create").await.len(), test.audit("invitation.revoke").await.len()),
        (4, 1)
    );
    assert_eq!(test.audit_count().await, before + 4);
    anyone
        .post_empty(&format!("/invitations/{earlier}/accept?token={old_token}"))
        .await
        .refused(400, "invalid_token");
    for (link, assignment) in made.as_array().unwrap().iter().zip(order) {
        let (id, token) = (link["id"].as_str().unwrap(), link["token"].as_str().unwrap());
        assert!(link["url"].as_str().unwrap().ends_with(&format!("/invite?token={token}")));
        let opened = anyone.get(&format!("/invitations/verify?token={token}")).await.ok();
        assert_eq!((&opened["assignment_id"], &opened["invitation_id"]), (&json!(assignment), &json!(id)));
        anyone.post_empty(&format!("/invitations/{id}/accept?token={token}")).await.ok();
        assert_eq!(manager.status_of(assignment).await, "ACCEPTED");
    }
    let with_email =
        json!([{ "assignment_id": ask(&manager, &mission, 1).await[0], "email": "nina@example.org" }]);
    bulk(&manager, with_email).await.ok();
    let listed = manager.get("/invitations?status=pending").await.ok();
    assert_eq!(texts(&listed, "email"), ["nina@example.org"]);
}

#[rstest]
#[tokio::test]
async fn bulk_names_what_is_in_the_way_of_each_and_makes_no_link(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let asked = ask(&manager, &mission, 4).await;
    let elsewhere = ask(&other, &other.mission("Ailleurs", "08:00", "12:00").await, 1).await;
    let called_off = manager.mission("Balance", "08:00", "12:00").await;
    let cancelled = ask(&manager, &called_off, 1).await;
    manager.post_empty(&format!("/missions/{called_off}:cancel")).await.ok();
    manager.post(&format!("/assignments/{}:status", asked[1]), json!({ "status": "ACCEPTED" })).await.ok();
    let inactive = manager.get(&format!("/assignments/{}", asked[2])).await.ok()["user_id"].clone();
    manager.patch(&format!("/users/{}", inactive.as_str().unwrap()), json!({ "active": false })).await.ok();
    let (open, token) = manager.invitation(&asked[0]).await;
    let before = test.audit_count().await;
    let nobody = NOBODY.to_owned();
    let all = [&asked[0], &nobody, &asked[1], &asked[2], &cancelled[0], &elsewhere[0], &asked[0], &asked[3]];
    let refused = bulk(&manager, items(all)).await.refused(404, "unknown_reference");
    let wanted = [
        ("/1/assignment_id", "unknown_reference"),
        ("/2", "not_invited"),
        ("/3", "user_inactive"),
        ("/4", "mission_cancelled"),
        ("/5/assignment_id", "unknown_reference"),
        ("/6/assignment_id", "duplicate"),
    ];
    let wanted = wanted.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(mistakes(&refused), wanted);
    bulk(&manager, items([&asked[3], &asked[3]])).await.refused(409, "duplicate");
    for body in [json!([]), json!(items(std::iter::repeat_n(&asked[0], 1001))), json!({})] {
        assert_eq!(bulk(&manager, body).await.wrong_members(), [""]);
    }
    let shapes = json!([{ "assignment_id": asked[3], "email": "nobody" }, { "token": "x" }]);
    let mut wrong = bulk(&manager, shapes).await.wrong_members();
    wrong.sort();
    assert_eq!(wrong, ["/0/email", "/1/assignment_id", "/1/token"]);
    test.tech().await.post("/invitations:bulk_create", items([&asked[3]])).await.refused(403, "forbidden");
    assert_eq!(test.audit_count().await, before);
    assert_eq!(test.count("SELECT count(*) AS n FROM invitations").await, 1);
    // The link from before still works: nothing was done by halves.
    test.anonymous().post_empty(&format!("/invitations/{open}/accept?token={token}")).await.ok();
    assert_eq!(bulk(&manager, items([&asked[3]])).await.ok().as_array().unwrap().len(), 1);
}
