//! What planners are told of: answers, withdrawals, moves, confirmations.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

async fn mission(planner: &Persona<'_>, project: Option<&str>, title: &str, day: u32) -> String {
    let body = json!({
        "title": title, "project_id": project, "location": "Grande salle",
        "start_at": format!("2026-07-{day}T08:00:00Z"), "end_at": format!("2026-07-{day}T12:00:00Z"),
    });
    id(&planner.post("/missions", body).await.ok())
}

async fn set(who: &Persona<'_>, assignment: &str, status: &str) {
    who.post(&format!("/assignments/{assignment}:status"), json!({ "status": status })).await.ok();
}

async fn activity(planner: &Persona<'_>, query: &str) -> Vec<Json> {
    planner.get(&format!("/activity?{query}")).await.ok().as_array().expect("a list").clone()
}

/// Kind, mission, person, and whether they did it themselves.
fn told(entries: &[Json]) -> Vec<(&str, &str, Option<&str>, bool)> {
    entries
        .iter()
        .map(|entry| {
            let title = entry["mission_title"].as_str().unwrap_or("-");
            (
                entry["kind"].as_str().expect("a kind"),
                title,
                entry["user_name"].as_str(),
                entry["own"] == true,
            )
        })
        .collect()
}

#[rstest]
#[tokio::test]
async fn planners_are_told_of_answers_withdrawals_moves_and_confirmations(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (planner, tech) = (test.manager().await, test.tech().await);
    let project = planner.project("Tournée").await;
    let concert = mission(&planner, Some(&project), "Concert", 10).await;
    let balances = mission(&planner, None, "Balances", 11).await;
    let nina = planner.user("Nina Simone").await;
    let first = planner.assignment(&concert, &nina).await;
    let (link, token) = planner.invitation(&first).await;
    test.pass_seconds(1);
    test.anonymous().post_empty(&format!("/invitations/{link}/accept?token={token}")).await.ok();
    test.pass_seconds(1);
    // What is no move, and what planners do that is no answer.
    planner.patch(&format!("/missions/{concert}"), json!({ "note": "Décor", "title": "Concert" })).await.ok();
    let own = planner.assignment(&balances, &test.tech_user.to_string()).await;
    set(&tech, &own, "DECLINED").await;
    test.pass_seconds(1);
    set(&planner, &own, "INVITED").await;
    set(&tech, &own, "ACCEPTED").await;
    test.pass_seconds(1);
    planner.patch(&format!("/missions/{concert}"), json!({ "location": "Petite salle" })).await.ok();
    test.pass_seconds(1);
    planner.post_empty(&format!("/assignments/{first}/confirm")).await.ok();
    test.pass_seconds(1);
    set(&tech, &own, "DECLINED").await;
    test.pass_seconds(1);
    set(&planner, &own, "INVITED").await;
    set(&planner, &own, "CANCELLED").await;
    let yes = json!({ "mission_id": balances, "user_id": nina, "status": "ACCEPTED" });
    planner.post("/assignments", yes).await.ok();

    let tech_name = planner.get(&format!("/users/{}", test.tech_user)).await.ok()["name"].clone();
    let tech_name = tech_name.as_str().expect("a name");
    let all = activity(&planner, "").await;
    let nina_name = Some("Nina Simone");
    assert_eq!(
        told(&all),
        [
            ("accepted", "Balances", nina_name, false),
            ("withdrawn", "Balances", Some(tech_name), true),
            ("confirmed", "Concert", nina_name, false),
            ("moved", "Concert", None, false),
            ("accepted", "Balances", Some(tech_name), true),
            ("declined", "Balances", Some(tech_name), true),
            ("accepted", "Concert", nina_name, true),
        ]
    );
    let by_link = &all[6];
    let names: Vec<_> = by_link.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "actor_email",
            "actor_kind",
            "assignment_id",
            "at",
            "id",
            "kind",
            "mission_id",
            "mission_title",
            "own",
            "project_id",
            "user_id",
            "user_name",
        ]
    );
    assert_eq!((&by_link["actor_kind"], &by_link["actor_email"]), (&json!("invitation"), &json!(null)));
    assert_eq!((&by_link["assignment_id"], &by_link["user_id"]), (&json!(first), &json!(nina)));
    assert_eq!((&by_link["project_id"], &by_link["mission_id"]), (&json!(project), &json!(concert)));
    assert_eq!((&all[3]["assignment_id"], &all[3]["user_id"]), (&json!(null), &json!(null)));
    assert_eq!(all[0]["actor_kind"], "account");
    assert!(all[0]["actor_email"].as_str().expect("an e-mail").contains("manager"), "{}", all[0]);

    for (query, wanted) in [
        (format!("mission_id={concert}"), vec![&all[2], &all[3], &all[6]]),
        (format!("project_id={project}"), vec![&all[2], &all[3], &all[6]]),
        (format!("project_id={project}&mission_id={balances}"), vec![]),
        (format!("mission_id={concert}&mission_id={balances}"), all.iter().collect()),
        (format!("since={}", all[1]["at"].as_str().unwrap()), vec![&all[0], &all[1]]),
        (format!("since={}&mission_id={concert}", all[2]["at"].as_str().unwrap()), vec![&all[2]]),
    ] {
        assert_eq!(activity(&planner, &query).await.iter().collect::<Vec<_>>(), wanted, "{query}");
    }
    let (mut seen, mut next) = (Vec::new(), Some("/activity?limit=3".to_owned()));
    while let Some(page) = next {
        let answer = planner.get(&page).await;
        seen.extend(answer.ok().as_array().unwrap().clone());
        next = answer.next_page();
    }
    assert_eq!(seen, all);
    // What it tells of may be deleted; the details of the entries may be emptied.
    planner.delete(&format!("/assignments/{first}")).await.ok();
    planner.delete(&format!("/missions/{concert}")).await.ok();
    test.execute("UPDATE audit_details SET before = NULL, after = NULL").await;
    let left = activity(&planner, &format!("mission_id={concert}")).await;
    assert_eq!(
        told(&left).iter().map(|one| (one.0, one.1)).collect::<Vec<_>>(),
        [("confirmed", "-"), ("moved", "-"), ("accepted", "-"),]
    );
}

