//! Rules that hold when planners change what others answer at the same moment. Every round is a new situation, so that
//! the order in which they come varies.

use crate::support::{Kind, Outcome, Persona, Test, together};
use axum::http::Method;
use coulisses::{
    db::Origin,
    resources::assignments::{self, AssignmentStatus, Change, DecidedBy},
};
use rstest::rstest;
use serde_json::{Value as Json, json};

const ROUNDS: usize = 15;

fn accepted() -> Json {
    json!({ "status": "ACCEPTED" })
}

/// Requests at the same moment, in turn on two instances.
async fn at_once<const N: usize>(
    test: &Test,
    who: &Persona<'_>,
    second: &axum::Router,
    requests: [(Method, String, Json); N],
) -> Vec<Outcome> {
    let sent = requests.into_iter().enumerate().map(|(i, (method, path, body))| {
        let who = if i % 2 == 0 { who.clone().at(&test.router) } else { who.clone().at(second) };
        let who = match method {
            Method::PATCH => who.with_header("content-type", "application/merge-patch+json"),
            _ => who,
        };
        async move { who.send(method, &path, Some(body.to_string())).await }
    });
    together(sent).await
}

/// How many were carried out; the others were refused with one of these.
#[track_caller]
fn carried_out(outcomes: &[Outcome], refusals: &[(u16, &str)]) -> usize {
    let refused = |outcome: &Outcome| {
        refusals.iter().any(|(status, code)| outcome.status == *status && outcome.json()["code"] == *code)
    };
    for outcome in outcomes {
        assert!(outcome.status == 200 || refused(outcome), "{} {}", outcome.status, outcome.text);
    }
    outcomes.iter().filter(|outcome| outcome.status == 200).count()
}

fn hours(from: &str, to: &str) -> Json {
    json!({ "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z") })
}

async fn role_mission(manager: &Persona<'_>, quota: i32) -> String {
    let body = json!({
        "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T10:00:00Z",
        "roles": [{ "role_name": "son", "quota": quota }],
    });
    manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned()
}

/// Two missions of a person move to where a third one is accepted: one of the three wins.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_moves_and_acceptances_at_one_time_one_wins(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let second = test.second_instance().await;
    test.open_all_connections().await;
    for round in 0..ROUNDS {
        let user = manager.user("Nina").await;
        let (a, b, c) = (
            manager.mission("Montage", "08:00", "10:00").await,
            manager.mission("Balance", "12:00", "14:00").await,
            manager.mission("Concert", "16:00", "18:00").await,
        );
        for mission in [&a, &c] {
            let assignment = manager.assignment(mission, &user).await;
            manager.post(&format!("/assignments/{assignment}:status"), accepted()).await.ok();
        }
        let asked = manager.assignment(&b, &user).await;
        let mut requests = [
            (Method::PATCH, format!("/missions/{a}"), hours("12:00", "13:30")),
            (Method::POST, format!("/assignments/{asked}:status"), accepted()),
            (Method::PATCH, format!("/missions/{c}"), hours("13:00", "14:00")),
        ];
        requests.rotate_left(round % 3);
        let outcomes = at_once(&test, &manager, &second, requests).await;
        assert_eq!(carried_out(&outcomes, &[(400, "schedule_conflict")]), 1, "{outcomes:?}");
        for refused in outcomes.iter().filter(|outcome| outcome.status == 400) {
            assert_eq!(refused.json()["conflicts"].as_array().map(Vec::len), Some(1), "{}", refused.text);
        }
        let conflicts = manager.get(&format!("/conflicts/user/{user}")).await.ok();
        assert_eq!(conflicts["conflicts"], json!([]));
        // For the eye of the database as well: no pair without an override.
        let pairs = "SELECT count(*) AS n FROM assignments a JOIN assignments b ON a.org_id = b.org_id
            AND a.user_id = b.user_id AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
            WHERE a.status = 'ACCEPTED' AND b.status = 'ACCEPTED'";
        assert_eq!(test.count(pairs).await, 0);
    }
}

