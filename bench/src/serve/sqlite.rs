//! The route over SQLite. Its reads block, so they have threads of their own: one for each connection.

use std::thread;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Failed, Prepared, Size, Who};
use crate::postgres::CONNECTIONS;
use crate::{clock, sql};

/// The org to read for, and where the answer goes: whether the session lives.
type Read = (Uuid, oneshot::Sender<rusqlite::Result<bool>>);

#[derive(Clone)]
struct Floor {
    readers: flume::Sender<Read>,
    prepared: Prepared,
}

pub(super) fn routes(path: &str, who: Who) -> Result<Router> {
    let (readers, reads) = flume::unbounded();
    for _ in 0..CONNECTIONS {
        let connection = open(path)?;
        let reads = reads.clone();
        thread::Builder::new().spawn(move || read_all(&connection, who, &reads))?;
    }
    let floor = Floor { readers, prepared: Prepared::new() };
    Ok(Router::new().route("/hit/{org}", get(hit)).with_state(floor))
}

/// A connection with the product's pragmas.
pub(crate) fn open(path: &str) -> Result<Connection> {
    let connection = Connection::open(path).context("the SQLite file cannot be opened")?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
        PRAGMA recursive_triggers = ON",
    )?;
    Ok(connection)
}

fn read_all(connection: &Connection, who: Who, reads: &flume::Receiver<Read>) {
    let authority = sql::AUTHORITY.replace('$', "?");
    for (org, answer) in reads {
        // Whoever asked may have hung up.
        let _ = answer.send(lives(connection, &authority, who, org));
    }
}

fn lives(connection: &Connection, authority: &str, who: Who, org: Uuid) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(authority)?;
    let parameters = (org, who.session, who.account, clock::now());
    let role = statement.query_row(parameters, |row| row.get::<_, Option<String>>("role")).optional()?;
    Ok(role.is_some())
}

async fn hit(
    State(floor): State<Floor>,
    Path(org): Path<Uuid>,
    Query(size): Query<Size>,
) -> Result<Response, Failed> {
    let (answer, read) = oneshot::channel();
    floor.readers.send((org, answer)).map_err(Failed::of)?;
    let lives = read.await.map_err(Failed::of)?.map_err(Failed::of)?;
    if lives { Ok(floor.prepared.answer(&size)) } else { Err(Failed::NOBODY) }
}
