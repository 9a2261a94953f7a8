//! Connections to PostgreSQL.

use anyhow::{Context, Result};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::{Client, Config, NoTls, Row};
use uuid::Uuid;

use crate::model::{Instant, Mission, MissionRole};

/// As many as the product keeps by default.
pub(crate) const CONNECTIONS: usize = 10;

/// As the product sets them: no compiling of queries, and a statement may take half of a request's time.
const SETTINGS: &str =
    "-c jit=off -c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=20000";

/// One connection, for work that takes as long as it takes.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("PostgreSQL does not answer")?;
    // It ends with the client; what goes wrong on the way, the client's own calls tell.
    tokio::spawn(connection);
    Ok(client)
}

/// A pool as the product's: a connection is not tested before it is used.
pub(crate) fn pool(url: &str) -> Result<Pool> {
    let mut config: Config = url.parse().context("this is no URL of PostgreSQL")?;
    config.options(SETTINGS).application_name("floor");
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(config, NoTls, recycling);
    Pool::builder(manager).max_size(CONNECTIONS).build().context("the pool cannot be made")
}

/// Where the columns of a mission's role begin, behind the mission's own: the statement names them in this order.
const ROLE: usize = 11;

/// Missions from rows that come once for each of their roles.
pub(crate) fn missions(rows: &[Row]) -> Result<Vec<Mission>, tokio_postgres::Error> {
    let mut missions: Vec<Mission> = Vec::with_capacity(rows.len());
    for row in rows {
        let id: Uuid = row.try_get(0)?;
        if missions.last().is_none_or(|last| last.id != id) {
            missions.push(mission(row, id)?);
        }
        if let (Some(id), Some(last)) = (row.try_get(ROLE)?, missions.last_mut()) {
            let role_name: String = row.try_get(ROLE + 1)?;
            last.role.get_or_insert_with(|| role_name.clone());
            last.roles.push(MissionRole {
                id,
                role_name,
                quota: row.try_get(ROLE + 2)?,
                invited: row.try_get(ROLE + 3)?,
                accepted: row.try_get(ROLE + 4)?,
            });
        }
    }
    Ok(missions)
}

fn mission(row: &Row, id: Uuid) -> Result<Mission, tokio_postgres::Error> {
    Ok(Mission {
        id,
        project_id: row.try_get(1)?,
        title: row.try_get(2)?,
        role: None,
        location: row.try_get(9)?,
        start_at: Instant(row.try_get(3)?),
        end_at: Instant(row.try_get(4)?),
        timezone: row.try_get(5)?,
        note: row.try_get(10)?,
        cancelled_at: row.try_get::<_, Option<i64>>(6)?.map(Instant),
        roles: Vec::with_capacity(1),
        created_at: Instant(row.try_get(7)?),
        updated_at: Instant(row.try_get(8)?),
    })
}
