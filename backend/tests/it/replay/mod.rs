//! One long sequence of requests, drawn from a seed, gives the same answers on both databases, byte for byte: the same
//! ids, the same order, the same refusals. And whatever is asked for, the product's invariants hold in both.

pub mod script;

use crate::operations::{lists_of_an_org, operations};
use crate::support::{Kind, Outcome, Persona, Test};
use script::{EVERYONE, Request, Script, Who};
use std::collections::{BTreeMap, BTreeSet};
use tokio::join;

const REQUESTS_PER_OPERATION: usize = 40;
/// After so many requests the rows themselves are looked at.
const LOOK_EVERY: usize = 75;
const SEED: u64 = 20_260_701;

/// What must never be found in the rows: a sentence, and a query that counts it.
const NEVER: [(&str, &str); 10] = [
    (
        "two overlapping acceptances of a person, neither overridden",
        "SELECT count(*) AS n FROM assignments a JOIN assignments b ON a.org_id = b.org_id AND a.user_id = b.user_id
        AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.status = 'ACCEPTED' AND b.status = 'ACCEPTED'
        AND a.conflict_override IS NULL AND b.conflict_override IS NULL",
    ),
    (
        "an override on someone who is not accepted",
        "SELECT count(*) AS n FROM assignments WHERE conflict_override IS NOT NULL AND status <> 'ACCEPTED'",
    ),
    (
        "a quota exceeded",
        "SELECT count(*) AS n FROM mission_roles r WHERE r.quota < (SELECT count(*) FROM assignments a
        WHERE a.org_id = r.org_id AND a.mission_role_id = r.id AND a.status = 'ACCEPTED')",
    ),
    (
        "someone without a role on a mission that has exactly one",
        "SELECT count(*) AS n FROM assignments a WHERE a.mission_role_id IS NULL
        AND a.status IN ('INVITED', 'ACCEPTED') AND 1 = (SELECT count(*) FROM mission_roles r
        WHERE r.org_id = a.org_id AND r.mission_id = a.mission_id)",
    ),
    (
        "someone with the role of another mission",
        "SELECT count(*) AS n FROM assignments a JOIN mission_roles r ON r.id = a.mission_role_id
        WHERE r.org_id <> a.org_id OR r.mission_id <> a.mission_id",
    ),
    (
        "a person twice active on a mission",
        "SELECT count(*) AS n FROM (SELECT 1 FROM assignments WHERE status IN ('INVITED', 'ACCEPTED')
        GROUP BY org_id, mission_id, user_id HAVING count(*) > 1) twice",
    ),
    (
        "an assignment at another time than its mission, or an active one of a cancelled mission",
        "SELECT count(*) AS n FROM assignments a JOIN missions m ON m.org_id = a.org_id AND m.id = a.mission_id
        WHERE a.starts_at <> m.starts_at OR a.ends_at <> m.ends_at
        OR (m.cancelled_at IS NOT NULL AND a.status IN ('INVITED', 'ACCEPTED'))",
    ),
    (
        "a mission or an availability that ends before it starts",
        "SELECT (SELECT count(*) FROM missions WHERE ends_at <= starts_at)
        + (SELECT count(*) FROM availabilities WHERE ends_at <= starts_at) AS n",
    ),
    (
        "two overlapping approved availabilities of a person and kind",
        "SELECT count(*) AS n FROM availabilities a JOIN availabilities b ON a.org_id = b.org_id
        AND a.user_id = b.user_id AND a.kind = b.kind AND a.id < b.id AND a.starts_at < b.ends_at
        AND b.starts_at < a.ends_at WHERE a.status = 'APPROVED' AND b.status = 'APPROVED'",
    ),
    (
        "an org without an active owner",
        "SELECT count(*) AS n FROM orgs o WHERE NOT EXISTS (SELECT 1 FROM org_memberships m
        WHERE m.org_id = o.id AND m.role = 'owner' AND m.is_active AND m.proven_at IS NOT NULL)",
    ),
];

/// What the sequence must have met, or it proves little. When a change of the product leads it past one, another seed
/// meets it again.
const STATUSES: [u16; 12] = [200, 204, 304, 400, 401, 403, 404, 405, 409, 412, 415, 422];
const CODES: [&str; 23] = [
    "already_answered",
    "already_assigned",
    "availability_overlap",
    "duplicate",
    "forbidden",
    "idempotency_key_reused",
    "invalid_token",
    "invalid_transition",
    "malformed_json",
    "mission_cancelled",
    "mission_not_empty",
    "not_invited",
    "not_your_call",
    "org_mismatch",
    "precondition_failed",
    "project_not_empty",
    "quota_reached",
    "role_in_use",
    "schedule_conflict",
    "unknown_reference",
    "user_has_history",
    "user_inactive",
    "validation_failed",
];

