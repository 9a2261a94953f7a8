//! Machines whose clocks disagree, over one PostgreSQL, whose clock counts. These instances have real clocks, so the times
//! here are far from those of other tests, and windows are passed by moving what is stored.

#![allow(non_snake_case, reason = "tests that need a server are left out by its name")]

use super::{Session, TECH, browser};
use crate::support::{Kind, Outcome, PASSWORD, Persona, Test, together};
use axum::Router;
use coulisses::{app, clock::Clock, state::App};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// One on a machine whose clock is right and one on a machine whose clock is not, or the other way round.
struct Instances {
    apps: [App; 2],
    here: Router,
    there: Router,
}

impl Instances {
    async fn start(test: &Test, seconds: i64) -> Self {
        let apps =
            [test.instance_at(Clock::system()).await, test.instance_at(Clock::wrong_by(seconds)).await];
        let [here, there] = apps.clone().map(app::service);
        Self { apps, here, there }
    }

    fn both(&self) -> [&Router; 2] {
        [&self.here, &self.there]
    }
}

async fn sign_in(test: &Test, at: &Router, email: &str) -> Session {
    let login = json!({ "email": email, "password": PASSWORD });
    Session::of(&test.anonymous().at(at).post("/auth/login", login).await)
}

async fn refresh(test: &Test, at: &Router, token: &str) -> Outcome {
    browser(test, token).at(at).post_empty("/auth/refresh").await
}

fn holder<'t>(test: &'t Test, session: &Session, at: &Router) -> Persona<'t> {
    test.anonymous().with_token(&session.access).at(at)
}