/// While an acceptance is not committed yet, a mission of the same person that would move there waits, and then names it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_move_waits_for_the_acceptance_before_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    let user = manager.user("Nina").await;
    let moving = manager.mission("Montage", "08:00", "10:00").await;
    let moved = manager.assignment(&moving, &user).await;
    manager.post(&format!("/assignments/{moved}:status"), accepted()).await.ok();
    let asked = manager.assignment(&manager.mission("Concert", "12:00", "14:00").await, &user).await;

    let tx = test.app.db.write(Origin::system()).await.unwrap();
    let locked = assignments::lock_for_no_key_update(&tx, test.org, asked.parse().unwrap()).await.unwrap();
    let accept = Change {
        status: AssignmentStatus::Accepted,
        override_reason: None,
        decline_reason: None,
        by: DecidedBy::Planner,
    };
    assignments::set_status(&tx, locked, accept).await.unwrap();
    let path = format!("/missions/{moving}");
    let (outcome, ()) =
        tokio::join!(manager.patch(&path, hours("13:00", "15:00")), commit_when_awaited(&test, tx));
    let refused = outcome.refused(400, "schedule_conflict");
    assert_eq!(refused["conflicts"][0]["assignment_id"], json!(asked));
    assert_eq!(manager.get(&path).await.ok()["start_at"], "2026-07-10T08:00:00Z");
}

/// A mission and its project are about to go while the mission is copied: the copy waits, and then finds neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_copy_waits_for_a_deletion_before_on_Postgres() {
    use sea_orm::ConnectionTrait;
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    let project = manager.project("Tournée").await;
    let mission = manager.mission("Montage", "08:00", "10:00").await;
    manager.patch(&format!("/missions/{mission}"), json!({ "project_id": project })).await.ok();

    let tx = test.app.db.write(Origin::system()).await.unwrap();
    tx.execute_unprepared("DELETE FROM missions").await.unwrap();
    tx.execute_unprepared("DELETE FROM projects").await.unwrap();
    let path = format!("/missions/{mission}:duplicate");
    let (outcome, ()) = tokio::join!(manager.post_empty(&path), commit_when_awaited(&test, tx));
    outcome.refused(404, "not_found");
}

/// Commits as soon as someone waits for a lock.
async fn commit_when_awaited(test: &Test, tx: coulisses::db::Tx) {
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while test.count(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    tx.commit().await.unwrap();
}

/// A quota is lowered while someone takes the place that would go, and others ask for it.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_that_is_lowered_meanwhile_is_kept(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let second = test.second_instance().await;
    test.open_all_connections().await;
    for _ in 0..ROUNDS {
        let mission = role_mission(&manager, 2).await;
        let mut asked = Vec::new();
        for _ in 0..3 {
            asked.push(manager.assignment(&mission, &manager.user("Nina").await).await);
        }
        let yes = |i: usize| (Method::POST, format!("/assignments/{}:status", asked[i]), accepted());
        let lower = json!({ "roles": [{ "role_name": "son", "quota": 1 }] });
        let lower = (Method::PATCH, format!("/missions/{mission}"), lower);
        let outcomes = at_once(&test, &manager, &second, [yes(0), lower, yes(1), yes(2)]).await;
        carried_out(&outcomes, &[(409, "quota_reached"), (409, "quota_below_accepted")]);
        let role = manager.get(&format!("/missions/{mission}")).await.ok()["roles"][0].clone();
        assert_eq!(role["accepted"], role["quota"], "{role}");
        assert_eq!(role["quota"], if outcomes[1].status == 200 { 1 } else { 2 });
    }
}

