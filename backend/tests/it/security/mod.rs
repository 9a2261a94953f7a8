//! The promises of `docs/security.md`, attacked. The table there names the test behind each line, here and elsewhere.

mod access;
mod at_once;
mod clocks;
mod code;
mod document;
mod doors;
mod feeds;
mod guessing;
mod invitations;
mod logs;
mod memberships;
mod ranks;
mod refresh;
mod refusals;
mod replacing;
mod rotation;
mod secrets;
mod sessions;
mod shared_counts;
mod supply;
mod traces;

use crate::support::{Kind, Outcome, PASSWORD, Persona, Test};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

const TECH: &str = "tech@rideau.example";
const UNKNOWN_ID: &str = "019f0000-0000-7000-8000-000000000000";

/// What a sign-in with a password gives.
struct Session {
    access: String,
    refresh: String,
}

impl Session {
    async fn start(test: &Test) -> Self {
        let login = json!({ "email": TECH, "password": PASSWORD });
        Self::of(&test.anonymous().post("/auth/login", login).await)
    }

    #[track_caller]
    fn of(answer: &Outcome) -> Self {
        let access = answer.ok()["access_token"].as_str().expect("an access token").to_owned();
        Self { access, refresh: answer.refresh_cookie().expect("a refresh cookie") }
    }
}

/// Nobody but a browser with this refresh cookie.
fn browser<'t>(test: &'t Test, refresh: &str) -> Persona<'t> {
    test.anonymous().with_header("cookie", &format!("refresh_token={refresh}"))
}

async fn reset_token(test: &Test, email: &str) -> String {
    let asked = test.anonymous().post("/auth/reset/request", json!({ "email": email })).await.ok();
    asked["reset_token"].as_str().expect("a token in dev").to_owned()
}

fn system() -> coulisses::db::Origin {
    coulisses::db::Origin::system()
}

/// Until this many transactions wait for a lock of PostgreSQL.
async fn until_waiting(test: &Test, transactions: i64) {
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while test.count(waiting).await < transactions {
        tokio::task::yield_now().await;
    }
}

async fn account_of(who: &Persona<'_>) -> String {
    who.get("/auth/me").await.ok()["id"].as_str().expect("an id").to_owned()
}

fn claims_of(token: &str) -> Json {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("claims")
}

/// Every row of every table, bytes in hexadecimal: to compare with another moment, or to look for what must not be there.
pub async fn dump(test: &Test, kind: Kind) -> Vec<String> {
    let tables = match kind {
        Kind::Sqlite => "SELECT name AS n FROM sqlite_master WHERE type = 'table' ORDER BY name",
        Kind::Postgres => {
            "SELECT table_name AS n FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"
        }
    };
    let mut found = Vec::new();
    for table in names(test, tables).await {
        let line = match kind {
            Kind::Sqlite => {
                let columns =
                    names(test, &format!("SELECT name AS n FROM pragma_table_info('{table}')")).await;
                let quoted: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
                quoted.join(" || ' | ' || ")
            }
            Kind::Postgres => format!("CAST(\"{table}\" AS text)"),
        };
        let rows = test.rows(&format!("SELECT '{table}: ' || {line} AS n FROM \"{table}\" ORDER BY 1")).await;
        found.extend(rows.iter().map(|row| row["n"].as_str().expect("a line").to_owned()));
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

async fn names(test: &Test, sql: &str) -> Vec<String> {
    let rows = test.rows(sql).await;
    rows.iter().map(|row| row["n"].as_str().expect("a name").to_owned()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
