//! Rules that hold when everyone acts at the same moment.

use crate::support::{AT_MOST, Kind, Outcome, Test};
use axum::http::Method;
use coulisses::{
    db::Origin,
    resources::assignments::{self, AssignmentStatus, Change, DecidedBy, ScheduleConflict},
};
use rstest::rstest;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

/// A person asked for 40 missions that all overlap, and accepted on 40 others that do not; 200 requests at once, on two
/// instances, to be on two of the former: by link, by session, by a planner, newly put there, or by moving one of the
/// latter there.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_ways_into_overlapping_missions_one_wins(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let user = test.tech_user.to_string();
    let project = manager.project("Everything at once").await;
    let at_once = |i: i32| json!({ "title": format!("Mission {i}"), "start_at": format!("2026-08-01T10:{:02}:00Z", i % 40), "end_at": "2026-08-01T12:00:00Z" });
    let apart = |i: i32| json!({ "title": format!("Apart {i}"), "start_at": format!("2026-08-{:02}T{:02}:00:00Z", 2 + i / 20, i % 20), "end_at": format!("2026-08-{:02}T{:02}:00:00Z", 2 + i / 20, i % 20 + 1) });
    let body: Vec<Json> = (0..80).map(at_once).chain((0..40).map(apart)).collect();
    let bulk = manager.post(&format!("/projects/{project}/missions:bulk_create"), json!(body)).await.ok();
    let missions: Vec<_> = bulk["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let put_there = |mission: &str| json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" });
    for mission in &missions[80..] {
        manager.post("/assignments", put_there(mission)).await.ok();
    }

    let (by_manager, by_tech) = (Some(manager.token()), Some(tech.token()));
    let mut requests = Vec::new();
    for i in 0..40 {
        let assignment = manager.assignment(missions[i], &user).await;
        let (invitation, token) = manager.invitation(&assignment).await;
        let there =
            json!({ "start_at": format!("2026-08-01T11:{i:02}:00Z"), "end_at": "2026-08-01T12:00:00Z" });
        requests.extend([
            ("POST", None, format!("/invitations/{invitation}/accept?token={token}"), None),
            ("POST", by_tech, format!("/assignments/{assignment}/accept"), None),
            (
                "POST",
                by_manager,
                format!("/assignments/{assignment}:status"),
                Some(json!({ "status": "ACCEPTED" })),
            ),
            ("POST", by_manager, "/assignments".to_owned(), Some(put_there(missions[40 + i]))),
            ("PATCH", by_manager, format!("/missions/{}", missions[80 + i]), Some(there)),
        ]);
    }
    assert_eq!(requests.len(), 200);
    let second = test.second_instance().await;
    test.open_all_connections().await;
    let mut answers = JoinSet::new();
    for (i, (method, bearer, path, body)) in requests.into_iter().enumerate() {
        let router = if i % 2 == 0 { test.router.clone() } else { second.clone() };
        let bearer = bearer.map(str::to_owned);
        answers.spawn(async move { (path.clone(), send(router, method, bearer, &path, body).await) });
    }
    for (path, (status, body)) in answers.join_all().await {
        match status {
            // The winner; the same assignment may be accepted several ways.
            200 => {}
            400 => assert_eq!(body["conflicts"].as_array().map(Vec::len), Some(1), "{path}: {body}"),
            other => panic!("{path} answered {other}: {body}"),
        }
    }
    let there = manager.get("/assignments?status=ACCEPTED&to=2026-08-01T12:00:00Z").await.ok();
    assert_eq!(there.as_array().map(Vec::len), Some(1), "{there}");
    let invited = test.count("SELECT count(*) AS n FROM assignments WHERE status = 'INVITED'").await;
    assert!(matches!(invited, 39 | 40), "{invited}");
    let conflicts = manager.get(&format!("/conflicts/user/{user}")).await.ok();
    assert_eq!(conflicts["conflicts"], json!([]));
}

async fn post(router: axum::Router, bearer: Option<String>, path: &str, body: Option<Json>) -> (u16, Json) {
    send(router, "POST", bearer, path, body).await
}

async fn send(
    router: axum::Router,
    method: &str,
    bearer: Option<String>,
    path: &str,
    body: Option<Json>,
) -> (u16, Json) {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;
    let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    let mut request = request.header("content-type", "application/json");
    if let Some(bearer) = bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
    let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

/// 40 people race for 3 places.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_is_filled_exactly(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let body = json!({
        "title": "Montage", "start_at": "2026-08-01T10:00:00Z", "end_at": "2026-08-01T12:00:00Z",
        "roles": [{ "role_name": "plateau", "quota": 3 }],
    });
    let mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
    test.open_all_connections().await;
    let mut answers = JoinSet::new();
    for i in 0..40 {
        let user = manager.user(&format!("Person {i}")).await;
        let assignment = manager.assignment(&mission, &user).await;
        let (router, bearer) = (test.router.clone(), manager.token().to_owned());
        let path = format!("/assignments/{assignment}:status");
        answers.spawn(async move {
            post(router, Some(bearer), &path, Some(json!({ "status": "ACCEPTED" }))).await
        });
    }
    let mut accepted = 0;
    for (status, body) in answers.join_all().await {
        match status {
            200 => accepted += 1,
            _ => assert_eq!((status, body["code"].as_str()), (409, Some("quota_reached")), "{body}"),
        }
    }
    assert_eq!(accepted, 3);
    let shown = manager.get(&format!("/missions/{mission}")).await.ok();
    assert_eq!((&shown["roles"][0]["accepted"], &shown["roles"][0]["invited"]), (&json!(3), &json!(37)));
}