/// A database and everyone signed in on it.
struct Stage<'t> {
    test: &'t Test,
    cast: Vec<Persona<'t>>,
}

impl<'t> Stage<'t> {
    async fn of(test: &'t Test) -> Self {
        let mut stage = Self { test, cast: Vec::new() };
        stage.sign_in().await;
        stage
    }

    async fn sign_in(&mut self) {
        let test = self.test;
        self.cast = vec![
            test.owner().await,
            test.admin().await,
            test.manager().await,
            test.tech().await,
            test.anonymous(),
            test.other_owner().await,
        ];
    }

    async fn send(&self, request: &Request) -> Outcome {
        let at = EVERYONE.iter().position(|who| *who == request.who).expect("someone of the cast");
        let mut persona = self.cast[at].clone();
        for (name, value) in &request.headers {
            persona = persona.with_header(name, value);
        }
        let method = request.method.parse().expect("a method");
        persona.send(method, &request.path, request.body.clone()).await
    }

    /// What is kept of a list is what is made anew for a query that nobody sent before: one with so many zeros.
    async fn assert_kept_lists_are_true(&self, after: usize) {
        for list in ["/missions", "/projects"] {
            let zeros = "0".repeat(after + 1);
            let kept = self.cast[0].get(&format!("{list}?limit=1000")).await;
            let anew = self.cast[0].get(&format!("{list}?limit={zeros}1000")).await;
            assert_eq!(anew.header("x-cache"), "MISS");
            assert!(kept.text == anew.text, "after {after} requests {list} is kept as it was before");
        }
        let plan = "/planning?from=2026-07-01T00:00:00Z&to=2026-10-01T00:00:00Z";
        let kept = self.cast[0].get(plan).await;
        let anew = self.cast[0].get(&format!("{plan}&q={}", "%20".repeat(after % 90 + 1))).await;
        let parted = kept.text.chars().zip(anew.text.chars()).take_while(|(one, other)| one == other).count();
        let around = |text: &str| text.chars().skip(parted.saturating_sub(300)).take(500).collect::<String>();
        let sides = [around(&kept.text), around(&anew.text)];
        assert!(
            kept.text == anew.text,
            "after {after} requests the plan is kept as it was before: {sides:#?}"
        );
    }

    async fn assert_invariants(&self, after: usize) {
        for (what, query) in NEVER {
            assert_eq!(self.test.count(query).await, 0, "after {after} requests: {what}");
        }
    }
}

/// All of an answer that a client can build on.
fn seen(answer: &Outcome) -> (u16, &str, [&str; 5]) {
    let headers = ["etag", "link", "allow", "idempotency-replayed", "content-type"];
    (answer.status.as_u16(), &answer.text, headers.map(|name| answer.header(name)))
}

/// Shows where two answers part; they can be long.
#[track_caller]
fn assert_alike(sqlite: &Outcome, postgres: &Outcome, what: &str) {
    let ((status, body, headers), (other_status, other_body, other_headers)) = (seen(sqlite), seen(postgres));
    let parted = body.chars().zip(other_body.chars()).take_while(|(one, other)| one == other).count();
    let around = |text: &str| text.chars().skip(parted.saturating_sub(200)).take(400).collect::<String>();
    let sides = [(status, headers, around(body)), (other_status, other_headers, around(other_body))];
    assert!(sides[0] == sides[1] && body == other_body, "SQLite, PostgreSQL: {sides:#?}\n{what}");
}

/// What came of the sequence.
#[derive(Debug, Default)]
struct Tally {
    operations: BTreeMap<String, BTreeMap<u16, usize>>,
    codes: BTreeSet<String>,
    replayed: usize,
    pages: usize,
    conflicts: usize,
}

impl Tally {
    fn add(&mut self, request: &Request, answer: &Outcome) {
        let status = answer.status.as_u16();
        // Under another method the request was another operation.
        let same = request.operation.starts_with(&request.method);
        let operation = if same { request.operation.clone() } else { format!("({})", request.method) };
        *self.operations.entry(operation).or_default().entry(status).or_default() += 1;
        if answer.header("content-type") == "application/problem+json" && request.method != "HEAD" {
            self.codes.insert(answer.json()["code"].as_str().unwrap_or_default().to_owned());
        }
        self.replayed += usize::from(answer.header("idempotency-replayed") == "true");
        self.pages += usize::from(status == 200 && request.path.contains("cursor="));
        self.conflicts +=
            usize::from(request.path.starts_with("/conflicts") && answer.text.contains("overlap_start"));
    }

