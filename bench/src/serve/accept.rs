//! A yes by link: the product's statements, in its order, in one transaction.

use axum::extract::{Path, State};
use axum::response::Response;
use deadpool_postgres::Transaction;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::postgres::{Floor, LONGEST};
use super::{Failed, InOrg, json};
use crate::model::{Answered, Assignment, Instant, Invitation};
use crate::{clock, sql};

const MESSAGE: &str = "Thank you, you are expected.";

pub(super) async fn accept(
    State(floor): State<Floor>,
    Path((org, invitation)): InOrg,
) -> Result<Response, Failed> {
    let mut client = floor.pool.get().await?;
    let tx = client.transaction().await?;
    let mut answer = Answer { tx, org, invitation, request: clock::request_id(), now: clock::now() };
    let assignment = answer.carry_out().await?;
    answer.tx.commit().await?;
    json(&Answered {
        invitation_id: invitation,
        assignment_id: assignment,
        accepted: true,
        status: "ACCEPTED",
        message: MESSAGE,
    })
}

struct Answer<'a> {
    tx: Transaction<'a>,
    org: Uuid,
    invitation: Uuid,
    request: String,
    now: i64,
}

impl Answer<'_> {
    /// The assignment that was accepted.
    async fn carry_out(&mut self) -> Result<Uuid, Failed> {
        let id: Uuid = self.one(sql::INVITATION, self.invitation).await?.try_get(2)?;
        let call = self.one(&sql::CALL, id).await?;
        let (mission, user): (Uuid, Uuid) = (call.try_get(2)?, call.try_get(3)?);
        self.one(&sql::MISSION_KEPT, mission).await?;
        self.one(sql::USER_HELD, user).await?;
        self.one(&sql::CALL_HELD, id).await?;
        let invitation = invitation(&self.one(&sql::INVITATION_HELD, self.invitation).await?)?;
        if invitation.answered_at.is_some() {
            return Ok(id);
        }
        let before = assignment(&self.one(&sql::SHOWN, id).await?)?;
        self.free(user, &before).await?;
        self.write(sql::ACCEPT_ASSIGNMENT, &[&before.mission_role_id, &self.now, &self.org, &id]).await?;
        let after = assignment(&self.one(&sql::SHOWN, id).await?)?;
        self.record("assignment.status", "assignment", id, (&before, &after)).await?;
        self.write(sql::ACCEPT_INVITATION, &[&self.now, &self.org, &self.invitation]).await?;
        let answered = Invitation {
            status: "answered",
            answer: Some("ACCEPTED"),
            answered_at: Some(Instant(self.now)),
            ..invitation.clone()
        };
        self.record("invitation.answer", "invitation", self.invitation, (&invitation, &answered)).await?;
        self.write(sql::CHANGED, &[&self.org, &clock::new_version()]).await?;
        Ok(id)
    }

    async fn one(&self, statement: &str, id: Uuid) -> Result<Row, Failed> {
        let statement = self.tx.prepare_cached(statement).await?;
        self.tx.query_opt(&statement, &[&self.org, &id]).await?.ok_or(Failed::NOTHING)
    }

    /// Nobody measured has anything else at that time.
    async fn free(&self, user: Uuid, call: &Assignment) -> Result<(), Failed> {
        let statement = self.tx.prepare_cached(sql::CLASHES).await?;
        let (start, end) = (call.start_at.0, call.end_at.0);
        let clashes = self
            .tx
            .query(&statement, &[&self.org, &user, &end, &start, &(start - LONGEST), &call.mission_id])
            .await?;
        if clashes.is_empty() { Ok(()) } else { Err(Failed::of("a measured person is taken already")) }
    }

    async fn write(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<(), Failed> {
        let statement = self.tx.prepare_cached(statement).await?;
        self.tx.execute(&statement, values).await?;
        Ok(())
    }

    async fn record<T: Serialize>(
        &self,
        action: &str,
        object_type: &str,
        object: Uuid,
        (before, after): (&T, &T),
    ) -> Result<(), Failed> {
        let id = clock::new_id();
        let shown = |object: &T| serde_json::to_string(object).map_err(Failed::of);
        let (before, after) = (shown(before)?, shown(after)?);
        self.write(
            &sql::AUDIT.insert(1),
            &[
                &id,
                &self.org,
                &"invitation",
                &self.invitation,
                &action,
                &object_type,
                &object,
                &self.request,
                &self.now,
            ],
        )
        .await?;
        self.write(&sql::DETAILS.insert(1), &[&self.org, &id, &before, &after, &self.now]).await
    }
}

fn assignment(row: &Row) -> Result<Assignment, tokio_postgres::Error> {
    let (first, last): (String, String) = (row.try_get(15)?, row.try_get(16)?);
    Ok(Assignment {
        id: row.try_get(1)?,
        mission_id: row.try_get(2)?,
        user_id: row.try_get(3)?,
        mission_role_id: row.try_get(4)?,
        status: row.try_get(5)?,
        note: row.try_get(6)?,
        decline_reason: row.try_get(7)?,
        conflict_override: row.try_get(8)?,
        start_at: Instant(row.try_get(9)?),
        end_at: Instant(row.try_get(10)?),
        created_at: Instant(row.try_get(11)?),
        updated_at: Instant(row.try_get(12)?),
        mission_title: row.try_get(13)?,
        project_title: row.try_get(14)?,
        user_name: format!("{first} {last}"),
    })
}

fn invitation(row: &Row) -> Result<Invitation, tokio_postgres::Error> {
    Ok(Invitation {
        id: row.try_get(1)?,
        assignment_id: row.try_get(2)?,
        email: row.try_get(4)?,
        status: "pending",
        expires_at: Instant(row.try_get(5)?),
        answered_at: row.try_get::<_, Option<i64>>(6)?.map(Instant),
        answer: None,
        revoked_at: row.try_get::<_, Option<i64>>(8)?.map(Instant),
        created_at: Instant(row.try_get(9)?),
    })
}
