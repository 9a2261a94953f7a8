//! Planners who ask people, and readers: at a steady rate, so that one phase compares with another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use ureq::Agent;

use crate::drill::latency;

const WRITERS: usize = 2;
/// People of one mission, so that none becomes slower than another.
const ON_A_MISSION: usize = 50;
/// Of so many, one is asked in a request that is refused.
const REFUSED_EVERY: usize = 8;
/// Between two reads.
const PAUSE: Duration = Duration::from_millis(18);
/// Where those who are asked have their addresses; the season has mails of its own.
pub(super) const DOMAIN: &str = "@drill.example";
/// What an answer may take.
const LIMIT: Option<Duration> = Some(Duration::from_secs(20));

/// Who was asked, by address.
#[derive(Default)]
pub(super) struct Book {
    /// The token of the acknowledged invitation.
    pub(super) asked: BTreeMap<String, String>,
    /// Nobody was told whether they were asked.
    pub(super) unknown: BTreeSet<String>,
    /// The request was refused as a whole.
    pub(super) refused: BTreeSet<String>,
}

/// Latencies since the last look.
#[derive(Default)]
pub(super) struct Samples {
    pub(super) reads: Vec<Duration>,
    pub(super) writes: Vec<Duration>,
    pub(super) failures: Vec<String>,
}

#[derive(Default)]
struct Shared {
    book: Mutex<Book>,
    samples: Mutex<Samples>,
    people: AtomicUsize,
    over: AtomicBool,
}

pub(super) struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Result<()>>>,
    planner: Planner,
}

/// A signed-in planner, who asks the instances in turn.
#[derive(Clone)]
struct Planner {
    shared: Arc<Shared>,
    urls: Vec<String>,
    authorization: String,
    agent: Agent,
    turn: usize,
}

/// Why there is no answer to use.
enum Failure {
    /// Nobody knows what came of it.
    Lost(String),
    Answered(u16, String),
}

impl Load {
    /// So many people a second are asked from now on.
    pub(super) fn begin(urls: Vec<String>, rate: u32) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let authorization = latency::planner(&urls[0])?;
        let planner = Planner { shared: shared.clone(), urls, authorization, agent: agent(), turn: 0 };
        let every = Duration::from_secs(1) * u32::try_from(WRITERS)? / rate;
        let mut threads = Vec::new();
        for turn in 0..WRITERS {
            let mut writer = Planner { agent: agent(), turn, ..planner.clone() };
            threads.push(thread::spawn(move || writer.write(every)));
        }
        let mut reader = Planner { agent: agent(), ..planner.clone() };
        threads.push(thread::spawn(move || reader.read()));
        Ok(Self { shared, threads, planner })
    }

    /// What was measured since the last call.
    pub(super) fn take(&self) -> Samples {
        std::mem::take(&mut lock(&self.shared.samples))
    }

    /// Asks so many at once, besides.
    pub(super) fn ask_many(&mut self, number: usize) -> Result<()> {
        let planner = &mut self.planner;
        let mut left = number;
        while left > 0 {
            let some = left.min(ON_A_MISSION);
            left -= some;
            planner.ask_together(some).map_err(|failure| anyhow!("{failure}"))?;
        }
        Ok(())
    }

    pub(super) fn end(self) -> Result<Book> {
        self.shared.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        Ok(std::mem::take(&mut lock(&self.shared.book)))
    }
}

impl Planner {
    fn write(&mut self, every: Duration) -> Result<()> {
        let (begin, mut mission) = (Instant::now(), String::new());
        for number in 0_u32.. {
            sleep((every * number).saturating_sub(begin.elapsed()));
            if self.shared.over.load(Ordering::Relaxed) {
                break;
            }
            let place = usize::try_from(number)?;
            if place.is_multiple_of(ON_A_MISSION) || mission.is_empty() {
                mission = self.mission().unwrap_or_default();
            }
            let asked = match place % REFUSED_EVERY {
                1 => self.ask_in_vain(&mission),
                _ => self.ask(&mission),
            };
            if let Err(failure) = asked {
                lock(&self.shared.samples).failures.push(failure.to_string());
            }
        }
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        const PATHS: [&str; 3] = ["/missions?limit=5", "/users?limit=5", "/invitations?limit=5"];
        for path in PATHS.iter().cycle() {
            if self.shared.over.load(Ordering::Relaxed) {
                break;
            }
            self.turn += 1;
            let url = format!("{}/api/v1{path}", self.url());
            let begin = Instant::now();
            let answer = self.agent.get(url).header("Authorization", &self.authorization).call();
            let outcome = self.outcome(answer, begin, false);
            if let Err(failure) = outcome {
                lock(&self.shared.samples).failures.push(failure.to_string());
            }
            sleep(PAUSE);
        }
        Ok(())
    }