/// Whatever comes in while a mission is called off: afterwards nobody is on it, and no link of it is open.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_stays_on_a_mission_that_is_called_off_meanwhile(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let second = test.second_instance().await;
    test.open_all_connections().await;
    for round in 0..ROUNDS {
        let mission = manager.mission("Montage", "08:00", "10:00").await;
        let users = [manager.user("Nina").await, manager.user("Ella").await, manager.user("Billie").await];
        let asked = manager.assignment(&mission, &users[0]).await;
        let joining = |user: &String| json!({ "mission_id": mission, "user_id": user });
        let mut requests = [
            (Method::POST, format!("/missions/{mission}:cancel"), json!({})),
            (Method::POST, format!("/assignments/{asked}:status"), accepted()),
            (Method::POST, "/invitations".to_owned(), json!({ "assignment_id": asked })),
            (Method::POST, "/assignments".to_owned(), joining(&users[1])),
            (Method::POST, "/assignments:bulk_create".to_owned(), json!([joining(&users[2])])),
        ];
        requests.rotate_left(round % 5);
        let outcomes = at_once(&test, &manager, &second, requests).await;
        // Who was called off before the answer came cannot say yes; who said yes before is not asked any more.
        let refusals = [(409, "mission_cancelled"), (409, "invalid_transition"), (409, "not_invited")];
        carried_out(&outcomes, &refusals);
        let active = format!("/assignments?mission_id={mission}&status=INVITED&status=ACCEPTED");
        assert_eq!(manager.get(&active).await.ok(), json!([]));
        assert_eq!(manager.get("/invitations?status=pending").await.ok(), json!([]));
    }
}

/// The answer to a deactivation lists all that the person still has; nothing comes after it.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deactivation_tells_of_every_call_that_came_before(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let second = test.second_instance().await;
    test.open_all_connections().await;
    let missions = [
        manager.mission("Montage", "08:00", "10:00").await,
        manager.mission("Concert", "12:00", "14:00").await,
    ];
    for round in 0..ROUNDS {
        let user = manager.user("Nina").await;
        let joining = |mission: &String| json!({ "mission_id": mission, "user_id": user });
        let mut requests = [
            (Method::PATCH, format!("/users/{user}"), json!({ "active": false })),
            (Method::POST, "/assignments".to_owned(), joining(&missions[0])),
            (Method::POST, "/assignments:bulk_create".to_owned(), json!([joining(&missions[1])])),
        ];
        requests.rotate_left(round % 3);
        let outcomes = at_once(&test, &manager, &second, requests).await;
        carried_out(&outcomes, &[(409, "user_inactive")]);
        let told =
            outcomes.iter().map(Outcome::json).find(|answer| answer.get("upcoming_assignments").is_some());
        let has = manager.get(&format!("/assignments?user_id={user}")).await.ok();
        assert_eq!(told.expect("it was deactivated")["upcoming_assignments"], has);
    }
}

/// What is deleted while something is put into it: either comes first, and the other hears of it.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_put_into_what_is_deleted_meanwhile(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let second = test.second_instance().await;
    test.open_all_connections().await;
    let other = manager.mission("Montage", "08:00", "10:00").await;
    for round in 0..ROUNDS {
        let project = manager.project(&format!("Projet {round}")).await;
        let (mission, user) =
            (manager.mission("Concert", "12:00", "14:00").await, manager.user("Nina").await);
        let item =
            json!({ "title": "x", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T09:00:00Z" });
        let body = [json!({ "project_id": project })];
        let (delete, post) = (Method::DELETE, Method::POST);
        let joining = json!({ "mission_id": mission, "user_id": user });
        let mut requests = [
            (delete.clone(), format!("/projects/{project}"), json!({})),
            (post.clone(), format!("/projects/{project}/missions:bulk_create"), json!([item])),
            (Method::PATCH, format!("/missions/{other}"), body[0].clone()),
            (delete.clone(), format!("/missions/{mission}"), json!({})),
            (delete, format!("/users/{user}"), json!({})),
            (post.clone(), "/assignments".to_owned(), joining.clone()),
            (post.clone(), "/assignments:bulk_create".to_owned(), json!([joining])),
            (post, format!("/missions/{mission}:duplicate"), json!({})),
        ];
        requests.rotate_left(round % 8);
        let outcomes = at_once(&test, &manager, &second, requests).await;
        let refusals = [
            (404, "not_found"),
            (404, "unknown_reference"),
            (409, "project_not_empty"),
            (409, "mission_not_empty"),
            (409, "user_has_history"),
            (409, "already_assigned"),
        ];
        carried_out(&outcomes, &refusals);
        let twice = "SELECT count(*) AS n FROM (SELECT 1 AS one FROM assignments GROUP BY mission_id, user_id HAVING count(*) > 1) t";
        assert_eq!(test.count(twice).await, 0);
        manager.patch(&format!("/missions/{other}"), json!({ "project_id": null })).await.ok();
    }
}
