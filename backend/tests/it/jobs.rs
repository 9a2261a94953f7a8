//! What is done later is done: once, by whoever is there, after whatever failed.

use crate::support::{Kind, Test};
use coulisses::{
    app::Later,
    db::{Origin, Tx},
    error::{Error, FailureKind},
    events::{Recorded, Subscriber, Subscribers},
    jobs::{self, Failed, Handler, Handlers, Job, NewJob, Timing},
    resources::projects::ProjectEvent,
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Nothing waits so long in these tests but what was given up.
const DAY: Duration = Duration::from_secs(86_400 * 30);

/// Greets a project by its note.
#[derive(Debug, Serialize, Deserialize)]
struct Greeting {
    project: uuid::Uuid,
}

impl Job for Greeting {
    const KIND: &'static str = "test.greeting";
}

/// Whoever creates a project has it greeted.
struct OnNewProjects;

impl Subscriber for OnNewProjects {
    fn jobs(&self, event: &Recorded) -> Result<Vec<NewJob>, Error> {
        match event.object_id {
            Some(project) if event.action == ProjectEvent::CREATED => {
                Ok(vec![NewJob::of(&Greeting { project })?])
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// What the handlers of a test share with it.
#[derive(Clone, Default)]
struct Watch {
    performed: Arc<AtomicUsize>,
    panics: Arc<AtomicBool>,
    /// So many more ends lose a race in the database.
    contended: Arc<AtomicUsize>,
    /// So many more attempts fail.
    failures: Arc<AtomicUsize>,
    timing: Timing,
    /// An attempt takes one before it goes on, where the test has it wait.
    go: Option<Arc<Semaphore>>,
}

struct Greeter(Watch);

impl Handler for Greeter {
    type Job = Greeting;
    type Performed = ();

    async fn perform(&self, _: &Greeting) -> Result<(), Failed> {
        self.0.performed.fetch_add(1, Ordering::SeqCst);
        if let Some(go) = &self.0.go {
            go.acquire().await.expect("it stays open").forget();
        }
        assert!(!self.0.panics.load(Ordering::SeqCst), "it was told to");
        let fails =
            self.0.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() { Err(Error::internal(std::fmt::Error).into()) } else { Ok(()) }
    }

    async fn finish(&self, tx: &Tx, greeting: &Greeting, (): &()) -> Result<(), Failed> {
        let less = |left: usize| left.checked_sub(1);
        if self.0.contended.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Err(Error::failed(FailureKind::Contended, std::fmt::Error).into());
        }
        let hex = greeting.project.simple();
        let id = match tx.get_database_backend() {
            sea_orm::DbBackend::Sqlite => format!("x'{hex}'"),
            _ => format!("'{}'", greeting.project),
        };
        let greet = format!("UPDATE projects SET note = coalesce(note, '') || 'Salut ! ' WHERE id = {id}");
        tx.execute_unprepared(&greet).await.map_err(Error::from)?;
        Ok(())
    }
}

fn later(watch: &Watch) -> Later {
    Later {
        subscribers: Subscribers::default().with(OnNewProjects),
        handlers: Handlers::default().with(Greeter(watch.clone())),
        timing: watch.timing,
        ..Later::default()
    }
}

/// Seconds after which a claimed job may be claimed again.
const LEASE: i64 = 300;

async fn start(db: Kind, watch: &Watch) -> Test {
    Test::start_later(db, &[], later(watch)).await
}

async fn note(test: &Test, project: &str) -> serde_json::Value {
    test.manager().await.get(&format!("/projects/{project}")).await.ok()["note"].clone()
}

#[rstest]
#[tokio::test]
async fn a_job_is_done_if_its_cause_is_committed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let watch = Watch::default();
    let test = start(db, &watch).await;
    let project = test.manager().await.project("Création").await;
    assert_eq!((note(&test, &project).await, jobs::left(&test.app.db).await.unwrap()), (json!(null), 1));
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1);
    assert_eq!(note(&test, &project).await, json!("Salut ! "));
    assert_eq!(test.app.worker.work_off().await.unwrap(), 0);
    // What is refused, or rolled back, leaves none.
    test.manager().await.post("/projects", json!({ "name": "CRÉATION" })).await.refused(409, "duplicate");
    let tx = test.app.db.write(Origin::system()).await.unwrap();
    tx.enqueue(test.org, [NewJob::of(&Greeting { project: project.parse().unwrap() }).unwrap()])
        .await
        .unwrap();
    drop(tx);
    assert_eq!(jobs::left(&test.app.db).await.unwrap(), 0);
}

#[rstest]
#[tokio::test]
async fn what_fails_is_tried_again_ever_later_then_given_up_and_told(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let watch = Watch::default();
    let test = start(db, &watch).await;
    let project = test.manager().await.project("Création").await;
    watch.failures.store(9, Ordering::SeqCst);
    let worker = &test.app.worker;
    for delay in [10, 40, 160, 640, 2560, 10_240, 21_600, 21_600] {
        assert_eq!(worker.work_off().await.unwrap(), 1);
        test.pass_seconds(delay - 1);
        assert_eq!(worker.work_off().await.unwrap(), 0, "it waits for {delay} s");
        test.pass_seconds(1);
    }
    assert!(jobs::stuck(&test.app.db, DAY, 10).await.unwrap().is_empty());
    assert_eq!(worker.work_off().await.unwrap(), 1);
    test.pass_seconds(1_000_000);
    assert_eq!(worker.work_off().await.unwrap(), 0, "it was given up");
    let given_up = jobs::stuck(&test.app.db, DAY, 10).await.unwrap();
    assert_eq!(
        (&*given_up[0].kind, given_up[0].attempts, given_up[0].org),
        (Greeting::KIND, 9, Some(test.org))
    );
    assert!(given_up[0].error.as_deref().is_some_and(|error| !error.is_empty()));
    let metrics = metrics(&test).await;
    assert!(metrics.contains("app_jobs_total{kind=\"test.greeting\",outcome=\"failed\"} 8"), "{metrics}");
    assert!(metrics.contains("app_jobs_total{kind=\"test.greeting\",outcome=\"given_up\"} 1"), "{metrics}");
    // The operator has it tried again.
    assert_eq!(jobs::retry(&test.app.db, Some(given_up[0].id)).await.unwrap(), 1);
    assert_eq!(worker.work_off().await.unwrap(), 1);
    assert_eq!(
        (note(&test, &project).await, watch.performed.load(Ordering::SeqCst)),
        (json!("Salut ! "), 10)
    );
}

#[rstest]
#[tokio::test]
async fn what_a_dead_instance_claimed_is_done_by_another(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let watch = Watch { go: Some(Arc::new(Semaphore::new(0))), ..Watch::default() };
    let test = start(db, &watch).await;
    let project = test.manager().await.project("Création").await;
    let worker = test.app.worker.clone();
    let dies = tokio::spawn(async move { worker.work_off().await });
    until(|| watch.performed.load(Ordering::SeqCst) == 1).await;
    dies.abort();
    assert!(dies.await.unwrap_err().is_cancelled());
    watch.go.as_ref().unwrap().add_permits(9);
    let worker = &test.app.worker;
    test.pass_seconds(LEASE - 1);
    assert_eq!(worker.work_off().await.unwrap(), 0, "its lease has not ended");
    test.pass_seconds(1);
    assert_eq!(worker.work_off().await.unwrap(), 1);
    assert_eq!(note(&test, &project).await, json!("Salut ! "));
}

#[rstest]
#[tokio::test]
async fn who_outlives_their_lease_writes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let go = Arc::new(Semaphore::new(0));
    let watch = Watch { go: Some(Arc::clone(&go)), ..Watch::default() };
    let test = start(db, &watch).await;
    let project = test.manager().await.project("Création").await;
    let attempt = || {
        let worker = test.app.worker.clone();
        tokio::spawn(async move { worker.work_off().await })
    };
    let slow = attempt();
    until(|| watch.performed.load(Ordering::SeqCst) == 1).await;
    test.pass_seconds(LEASE);
    let other = attempt();
    until(|| watch.performed.load(Ordering::SeqCst) == 2).await;
    // Who waits first goes first: the slow one ends while the job is still the other's.
    go.add_permits(1);
    assert_eq!(slow.await.unwrap().unwrap(), 1);
    go.add_permits(1);
    assert_eq!(other.await.unwrap().unwrap(), 1);
    assert_eq!(note(&test, &project).await, json!("Salut ! "), "once, though two attempted it");
    let metrics = metrics(&test).await;
    for outcome in ["done", "lost"] {
        assert!(metrics.contains(&format!("kind=\"test.greeting\",outcome=\"{outcome}\"}} 1")), "{metrics}");
    }
}

#[rstest]
#[tokio::test]
async fn two_workers_share_the_jobs_and_do_each_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let watch = Watch::default();
    let test = start(db, &watch).await;
    let mut projects = Vec::new();
    for number in 0..30 {
        projects.push(test.manager().await.project(&format!("Création {number}")).await);
    }
    let (one, other) = (test.app.worker.clone(), test.app.worker.clone());
    let (one, other) = tokio::join!(one.work_off(), other.work_off());
    assert_eq!(one.unwrap() + other.unwrap(), 30);
    assert_eq!(watch.performed.load(Ordering::SeqCst), 30);
    for project in projects {
        assert_eq!(note(&test, &project).await, json!("Salut ! "));
    }
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_read_is_given_up_and_what_is_unknown_waits(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let watch = Watch::default();
    let test = start(db, &watch).await;
    test.manager().await.project("Création").await;
    test.manager().await.project("Reprise").await;
    test.execute("UPDATE jobs SET payload = '{\"projet\":1}'").await;
    let last = "id = (SELECT id FROM jobs ORDER BY id DESC LIMIT 1)";
    test.execute(&format!("UPDATE jobs SET kind = 'test.of_a_newer_release' WHERE {last}")).await;
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1);
    let given_up = jobs::stuck(&test.app.db, DAY, 10).await.unwrap();
    assert_eq!((given_up.len(), given_up[0].attempts), (1, 1));
    assert_eq!((watch.performed.load(Ordering::SeqCst), jobs::left(&test.app.db).await.unwrap()), (0, 2));
    test.execute("DELETE FROM jobs").await;
}

