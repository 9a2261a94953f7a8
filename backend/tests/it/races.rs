//! Rules that hold when everyone acts at the same moment.

use crate::support::{Kind, Outcome, Test};
use coulisses::{
    db::{Actor, Origin},
    error::Error,
    resources::assignments::{self, AssignmentStatus, Change},
};
use rstest::rstest;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

/// 50 missions that all overlap, one person asked for each, 200 acceptances at once by every way there is, on two
/// instances.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_acceptances_of_overlapping_missions_one_wins(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let tech = test.tech().await;
    let user = test.tech_user.to_string();
    let project = manager.project("Everything at once").await;
    let body: Vec<Json> = (0..50)
        .map(|i| json!({ "title": format!("Mission {i}"), "start_at": format!("2026-08-01T10:{i:02}:00Z"), "end_at": "2026-08-01T12:00:00Z" }))
        .collect();
    let bulk = manager.post(&format!("/projects/{project}/missions:bulk_create"), json!(body)).await.ok();
    let mut asked = Vec::new();
    for mission in bulk["ids"].as_array().unwrap() {
        let mission = mission.as_str().unwrap().to_owned();
        let assignment = manager.assignment(&mission, &user).await;
        let (invitation, token) = manager.invitation(&assignment).await;
        asked.push((mission, assignment, invitation, token));
    }

    let second = test.second_instance().await;
    test.open_all_connections().await;
    let (manager_token, tech_token) = (manager.token().to_owned(), tech.token().to_owned());
    let mut answers = JoinSet::new();
    for (i, (mission, assignment, invitation, token)) in asked.iter().enumerate() {
        let ways = [
            (None, format!("/invitations/{invitation}/accept?token={token}"), None),
            (Some(&tech_token), format!("/assignments/{assignment}/accept"), None),
            (
                Some(&manager_token),
                format!("/assignments/{assignment}:status"),
                Some(json!({ "status": "ACCEPTED" })),
            ),
            // Directly, on a copy of the mission: on the original the person is asked already.
            (
                Some(&manager_token),
                "/assignments".to_owned(),
                Some(json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" })),
            ),
        ];
        for (way, (bearer, path, body)) in ways.into_iter().enumerate() {
            let router = if (i + way) % 2 == 0 { test.router.clone() } else { second.clone() };
            let bearer = bearer.cloned();
            answers.spawn(async move { (path.clone(), post(router, bearer, &path, body).await) });
        }
    }
    let answers = answers.join_all().await;
    assert_eq!(answers.len(), 200);
    let mut winners = std::collections::BTreeSet::new();
    for (path, (status, body)) in &answers {
        match status {
            200 => {
                // The same assignment may be accepted several ways; that is one acceptance, repeated.
                let accepted = manager.get("/assignments?status=ACCEPTED").await.ok();
                winners.insert(accepted[0]["id"].as_str().unwrap().to_owned());
            }
            400 => assert_eq!(body["conflicts"].as_array().map(Vec::len), Some(1), "{path}: {body}"),
            409 => assert_eq!(body["code"], "already_assigned", "{path}: {body}"),
            other => panic!("{path} answered {other}: {body}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(test.count("SELECT count(*) AS n FROM assignments WHERE status = 'ACCEPTED'").await, 1);
    assert_eq!(test.count("SELECT count(*) AS n FROM assignments WHERE status = 'INVITED'").await, 49);
    let conflicts = manager.get(&format!("/conflicts/user/{user}")).await.ok();
    assert_eq!(conflicts["conflicts"], json!([]));
}

async fn post(router: axum::Router, bearer: Option<String>, path: &str, body: Option<Json>) -> (u16, Json) {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;
    let mut request = Request::post(format!("/api/v1{path}")).header("content-type", "application/json");
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
                _ => delete(router, &bearer, &format!("/invitations/{id}")).await,
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

async fn delete(router: axum::Router, bearer: &str, path: &str) -> (u16, Json) {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;
    let request =
        Request::delete(format!("/api/v1{path}")).header("authorization", format!("Bearer {bearer}"));
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
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
    let accept =
        || Change { status: AssignmentStatus::Accepted, override_reason: None, decline_reason: None };
    let origin = || Origin { actor: Actor::System, request_id: None };
    let (org, second_call) = (test.org, asked[1]);

    let first = test.app.db.write(origin()).await.unwrap();
    let held = assignments::hold(&first, org, asked[0]).await.unwrap();
    let (app, (change, from)) = (test.app.clone(), (accept(), origin()));
    let second = tokio::spawn(async move {
        let tx = app.db.write(from).await?;
        let held = assignments::hold(&tx, org, second_call).await?;
        assignments::set_status(&tx, held, change).await?;
        tx.commit().await
    });
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while !second.is_finished() && test.count(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    assignments::set_status(&first, held, accept()).await.unwrap();
    first.commit().await.unwrap();
    let outcome = second.await.unwrap();
    assert!(matches!(&outcome, Err(Error::ScheduleConflict(clashes)) if clashes.len() == 1), "{outcome:?}");
}