    fn mission(&mut self) -> Result<String, Failure> {
        let number = self.shared.people.fetch_add(1, Ordering::Relaxed);
        let mission = json!({
            "title": format!("Drill {number}"), "roles": [{ "role_name": "son" }],
            "start_at": "2037-06-01T12:00:00Z", "end_at": "2037-06-01T16:00:00Z",
        });
        id(&self.post("missions", &mission)?)
    }

    /// A new person and their address.
    fn person(&mut self) -> Result<(String, String), Failure> {
        let number = self.shared.people.fetch_add(1, Ordering::Relaxed);
        let address = format!("p{number}{DOMAIN}");
        let person = json!({ "name": format!("Drill {number}"), "email": address });
        Ok((id(&self.post("users", &person)?)?, address))
    }

    fn ask(&mut self, mission: &str) -> Result<(), Failure> {
        let (user, address) = self.person()?;
        let assignment = self.post("assignments", &json!({ "mission_id": mission, "user_id": user }))?;
        let invited = self.post("invitations", &json!({ "assignment_id": id(&assignment)? }));
        self.note(vec![address], invited.map(|invited| vec![invited]))
    }

    fn ask_together(&mut self, number: usize) -> Result<(), Failure> {
        let mission = self.mission()?;
        let (mut items, mut addresses) = (Vec::new(), Vec::new());
        for _ in 0..number {
            let (user, address) = self.person()?;
            items.push(json!({ "mission_id": mission, "user_id": user }));
            addresses.push(address);
        }
        let made = self.post("assignments:bulk_create", &json!(items))?;
        let ids = made["ids"].as_array().into_iter().flatten();
        let items: Vec<_> = ids.map(|id| json!({ "assignment_id": id })).collect();
        let invited = self.post("invitations:bulk_create", &json!(items));
        self.note(addresses, invited.map(|invited| invited.as_array().cloned().unwrap_or_default()))
    }

    /// The second item of the request does not exist, so that the first is rolled back.
    fn ask_in_vain(&mut self, mission: &str) -> Result<(), Failure> {
        let (user, address) = self.person()?;
        let assignment = self.post("assignments", &json!({ "mission_id": mission, "user_id": user }))?;
        let items = json!([{ "assignment_id": id(&assignment)? }, { "assignment_id": user }]);
        match self.post("invitations:bulk_create", &items) {
            Err(Failure::Answered(404, _)) => {
                lock(&self.shared.book).refused.insert(address);
                Ok(())
            }
            Err(failure) => Err(failure),
            Ok(answer) => Err(Failure::Answered(200, answer.to_string())),
        }
    }

    fn note(&self, addresses: Vec<String>, invited: Result<Vec<Value>, Failure>) -> Result<(), Failure> {
        let mut book = lock(&self.shared.book);
        match invited {
            Ok(invited) => {
                for (address, invited) in addresses.into_iter().zip(&invited) {
                    book.asked.insert(address, text(invited, "token")?);
                }
                Ok(())
            }
            Err(failure) => {
                book.unknown.extend(addresses);
                Err(failure)
            }
        }
    }

    fn post(&mut self, what: &str, body: &Value) -> Result<Value, Failure> {
        self.turn += 1;
        let request = self.agent.post(format!("{}/api/v1/{what}", self.url()));
        let begin = Instant::now();
        let answer = request.header("Authorization", &self.authorization).send_json(body);
        self.outcome(answer, begin, true)
    }

    fn url(&self) -> &str {
        &self.urls[self.turn % self.urls.len()]
    }

    fn outcome(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
        begin: Instant,
        writes: bool,
    ) -> Result<Value, Failure> {
        let lost = |error: ureq::Error| Failure::Lost(error.to_string());
        let mut answer = answer.map_err(lost)?;
        let body: Value = answer.body_mut().with_config().limit(64 << 20).read_json().map_err(lost)?;
        let took = begin.elapsed();
        let mut samples = lock(&self.shared.samples);
        if writes {
            samples.writes.push(took)
        } else {
            samples.reads.push(took)
        }
        match answer.status().as_u16() {
            200 => Ok(body),
            status => Err(Failure::Answered(status, body.to_string())),
        }
    }
}

fn id(of: &Value) -> Result<String, Failure> {
    text(of, "id")
}

fn text(of: &Value, member: &str) -> Result<String, Failure> {
    of[member].as_str().map(str::to_owned).ok_or_else(|| Failure::Answered(200, of.to_string()))
}

fn agent() -> Agent {
    let config = Agent::config_builder().proxy(None).http_status_as_error(false);
    config.timeout_connect(LIMIT).timeout_recv_response(LIMIT).timeout_recv_body(LIMIT).build().into()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(why) => write!(f, "no answer: {why}"),
            Self::Answered(status, body) => write!(f, "{status} {body}"),
        }
    }
}