#[rstest]
#[tokio::test]
async fn a_worker_that_stops_ends_what_it_began(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let go = Arc::new(Semaphore::new(0));
    // Only a commit wakes it.
    let timing = Timing { look_every: DAY, ..Timing::default() };
    let watch = Watch { go: Some(Arc::clone(&go)), timing, ..Watch::default() };
    let test = start(db, &watch).await;
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    let running = tokio::spawn(test.app.worker.clone().run(stopped, std::future::pending()));
    let project = test.manager().await.project("Création").await;
    until(|| watch.performed.load(Ordering::SeqCst) == 1).await;
    stop.cancel();
    let second = test.manager().await.project("Reprise").await;
    assert!(!running.is_finished());
    go.add_permits(9);
    running.await.unwrap();
    assert_eq!(note(&test, &project).await, json!("Salut ! "), "it was under way");
    assert_eq!(note(&test, &second).await, json!(null), "it is for the next one");
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1);
}

#[rstest]
#[tokio::test]
async fn a_stop_does_not_wait_for_a_job_beyond_its_deadline(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let go = Arc::new(Semaphore::new(0));
    let watch = Watch { go: Some(Arc::clone(&go)), ..Watch::default() };
    let test = start(db, &watch).await;
    let project = test.manager().await.project("Création").await;
    let stop = CancellationToken::new();
    let ended = stop.clone().cancelled_owned();
    let running = tokio::spawn(test.app.worker.clone().run(stop.clone().cancelled_owned(), ended));
    until(|| watch.performed.load(Ordering::SeqCst) == 1).await;
    stop.cancel();
    running.await.unwrap();
    go.add_permits(9);
    test.pass_seconds(LEASE);
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1);
    assert_eq!(note(&test, &project).await, json!("Salut ! "));
}

