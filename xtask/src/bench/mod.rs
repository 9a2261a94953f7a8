//! `cargo xtask bench`: how fast the product is, against a floor that does the same I/O and nothing else.
//!
//! Absolute figures mean nothing on shared machines, so every bar is a ratio to something measured in the same run, in turn
//! with it. The floor, and what fills and explains databases, are the crate `bench`; here is who runs when: [`stage`] has what
//! all need, [`site`] is a database with both servers on it, [`load`] sends, the rest are the bars by their kind. [`web`] measures
//! what people see.

mod bar;
mod footprint;
mod growth;
mod http;
mod load;
mod reads;
mod report;
mod site;
mod stage;
mod web;
mod writes;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use self::bar::Bars;
use self::growth::Plans;
use self::report::Report;
use self::site::{Site, serve};
use self::stage::{Effort, Stage};
use crate::cleanup::Cleanup;

const SMALL: &str = "lists --missions 10000 --orgs 10";
const LARGE: &str = "lists --missions 1000000 --orgs 1000";
/// What takes too long for a quick look.
const LEFT_OUT: [&str; 3] =
    ["conflicts with 100 000 missions", "1 000 000 missions and their plans", "the cost of telemetry"];

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    of: Option<Of>,
    /// A look in three minutes: shorter rounds, small data, some bars left out
    #[arg(long)]
    quick: bool,
    /// Write the report into docs/performance instead of target/bench; all of it
    #[arg(long, conflicts_with = "quick")]
    save: bool,
    /// Measurements of each, in turn with what it is compared with [default: 5, quick: 3]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(3..))]
    rounds: Option<u32>,
    /// Of each measurement [default: 5, quick: 2]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
}

/// What is measured instead of the API.
#[derive(Subcommand)]
enum Of {
    /// The web application in a browser
    Web(web::Options),
}

impl Options {
    fn effort(&self) -> Effort {
        let (rounds, seconds) = if self.quick { (3, 2) } else { (5, 5) };
        Effort { rounds: self.rounds.unwrap_or(rounds), seconds: self.seconds.unwrap_or(seconds) }
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if let Some(Of::Web(options)) = &options.of {
        return web::run(options);
    }
    let cleanup = Cleanup::install()?;
    let stage = Stage::set(options.effort(), &cleanup)?;
    let mut bars = Bars::default();
    on_sqlite(&stage, &mut bars, !options.quick)?;
    let plans = on_postgres(&stage, &mut bars, !options.quick)?;
    bars.push(footprint::binary(&stage)?);
    let left_out: &[_] = if options.quick { &LEFT_OUT } else { &[] };
    let report = Report::of(&stage, bars, left_out, plans);
    let held = report.tell();
    report.write(&stage, options.save)?;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What needs no servers.
fn on_sqlite(stage: &Stage<'_>, bars: &mut Bars, everything: bool) -> Result<()> {
    println!("==> SQLite, 10 000 missions in 10 orgs");
    let site = Site::open(stage, "sqlite", stage.sqlite("bench.db")?, SMALL)?;
    bars.push(reads::bytes(stage, &site)?);
    bars.push(reads::hit(stage, "GET /missions, 100 rows, HIT, SQLite", &site, &site.product, 0.60)?);
    if everything {
        let without = [("METRICS_ENABLED", "false"), ("LOG_LEVEL", "WARN")];
        let quiet = serve(stage, "quiet", &site.database, "fakeredis://", &without)?;
        bars.push(reads::telemetry(stage, &site, (&site.product, &quiet))?);
        quiet.stop();
    }
    bars.push(footprint::memory("resident memory, idle, SQLite", [site.idle], 40.0));
    site.product.stop();
    bars.push(footprint::start(stage, &site.database)?);
    Ok(())
}

fn on_postgres(stage: &Stage<'_>, bars: &mut Bars, everything: bool) -> Result<Option<Plans>> {
    println!("==> PostgreSQL, 10 000 missions in 10 orgs");
    let site = Site::open(stage, "postgres", stage.postgres("small")?, SMALL)?;
    bars.push(footprint::memory("resident memory, idle, PostgreSQL", [site.idle], 40.0));
    let shared = serve(stage, "redis", &site.database, &stage.servers.redis_url, &[])?;
    bars.push(reads::hit(stage, "GET /missions, 100 rows, HIT, PostgreSQL, Redis", &site, &shared, 0.65)?);
    let of_shared = shared.memory_kib().map(|(now, _)| now);
    shared.stop();
    bars.push(reads::one(stage, &site)?);
    bars.push(reads::miss(stage, &site)?);
    bars.push(reads::hit_against_miss(stage, &site)?);
    let plans = if everything { Some(at_scale(stage, bars, &site)?) } else { None };
    println!("==> conflicts");
    bars.push(growth::conflicts(stage, &site)?);
    if everything {
        bars.push(growth::more_conflicts(stage, &site)?);
    }
    println!("==> writes");
    bars.push(writes::accept(stage, &site)?);
    bars.push(writes::bulk(stage, &site)?);
    let now = site.product.memory_kib().map(|(now, _)| now);
    bars.push(footprint::memory("resident memory after all of it", [now, of_shared], 120.0));
    Ok(plans)
}

fn at_scale(stage: &Stage<'_>, bars: &mut Bars, small: &Site) -> Result<Plans> {
    println!("==> PostgreSQL, 1 000 000 missions in 1 000 orgs");
    let large = Site::open(stage, "large", stage.postgres("large")?, LARGE)?;
    bars.push(growth::lists(stage, small, &large)?);
    bars.push(growth::missions(stage, small, &large)?);
    let plans = growth::plans(stage, &large)?;
    large.product.stop();
    Ok(plans)
}
