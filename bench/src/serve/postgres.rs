//! The routes over PostgreSQL.

use anyhow::Result;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use deadpool_postgres::{Client, Pool};
use serde::Deserialize;
use uuid::Uuid;

use super::{Failed, InOrg, Prepared, Size, Who, accept, bulk, json};
use crate::postgres::{missions, pool};
use crate::{clock, sql};

/// 32 days: no mission that ends after an instant began earlier before it.
pub(super) const LONGEST: i64 = 32 * 24 * 3600 * 1_000_000;

#[derive(Clone)]
pub(super) struct Floor {
    pub(super) pool: Pool,
    pub(super) who: Who,
    prepared: Prepared,
}

pub(super) fn routes(url: &str, who: Who) -> Result<Router> {
    let floor = Floor { pool: pool(url)?, who, prepared: Prepared::new() };
    let routes = Router::new()
        .route("/hit/{org}", get(hit))
        .route("/get/{org}/{mission}", get(mission))
        .route("/list/{org}", get(list))
        .route("/accept/{org}/{invitation}", post(accept::accept))
        .route("/bulk/{org}/{project}", post(bulk::bulk))
        .layer(axum::extract::DefaultBodyLimit::max(8 << 20));
    Ok(routes.with_state(floor))
}

impl Floor {
    /// The one read that every signed-in request makes.
    pub(super) async fn authority(&self, client: &Client, org: Uuid) -> Result<(), Failed> {
        let statement = client.prepare_cached(sql::AUTHORITY).await?;
        let found = client
            .query_opt(&statement, &[&org, &self.who.session, &self.who.account, &clock::now()])
            .await?;
        found.map(drop).ok_or(Failed::NOBODY)
    }
}

async fn hit(
    State(floor): State<Floor>,
    Path(org): Path<Uuid>,
    Query(size): Query<Size>,
) -> Result<Response, Failed> {
    let client = floor.pool.get().await?;
    floor.authority(&client, org).await?;
    Ok(floor.prepared.answer(&size))
}

async fn mission(State(floor): State<Floor>, Path((org, id)): InOrg) -> Result<Response, Failed> {
    let client = floor.pool.get().await?;
    floor.authority(&client, org).await?;
    let statement = client.prepare_cached(&sql::ONE).await?;
    let rows = client.query(&statement, &[&org, &id]).await?;
    drop(client);
    json(missions(&rows)?.first().ok_or(Failed::NOTHING)?)
}

/// Which missions.
#[derive(Deserialize)]
struct From {
    /// Those that end after this instant, in microseconds.
    from: i64,
    limit: i64,
}

async fn list(
    State(floor): State<Floor>,
    Path(org): Path<Uuid>,
    Query(From { from, limit }): Query<From>,
) -> Result<Response, Failed> {
    let client = floor.pool.get().await?;
    floor.authority(&client, org).await?;
    let statement = client.prepare_cached(&sql::LIST).await?;
    // One more than asked for tells whether there is a next page.
    let rows = client.query(&statement, &[&org, &from, &(from - LONGEST), &(limit + 1)]).await?;
    drop(client);
    let mut missions = missions(&rows)?;
    missions.truncate(usize::try_from(limit).unwrap_or_default());
    json(&missions)
}