#[rstest]
#[tokio::test]
async fn what_panics_or_takes_too_long_has_failed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let go = Arc::new(Semaphore::new(0));
    let timing = Timing { limit: Duration::from_millis(5), ..Timing::default() };
    let watch = Watch { go: Some(Arc::clone(&go)), timing, ..Watch::default() };
    let test = start(db, &watch).await;
    let project = test.manager().await.project("Création").await;
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1, "it waits and is cancelled");
    go.add_permits(9);
    watch.panics.store(true, Ordering::SeqCst);
    test.pass_seconds(10);
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1, "it panics");
    let shown = metrics(&test).await;
    assert!(shown.contains("app_jobs_total{kind=\"test.greeting\",outcome=\"failed\"} 2"), "{shown}");
    watch.panics.store(false, Ordering::SeqCst);
    test.execute("DELETE FROM jobs").await;
    assert_eq!(note(&test, &project).await, json!(null));
}

#[rstest]
#[tokio::test]
async fn a_job_can_be_for_later(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = start(db, &Watch::default()).await;
    let project = test.manager().await.project("Création").await;
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1);
    let greeting = NewJob::of(&Greeting { project: project.parse().unwrap() }).unwrap();
    let tx = test.app.db.write(Origin::system()).await.unwrap();
    tx.enqueue(test.org, [greeting.after(Duration::from_millis(2500))]).await.unwrap();
    tx.commit().await.unwrap();
    test.pass_seconds(2);
    assert_eq!(test.app.worker.work_off().await.unwrap(), 0);
    test.pass_seconds(1);
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1);
    assert_eq!(note(&test, &project).await, json!("Salut ! Salut ! "));
}

/// A deadlock, a full pool or a lost answer to COMMIT must not send an e-mail twice.
#[rstest]
#[tokio::test]
async fn only_the_end_of_a_job_is_run_again_when_the_database_fails(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let watch = Watch::default();
    let test = start(db, &watch).await;
    let project = test.manager().await.project("Création").await;
    watch.contended.store(2, Ordering::SeqCst);
    assert_eq!(test.app.worker.work_off().await.unwrap(), 1);
    assert_eq!((note(&test, &project).await, watch.performed.load(Ordering::SeqCst)), (json!("Salut ! "), 1));
}

async fn metrics(test: &Test) -> String {
    test.anonymous().get("/metrics").await.text
}

/// Lets the others run until it is so.
async fn until(so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !so() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("it comes to be so");
}
