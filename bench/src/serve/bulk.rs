//! A thousand missions at once: one transaction, one INSERT for each table.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::postgres::Floor;
use super::{Failed, InOrg, json};
use crate::clock;
use crate::model::{Created, Instant, Mission, MissionRole, NewMission, NewMissionRole};
use crate::sql::{self, Columns};

type Value = Box<dyn ToSql + Sync + Send>;

pub(super) async fn bulk(
    State(floor): State<Floor>,
    Path((org, project)): InOrg,
    body: Bytes,
) -> Result<Response, Failed> {
    let new: Vec<NewMission> = serde_json::from_slice(&body).map_err(Failed::of)?;
    let mut client = floor.pool.get().await?;
    floor.authority(&client, org).await?;
    let statement = client.prepare_cached(sql::ORG).await?;
    let timezone: String = client.query_one(&statement, &[&org]).await?.try_get(3)?;
    let write = Write { org, account: floor.who.account, request: clock::request_id(), now: clock::now() };
    let mut rows = Rows::default();
    for new in new {
        rows.mission(&write, planned(new, project, &timezone, write.now))?;
    }
    let tx = client.transaction().await?;
    let statement = tx.prepare_cached(sql::PROJECT_KEPT).await?;
    tx.query_one(&statement, &[&org, &project]).await?;
    insert(&tx, &sql::MISSIONS, &rows.missions).await?;
    insert(&tx, &sql::ROLES, &rows.roles).await?;
    insert(&tx, &sql::AUDIT, &rows.audit).await?;
    insert(&tx, &sql::DETAILS, &rows.details).await?;
    let statement = tx.prepare_cached(sql::CHANGED).await?;
    tx.execute(&statement, &[&org, &clock::new_version()]).await?;
    tx.commit().await?;
    json(&Created { status: "ok", created: rows.ids.len(), ids: rows.ids })
}

async fn insert(tx: &Transaction<'_>, table: &Columns, values: &[Value]) -> Result<(), Failed> {
    let statement = tx.prepare_cached(&table.insert(values.len() / table.columns.len())).await?;
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
    tx.execute(&statement, &values).await?;
    Ok(())
}

/// Who writes, when, and at which request.
struct Write {
    org: Uuid,
    account: Uuid,
    request: String,
    now: i64,
}

/// The values of all rows, one row after the other.
#[derive(Default)]
struct Rows {
    ids: Vec<Uuid>,
    missions: Vec<Value>,
    roles: Vec<Value>,
    audit: Vec<Value>,
    details: Vec<Value>,
}

impl Rows {
    fn mission(&mut self, write: &Write, mission: Mission) -> Result<(), Failed> {
        let details = serde_json::to_string(&mission).map_err(Failed::of)?;
        for (position, role) in (0_i32..).zip(mission.roles) {
            self.role(write, mission.id, role, position);
        }
        self.recorded(write, mission.id, details);
        self.ids.push(mission.id);
        self.missions.extend::<[Value; 13]>([
            Box::new(write.org),
            Box::new(mission.id),
            Box::new(mission.project_id),
            Box::new(mission.title.to_lowercase()),
            Box::new(mission.title),
            Box::new(mission.location),
            Box::new(mission.start_at.0),
            Box::new(mission.end_at.0),
            Box::new(mission.timezone),
            Box::new(mission.note),
            Box::new(None::<i64>),
            Box::new(write.now),
            Box::new(write.now),
        ]);
        Ok(())
    }

    fn role(&mut self, write: &Write, mission: Uuid, role: MissionRole, position: i32) {
        self.roles.extend::<[Value; 8]>([
            Box::new(write.org),
            Box::new(role.id),
            Box::new(mission),
            Box::new(role.role_name.to_lowercase()),
            Box::new(role.role_name),
            Box::new(role.quota),
            Box::new(position),
            Box::new(write.now),
        ]);
    }

    fn recorded(&mut self, write: &Write, mission: Uuid, after: String) {
        let id = clock::new_id();
        self.audit.extend::<[Value; 9]>([
            Box::new(id),
            Box::new(write.org),
            Box::new("account"),
            Box::new(write.account),
            Box::new("mission.create"),
            Box::new("mission"),
            Box::new(mission),
            Box::new(write.request.clone()),
            Box::new(write.now),
        ]);
        self.details.extend::<[Value; 5]>([
            Box::new(write.org),
            Box::new(id),
            Box::new(None::<String>),
            Box::new(after),
            Box::new(write.now),
        ]);
    }
}

fn planned(new: NewMission, project: Uuid, timezone: &str, now: i64) -> Mission {
    let role = |role: NewMissionRole| MissionRole {
        id: clock::new_id(),
        role_name: role.role_name,
        quota: role.quota,
        invited: 0,
        accepted: 0,
    };
    let roles: Vec<_> = new.roles.into_iter().map(role).collect();
    Mission {
        id: clock::new_id(),
        project_id: Some(project),
        title: new.title,
        role: roles.first().map(|role| role.role_name.clone()),
        location: new.location,
        start_at: new.start_at,
        end_at: new.end_at,
        timezone: timezone.to_owned(),
        note: new.note,
        cancelled_at: None,
        roles,
        created_at: Instant(now),
        updated_at: Instant(now),
    }
}