    /// Every operation of the document that this is about was carried out, and everything was met.
    fn assert_honest(&self) {
        let done = |name: &String| self.operations.get(name).is_some_and(|all| all.contains_key(&200));
        let wanted = operations().into_iter().filter(|operation| !operation.is_outside_orgs());
        let missing: Vec<_> = wanted.map(|operation| operation.name()).filter(|name| !done(name)).collect();
        assert!(missing.is_empty(), "never carried out: {missing:#?}\n{self:#?}");
        let statuses: BTreeSet<u16> = self.operations.values().flat_map(BTreeMap::keys).copied().collect();
        let unmet: Vec<_> = STATUSES.iter().filter(|status| !statuses.contains(status)).collect();
        assert!(unmet.is_empty(), "never answered: {unmet:?}\n{self:#?}");
        let unmet: Vec<_> = CODES.iter().filter(|code| !self.codes.contains(**code)).collect();
        assert!(unmet.is_empty(), "never refused as: {unmet:?}\n{self:#?}");
        assert!(self.replayed >= 5 && self.pages >= 30 && self.conflicts >= 1, "{self:#?}");
        assert!(statuses.iter().all(|status| *status < 500), "{self:#?}");
    }
}

/// The sequence grows with the API: else each operation would be drawn less often with every resource that is added.
fn requests() -> usize {
    REQUESTS_PER_OPERATION * operations().len()
}

/// Moves both clocks now and then: some minutes, sometimes past what is kept for a day, once past every link. What is to be
/// mailed is mailed then.
async fn pass_time(number: usize, requests: usize, stages: &mut [Stage<'_>; 2]) {
    let seconds = match number {
        _ if number == requests / 2 => 8 * 86_400,
        _ if number % 500 == 499 => 86_400,
        _ if number % 25 == 24 => 60 + i64::try_from(number).expect("a small number"),
        _ => return,
    };
    for stage in stages {
        stage.test.pass_seconds(seconds);
        stage.test.app.worker.work_off().await.expect("mails are sent");
        if seconds >= 86_400 {
            stage.sign_in().await;
        }
    }
}

#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn both_databases_answer_alike_whatever_is_asked_on_Postgres() {
    let mails = tempfile::tempdir().expect("a folder");
    let mails = mails.path().to_str().expect("a path");
    let settings = [("ACCESS_TOKEN_MINUTES", "1440"), ("MAIL_DIR", mails)];
    let sqlite = Test::start_with(Kind::Sqlite, &settings).await;
    let postgres = Test::start_with(Kind::Postgres, &settings).await;
    assert_eq!(
        (sqlite.org, sqlite.tech_user),
        (postgres.org, postgres.tech_user),
        "the same ids from the start"
    );
    let mut stages = [Stage::of(&sqlite).await, Stage::of(&postgres).await];
    let orgs = [sqlite.other_org, sqlite.org].map(|org| org.to_string());
    let mut script = Script::new(SEED, orgs, sqlite.tech_user.to_string());
    let mut tally = Tally::default();
    let requests = requests();
    for number in 0..requests {
        let request = script.next();
        let (answer, other) = join!(stages[0].send(&request), stages[1].send(&request));
        assert_alike(&answer, &other, &format!("request {number}: {request:#?}"));
        tally.add(&request, &answer);
        script.learn(&request, &answer);
        if answer.status == 200 && request.method != "GET" {
            join!(stages[0].assert_kept_lists_are_true(number), stages[1].assert_kept_lists_are_true(number));
        }
        if number % LOOK_EVERY == LOOK_EVERY - 1 {
            for stage in &stages {
                stage.assert_invariants(number + 1).await;
            }
        }
        pass_time(number, requests, &mut stages).await;
    }
    for stage in &stages {
        stage.test.pass_seconds(60);
        stage.test.app.worker.work_off().await.expect("mails are sent");
    }
    for list in lists_of_an_org() {
        let request = Request {
            who: Who::Owner,
            method: "GET".into(),
            path: format!("{list}?limit=1000"),
            body: None,
            headers: Vec::new(),
            operation: format!("GET {list}"),
        };
        let (answer, other) = join!(stages[0].send(&request), stages[1].send(&request));
        assert_alike(&answer, &other, &format!("{list} in the end"));
        answer.ok();
    }
    tally.assert_honest();
}