/// Yes, no and taking the link back, at the same moment: one of them decides, and the log tells of one.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_has_one_end(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &user).await;
    let (id, token) = manager.invitation(&assignment).await;
    let before = test.count("SELECT count(*) AS n FROM audit_log").await;
    test.open_all_connections().await;
    let mut acts = JoinSet::new();
    for i in 0..50 {
        let (router, bearer, id, token) =
            (test.router.clone(), manager.token().to_owned(), id.clone(), token.clone());
        acts.spawn(async move {
            match i % 3 {
                0 => post(router, None, &format!("/invitations/{id}/accept?token={token}"), None).await,
                1 => post(router, None, &format!("/invitations/{id}/decline?token={token}"), None).await,
                _ => send(router, "DELETE", Some(bearer), &format!("/invitations/{id}"), None).await,
            }
        });
    }
    for (status, body) in acts.join_all().await {
        assert!(
            status == 200 || body["code"] == "already_answered" || body["code"] == "invalid_token",
            "{status} {body}"
        );
    }
    let answered = "SELECT count(*) AS n FROM invitations WHERE answer IS NOT NULL AND revoked_at IS NULL";
    let revoked = "SELECT count(*) AS n FROM invitations WHERE answer IS NULL AND revoked_at IS NOT NULL";
    assert_eq!(test.count(answered).await + test.count(revoked).await, 1);
    let answered = test
        .count(
            "SELECT count(*) AS n FROM audit_log WHERE action IN ('invitation.answer', 'invitation.revoke')",
        )
        .await;
    assert_eq!(answered, 1);
    // An answer also tells of the assignment that it changed.
    let after = test.count("SELECT count(*) AS n FROM audit_log").await;
    assert!(matches!(after - before, 1 | 2), "{} entries", after - before);
}

/// A client that hangs up while its write is under way: the write is done or it is not, and the only connection serves
/// the next request.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hanging_up_leaves_no_transaction_open(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("DB_MAX_CONNECTIONS", "1")]).await;
    let manager = test.manager().await;
    for i in 0..60_u32 {
        let (router, bearer) = (test.router.clone(), manager.token().to_owned());
        let name = json!({ "name": format!("Project {i}") });
        let request = post(router, Some(bearer), "/projects", Some(name));
        // Polled a growing number of times, then dropped, as hyper does when the connection ends.
        let mut request = Box::pin(request);
        for _ in 0..i {
            if futures_poll(&mut request).await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(request);
        let listed: Outcome = manager.get("/projects?limit=1").await;
        listed.ok();
    }
    test.app.tasks.close();
    test.app.tasks.wait().await;
    let projects = test.count("SELECT count(*) AS n FROM projects").await;
    assert_eq!(
        projects,
        test.count("SELECT count(*) AS n FROM audit_log WHERE action = 'project.create'").await
    );
}

/// Polls once; true when it is ready.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_ready())
    })
    .await
}

/// While one acceptance of a person is not committed yet, the next one waits and then sees it: neither can look before
/// the other writes. (The crowd above rarely meets in that instant; this makes them meet.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn an_acceptance_waits_for_the_one_before_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let mut asked = Vec::new();
    for (from, to) in [("08:00", "12:00"), ("11:00", "13:00")] {
        let mission = manager.mission("Montage", from, to).await;
        asked.push(manager.assignment(&mission, &user).await.parse().unwrap());
    }
    let accept = || Change {
        status: AssignmentStatus::Accepted,
        override_reason: None,
        decline_reason: None,
        by: DecidedBy::Planner,
    };
    let origin = || Origin::system();
    let (org, second_call) = (test.org, asked[1]);

    let first = test.app.db.write(origin()).await.unwrap();
    let locked = assignments::lock_for_no_key_update(&first, org, asked[0]).await.unwrap();
    let (app, (change, from)) = (test.app.clone(), (accept(), origin()));
    let second = tokio::spawn(async move {
        let tx = app.db.write(from).await?;
        let locked = assignments::lock_for_no_key_update(&tx, org, second_call).await?;
        assignments::set_status(&tx, locked, change).await?;
        tx.commit().await
    });
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while !second.is_finished() && test.count(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    assignments::set_status(&first, locked, accept()).await.unwrap();
    first.commit().await.unwrap();
    let outcome = second.await.unwrap();
    let refused = outcome.expect_err("a conflict").problem("");
    assert_eq!((refused.code, refused.conflicts_total), (ScheduleConflict::CODE, Some(1)));
}

/// The value of a counter of `/metrics`; 0 before its first increment.
async fn counted(test: &Test, series: &str) -> f64 {
    let text = test.anonymous().get("/metrics").await.text;
    let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
    value.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_click_that_loses_a_race_is_carried_out_all_the_same_on_Postgres() {
    // A lock is waited for half of that.
    let test = Test::start_with(Kind::Postgres, &[("REQUEST_TIMEOUT_SECONDS", "4")]).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let (_, token) = manager.invitation(&assignment).await;
    let other = test.app.db.write(Origin::system()).await.unwrap();
    let id = assignment.parse().unwrap();
    assignments::lock_for_no_key_update(&other, test.org, id).await.unwrap();
    let form = test.anonymous().with_header("content-type", "application/x-www-form-urlencoded");
    let click = form.send(Method::POST, "/invite", Some(format!("token={token}&answer=accept")));
    let series = "app_transaction_reruns_total{operation=\"POST /invite\"}";
    let release = async {
        let begin = std::time::Instant::now();
        while counted(&test, series).await == 0.0 {
            assert!(begin.elapsed() < AT_MOST, "the click is not run again");
            tokio::task::yield_now().await;
        }
        drop(other);
    };
    let (page, ()) = tokio::join!(click, release);
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(manager.status_of(&assignment).await, "ACCEPTED");
}
