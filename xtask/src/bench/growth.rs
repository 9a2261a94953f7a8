//! What happens as data grow: a person's conflicts, and a hundred times as many missions in a hundred times as many orgs.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bar::Bar;
use super::load::{Counted, Load};
use super::reads::{misses, ones};
use super::site::Site;
use super::stage::{Stage, median};

const TIMES: usize = 15;
/// Where the numbers of these people begin, behind those of the lists and before those who answer.
const FIRST: u64 = 10_000_000;
/// Every so many accepted missions one overlaps the next.
const BETWEEN: usize = 100;

/// Accepted missions of the one person, and of the other.
const FEW: usize = 10_000;
const MANY: usize = 100_000;

/// A person with 10 000 accepted missions.
pub(super) fn conflicts(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    let few = of_person(stage, site, FEW, FIRST)?;
    Ok(Bar::absolute("conflicts of a person with 10 000 missions", "ms", Some(few), 25.0))
}

/// One with 100 000, against a person with 10 000.
pub(super) fn more_conflicts(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    let few = of_person(stage, site, FEW, FIRST + 500_000)?;
    let many = of_person(stage, site, MANY, FIRST + 1_000_000)?;
    Ok(Bar::slower("conflicts with 100 000 missions, against 10 000", (few, many), 12.0))
}

/// Milliseconds.
fn of_person(stage: &Stage<'_>, site: &Site, missions: usize, first: u64) -> Result<f64> {
    let (filled, token) = site.add(stage, &format!("person --missions {missions} --first {first}"))?;
    // A page that holds them all, of whichever of the two.
    let url = site.api(&format!("/conflicts/user/{}?limit=1000", filled.users[0]));
    let mut took = Vec::with_capacity(TIMES);
    let mut last = Vec::new();
    for _ in 0..TIMES {
        let begin = Instant::now();
        last = stage.http.get(&url, &token)?.body;
        took.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    let found: Value = serde_json::from_slice(&last).context("conflicts are no JSON")?;
    let found = found["conflicts"].as_array().map_or(0, Vec::len);
    ensure!(found == missions / BETWEEN, "{found} conflicts were found, {} are there", missions / BETWEEN);
    Ok(median(took))
}

/// How PostgreSQL reads the large database.
#[derive(Deserialize, Serialize)]
pub(super) struct Plans {
    list: String,
    get: String,
    pub(super) sequential_scans: Vec<String>,
}

impl Plans {
    /// As people read them.
    pub(super) fn text(&self) -> String {
        format!("GET /missions, 100 rows\n{}\n\nGET /missions/{{id}}\n{}\n", self.list, self.get)
    }
}

/// A list at 1 000 000 missions in 1 000 orgs, against 10 000 in 10.
pub(super) fn lists(stage: &Stage<'_>, small: &Site, large: &Site) -> Result<Bar> {
    let loads = (misses(stage, small, "small-list.txt")?, misses(stage, large, "large-list.txt")?);
    grown(stage, "list, p50: 1 000 000 missions against 10 000", loads)
}

/// A single mission of as many.
pub(super) fn missions(stage: &Stage<'_>, small: &Site, large: &Site) -> Result<Bar> {
    let loads = (ones(stage, small, "small-get.txt")?, ones(stage, large, "large-get.txt")?);
    grown(stage, "get, p50: 1 000 000 missions against 10 000", loads)
}

/// By the time that half of the requests take.
fn grown(stage: &Stage<'_>, name: &str, (mut small, mut large): (Load, Load)) -> Result<Bar> {
    stage.warm(&mut small)?;
    stage.warm(&mut large)?;
    Ok(Bar::slower(name, stage.in_turn((&mut small, &mut large), Counted::p50)?, 1.3))
}

/// Asks PostgreSQL for its plans.
pub(super) fn plans(stage: &Stage<'_>, large: &Site) -> Result<Plans> {
    let (org, mission) = large.filled.missions.last().context("there are no missions")?;
    let (_, seconds) = large.filled.instants.last().context("there are no instants")?;
    let org = &large.filled.orgs[*org];
    let from = format!("{seconds}000000");
    let arguments =
        ["plan", "--database", &large.database, "--org", org, "--mission", mission, "--from", &from];
    serde_json::from_str(&stage.floor(&arguments)?).context("`floor plan` printed something else")
}