#[rstest]
#[tokio::test]
async fn a_session_outlives_machines_that_disagree(
    #[values(Kind::Postgres)] db: Kind,
    #[values(45, -45, 600, -600, 2400, -2400)] seconds: i64,
) {
    let test = Test::start(db).await;
    let instances = Instances::start(&test, seconds).await;
    let [right, wrong] = instances.apps.each_ref().map(|app| app.db.clock().now());
    let apart = wrong.as_micros().abs_diff(right.as_micros());
    assert!(apart < 5_000_000, "{apart} microseconds");

    let (mut here, mut there) = (&instances.here, &instances.there);
    let mut session = sign_in(&test, here, TECH).await;
    for _ in 0..4 {
        // The answer is lost, and the browser asks the other one.
        let lost = Session::of(&refresh(&test, here, &session.refresh).await);
        let again = Session::of(&refresh(&test, there, &session.refresh).await);
        assert_eq!(again.refresh, lost.refresh);
        for (session, at) in [(&lost, there), (&again, here)] {
            holder(&test, session, at).get("/auth/me").await.ok();
        }
        session = again;
        (here, there) = (there, here);
    }
    assert_eq!(test.audit("session.reuse").await.len(), 0);

    // Nor does a difference of clocks make the thirty seconds longer.
    let before = session.refresh.clone();
    refresh(&test, here, &before).await.ok();
    test.execute("UPDATE sessions SET rotated_at = rotated_at - 31000000").await;
    refresh(&test, there, &before).await.refused(401, "unauthenticated");
    assert_eq!(test.audit("session.reuse").await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_tabs_stay_signed_in_over_machines_that_disagree(
    #[values(Kind::Postgres)] db: Kind,
    #[values(45, -45, 600, -600)] seconds: i64,
) {
    let test = Test::start(db).await;
    let instances = Instances::start(&test, seconds).await;
    let mut token = sign_in(&test, &instances.there, TECH).await.refresh;
    for round in 0..3 {
        let tabs = together((0..20).map(|tab| refresh(&test, instances.both()[tab % 2], &token))).await;
        let successors: BTreeSet<_> = tabs.iter().map(|tab| Session::of(tab).refresh).collect();
        assert_eq!(successors.len(), 1, "round {round}: they share one successor");
        token = successors.into_iter().next().expect("a successor");
    }
    assert_eq!(test.audit("session.reuse").await.len(), 0);
}

#[rstest]
#[tokio::test]
async fn a_reset_link_lives_as_long_on_machines_that_disagree(
    #[values(Kind::Postgres)] db: Kind,
    #[values(45, -45, 600, -600, 2400, -2400)] seconds: i64,
) {
    let test = Test::start(db).await;
    let instances = Instances::start(&test, seconds).await;
    for (asked, used) in [(&instances.here, &instances.there), (&instances.there, &instances.here)] {
        let ask = json!({ "email": TECH });
        let asked = test.anonymous().at(asked).post("/auth/reset/request", ask).await.ok();
        let set = |seconds: i64| {
            let move_it = format!("UPDATE password_tokens SET expires_at = expires_at - {seconds}000000");
            let (used, new) = (
                test.anonymous().at(used),
                json!({ "token": asked["reset_token"], "new_password": PASSWORD }),
            );
            let test = &test;
            async move {
                test.execute(&move_it).await;
                used.post("/auth/reset/confirm", new).await
            }
        };
        set(31 * 60).await.refused(400, "invalid_token");
        // A minute before its end it is good.
        set(-2 * 60).await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn an_invitation_lives_as_long_on_machines_that_disagree(
    #[values(Kind::Postgres)] db: Kind,
    #[values(600, -600)] seconds: i64,
) {
    let test = Test::start_with(db, &[("INVITES_TTL_SECONDS", "300")]).await;
    let instances = Instances::start(&test, seconds).await;
    for (asked, used) in [(&instances.here, &instances.there), (&instances.there, &instances.here)] {
        let session = sign_in(&test, asked, "manager@rideau.example").await;
        let manager = holder(&test, &session, asked);
        let mission = json!({
            "title": "Bicentenaire", "start_at": "2150-07-10T08:00:00Z", "end_at": "2150-07-10T12:00:00Z",
        });
        let mission = manager.post("/missions", mission).await.ok();
        let user = manager.user("Nina Simone").await;
        let assignment = manager.assignment(mission["id"].as_str().expect("an id"), &user).await;
        let (invitation, token) = manager.invitation(&assignment).await;
        let accept = format!("/invitations/{invitation}/accept");
        test.anonymous().at(used).post(&accept, json!({ "token": token })).await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn an_answer_is_kept_as_long_on_machines_that_disagree(
    #[values(Kind::Postgres)] db: Kind,
    #[values(172_800, -172_800)] seconds: i64,
) {
    let test = Test::start(db).await;
    let instances = Instances::start(&test, seconds).await;
    for (n, (first, second)) in
        [(&instances.here, &instances.there), (&instances.there, &instances.here)].into_iter().enumerate()
    {
        let session = sign_in(&test, first, "manager@rideau.example").await;
        let keyed = |at| holder(&test, &session, at).with_header("idempotency-key", "once");
        let name = json!({ "name": format!("Tournée {n}") });
        let created = keyed(first).post("/projects", name.clone()).await;
        let again = keyed(second).post("/projects", name).await;
        assert_eq!((created.ok(), again.header("idempotency-replayed")), (again.ok(), "true"));
        test.execute("DELETE FROM idempotency_keys").await;
    }
}

/// Five links, then one in ten minutes: an instance that is twenty minutes ahead does not let one more through.
#[rstest]
#[tokio::test]
async fn guesses_are_counted_together_over_Redis_on_machines_that_disagree(
    #[values(Kind::Postgres)] db: Kind,
    #[values(1200, -1200)] seconds: i64,
) {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`");
    // A database of its own: what is counted here stays for an hour.
    let test = Test::start_with(db, &[("REDIS_URL", &format!("{}/1", url.trim_end_matches('/')))]).await;
    let instances = Instances::start(&test, seconds).await;
    let ways = [(&instances.here, &instances.there), (&instances.there, &instances.here)];
    for (n, (first, second)) in ways.into_iter().enumerate() {
        let email = format!("{}.{n}@rideau.example", if seconds > 0 { "ahead" } else { "behind" });
        test.owner().await.post("/orgs/members", json!({ "email": email, "role": "tech" })).await.ok();
        let ask = async |at: &Router| -> Json {
            let asked = test.anonymous().at(at).post("/auth/reset/request", json!({ "email": email })).await;
            asked.ok()["reset_token"].clone()
        };
        for _ in 0..5 {
            assert!(ask(first).await.is_string());
        }
        assert_eq!(ask(second).await, Json::Null, "nothing is gained by going elsewhere");
    }
}
