//! The server: a route for each work that the product is measured by, the org in the path, and no token.

mod accept;
mod bulk;
mod postgres;
mod sqlite;

pub(crate) use self::sqlite::open as open_sqlite;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The largest answer that can be prepared.
const LARGEST: usize = 4 << 20;

#[derive(Args)]
pub(crate) struct Options {
    /// Where to listen on 127.0.0.1
    #[arg(long)]
    port: u16,
    /// postgres://… or the path of a SQLite file
    #[arg(long)]
    database: String,
    /// An access token of the session that every request acts as; its signature is not looked at
    #[arg(long)]
    token: String,
}

/// The session that every request acts as.
#[derive(Clone, Copy, Deserialize)]
struct Who {
    #[serde(rename = "sub")]
    account: Uuid,
    #[serde(rename = "sid")]
    session: Uuid,
}

impl Who {
    fn holds(token: &str) -> Result<Self> {
        let claims = token.split('.').nth(1).context("this is no access token")?;
        let claims = URL_SAFE_NO_PAD.decode(claims).context("this is no access token")?;
        serde_json::from_slice(&claims).context("this is no access token")
    }
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let who = Who::holds(&options.token)?;
    let routes = if options.database.starts_with("postgres") {
        postgres::routes(&options.database, who)?
    } else {
        sqlite::routes(&options.database, who)?
    };
    let routes = routes.merge(Router::new().route("/bytes", get(bytes)).with_state(Prepared::new()));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = tokio::net::TcpListener::bind(address).await.context("cannot listen")?;
    axum::serve(listener, routes).await.context("the server ended")
}

/// Bytes to send: a slice of them costs nothing, as an answer from a cache in the process.
#[derive(Clone)]
struct Prepared(Bytes);

impl Prepared {
    fn new() -> Self {
        Self(vec![b' '; LARGEST].into())
    }

    fn answer(&self, size: &Size) -> Response {
        json_bytes(self.0.slice(..size.n.min(LARGEST)))
    }
}

/// How many bytes to send.
#[derive(Deserialize)]
struct Size {
    n: usize,
}

async fn bytes(State(prepared): State<Prepared>, Query(size): Query<Size>) -> Response {
    prepared.answer(&size)
}

fn json(value: &impl Serialize) -> Result<Response, Failed> {
    Ok(json_bytes(serde_json::to_vec(value).map_err(Failed::of)?.into()))
}

fn json_bytes(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Why there is no answer. Whoever measures finds it in the output and stops.
struct Failed(StatusCode);

impl Failed {
    fn of(error: impl std::fmt::Display) -> Self {
        eprintln!("floor: {error:#}");
        Self(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What was asked for is not there.
    const NOTHING: Self = Self(StatusCode::NOT_FOUND);
    /// The session ended.
    const NOBODY: Self = Self(StatusCode::UNAUTHORIZED);
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of(anyhow::Error::from(error))
    }
}

impl From<deadpool_postgres::PoolError> for Failed {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::of(anyhow::Error::from(error))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// An org and an object of it.
type InOrg = Path<(Uuid, Uuid)>;
