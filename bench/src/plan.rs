//! How PostgreSQL carries out the two statements that read missions.

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{postgres, sql};

/// Rows of a table that is worth an index.
const BIG: f32 = 10_000.0;

#[derive(Args)]
pub(crate) struct Options {
    #[arg(long)]
    database: String,
    #[arg(long)]
    org: Uuid,
    #[arg(long)]
    mission: Uuid,
    /// Missions that end after this instant, in microseconds
    #[arg(long)]
    from: i64,
}

#[derive(Serialize)]
struct Plans {
    list: String,
    get: String,
    /// Tables that were read from one end to the other, although they are big.
    sequential_scans: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let client = postgres::connect(&options.database).await?;
    let earliest = options.from - 32 * 24 * 3600 * 1_000_000;
    let list = explain(&client, &sql::LIST, &[&options.org, &options.from, &earliest, &101_i64]).await?;
    let get = explain(&client, &sql::ONE, &[&options.org, &options.mission]).await?;
    let mut sequential_scans = big_tables(&client).await?;
    let read = |table: &String| {
        let scan = format!("Seq Scan on {table} ");
        list.contains(&scan) || get.contains(&scan)
    };
    sequential_scans.retain(read);
    println!("{}", serde_json::to_string(&Plans { list, get, sequential_scans })?);
    Ok(())
}

async fn explain(client: &Client, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<String> {
    let statement = format!("EXPLAIN (ANALYZE, BUFFERS) {statement}");
    // Twice: what the first one read from the disk is in memory for the second.
    client.query(&statement, values).await.context("EXPLAIN failed")?;
    let rows = client.query(&statement, values).await?;
    let lines: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok(lines.join("\n"))
}

async fn big_tables(client: &Client) -> Result<Vec<String>> {
    let tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1";
    let rows = client.query(tables, &[&BIG]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}