#[rstest]
#[tokio::test]
async fn activity_is_for_the_planners_of_the_org(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let concert = mission(&planner, None, "Concert", 10).await;
    let nina = planner.user("Nina Simone").await;
    let asked = planner.assignment(&concert, &nina).await;
    set(&planner, &asked, "ACCEPTED").await;
    // What is not told: the audit log has it, and money and addresses with it.
    planner.put(&format!("/rates/user/{nina}"), json!({ "rate_profile": { "jour": 4321 } })).await.ok();
    let answer = planner.get("/activity").await;
    assert_eq!(answer.ok().as_array().unwrap().len(), 1);
    assert!(!answer.text.contains("4321"), "{}", answer.text);
    test.tech().await.get("/activity").await.refused(403, "forbidden");
    assert_eq!(
        activity(&test.other_owner().await, &format!("mission_id={concert}")).await,
        Vec::<Json>::new()
    );
    for (query, wrong) in
        [("since=2026-07-10", "/since"), ("mission_id=1", "/mission_id"), ("kind=moved", "/kind")]
    {
        assert_eq!(planner.get(&format!("/activity?{query}")).await.wrong_members(), [wrong]);
    }
}

#[rstest]
#[tokio::test]
async fn moves_by_commands_and_answers_in_bulk_are_told(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let concert = mission(&planner, None, "Concert", 10).await;
    let nina = planner.user("Nina Simone").await;
    let asked = planner.assignment(&concert, &nina).await;
    let commands = json!({ "commands": [
        { "type": "set_status", "assignment_id": asked, "status": "ACCEPTED" },
        { "type": "move", "mission_id": concert, "start_at": "2026-07-10T09:00:00Z", "end_at": "2026-07-10T12:00:00Z" },
    ]});
    planner.post("/planning:check", commands.clone()).await.ok();
    assert_eq!(activity(&planner, "").await, Vec::<Json>::new());
    planner.post("/planning:apply", commands).await.ok();
    let all = activity(&planner, "").await;
    let mut kinds: Vec<_> = told(&all).iter().map(|one| one.0).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["accepted", "moved"]);
    planner.post_empty(&format!("/missions/{concert}:cancel")).await.ok();
    assert_eq!(activity(&planner, "").await.len(), 2);
}
