//! Every query on invitations.

use super::{
    model::{Answered, Created, Delivery, Invitation, NewInvitation, Opened},
    rules::{self, Answer, State},
    table,
};
use crate::{
    auth::{Tokens, hash_secret, tables::org},
    db::{Database, Timestamp, Tx},
    error::Error,
    ids::{AssignmentId, InvitationId, OrgId},
    resources::{
        assignments::{self, AssignmentStatus, Change},
        audit, missions, projects, users,
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};
use subtle::ConstantTimeEq;

/// Makes a link for an assignment; an earlier unanswered one stops working.
///
/// # Errors
/// [`Error::UnknownReference`], or why the assignment cannot be answered any more.
pub async fn create(
    tx: &Tx,
    org: OrgId,
    new: NewInvitation,
    tokens: &Tokens,
    ttl_seconds: i64,
    public_url: &str,
) -> Result<Created, Error> {
    // The locks of an answer, so that a link is never made for what is being called off.
    let held = assignments::hold(tx, org, new.assignment_id)
        .await
        .map_err(Error::referred("/assignment_id", "assignment"))?;
    let person_email = held.may_be_asked()?;
    revoke_open(tx, org, new.assignment_id).await?;
    let id: InvitationId = tx.new_id();
    let expires_at = tx.now.plus_seconds(ttl_seconds);
    let (token, token_hash) = tokens.invite(org, id, expires_at)?;
    let row = table::Model {
        org_id: org,
        id,
        assignment_id: new.assignment_id,
        token_hash,
        email: new.email.map(String::from).or(person_email),
        expires_at,
        answered_at: None,
        answer: None,
        revoked_at: None,
        created_at: tx.now,
        updated_at: tx.now,
    };
    table::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    audit::Entry::of("invitation.create", id).after(&view(row)).record(tx, org).await?;
    let url = link(public_url, &token);
    Ok(Created { id, assignment_id: new.assignment_id, token, url, expires_at, delivery: Delivery::None })
}

/// Takes a link back. One that was answered has no power left; taking it back changes nothing.
pub async fn revoke(tx: &Tx, org: OrgId, id: InvitationId) -> Result<(), Error> {
    let row = table::Entity::find_by_id((org, id))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .ok_or(Error::NotFound)?;
    if row.answer.is_some() || row.revoked_at.is_some() {
        return Ok(());
    }
    end(tx, row).await
}

/// Ends the links of an assignment that were not answered.
async fn revoke_open(tx: &Tx, org: OrgId, assignment: AssignmentId) -> Result<(), Error> {
    let open = table::Entity::find()
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::AssignmentId.eq(assignment))
        .filter(table::Column::RevokedAt.is_null())
        .filter(table::Column::Answer.is_null())
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    for row in open {
        end(tx, row).await?;
    }
    Ok(())
}

async fn end(tx: &Tx, row: table::Model) -> Result<(), Error> {
    let (org, id) = (row.org_id, row.id);
    let after = table::Model { revoked_at: Some(tx.now), ..row.clone() };
    table::Entity::update_many()
        .col_expr(table::Column::RevokedAt, Expr::value(tx.now))
        .col_expr(table::Column::UpdatedAt, Expr::value(tx.now))
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::Id.eq(id))
        .exec(tx)
        .await?;
    audit::Entry::of("invitation.revoke", id).before(&view(row)).after(&view(after)).record(tx, org).await
}

#[derive(Debug, FromQueryResult)]
struct OpenedRow {
    token_hash: Vec<u8>,
    assignment_id: AssignmentId,
    status: AssignmentStatus,
    answer: Option<AssignmentStatus>,
    revoked_at: Option<Timestamp>,
    expires_at: Timestamp,
    org_name: String,
    first_name: String,
    last_name: String,
    mission_title: String,
    project_title: Option<String>,
    location: Option<String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    timezone: String,
}

/// What a link is about, whatever became of it.
///
/// # Errors
/// [`Error::InvalidToken`] when it was not made here.
pub async fn open(
    db: &impl ConnectionTrait,
    tokens: &Tokens,
    token: &str,
    now: Timestamp,
) -> Result<Opened, Error> {
    use crate::resources::assignments::table as assignment;
    use missions::table as mission;
    use projects::table as project;
    use users::table as user;
    let claims = tokens.read_invite(token).ok_or(Error::InvalidToken)?;
    let found = table::Entity::find_by_id((claims.org, claims.inv))
        .select_only()
        .columns([
            table::Column::TokenHash,
            table::Column::AssignmentId,
            table::Column::Answer,
            table::Column::RevokedAt,
            table::Column::ExpiresAt,
        ])
        .column(assignment::Column::Status)
        .column_as(org::Column::Name, "org_name")
        .columns([user::Column::FirstName, user::Column::LastName])
        .column_as(mission::Column::Title, "mission_title")
        .column_as(project::Column::Name, "project_title")
        .columns([
            mission::Column::Location,
            mission::Column::StartsAt,
            mission::Column::EndsAt,
            mission::Column::Timezone,
        ])
        .join(
            JoinType::InnerJoin,
            table::Entity::belongs_to(assignment::Entity)
                .from((table::Column::OrgId, table::Column::AssignmentId))
                .to((assignment::Column::OrgId, assignment::Column::Id))
                .into(),
        )
        .join(
            JoinType::InnerJoin,
            table::Entity::belongs_to(org::Entity).from(table::Column::OrgId).to(org::Column::Id).into(),
        )
        .join(
            JoinType::InnerJoin,
            assignment::Entity::belongs_to(user::Entity)
                .from((assignment::Column::OrgId, assignment::Column::UserId))
                .to((user::Column::OrgId, user::Column::Id))
                .into(),
        )
        .join(
            JoinType::InnerJoin,
            assignment::Entity::belongs_to(mission::Entity)
                .from((assignment::Column::OrgId, assignment::Column::MissionId))
                .to((mission::Column::OrgId, mission::Column::Id))
                .into(),
        )
        .join(
            JoinType::LeftJoin,
            mission::Entity::belongs_to(project::Entity)
                .from((mission::Column::OrgId, mission::Column::ProjectId))
                .to((project::Column::OrgId, project::Column::Id))
                .into(),
        )
        .into_model::<OpenedRow>()
        .one(db)
        .await?;
    let row = found.filter(|row| same_secret(&claims.jti, &row.token_hash)).ok_or(Error::InvalidToken)?;
    let state = State { answer: row.answer, revoked: row.revoked_at.is_some(), expires_at: row.expires_at };
    Ok(Opened {
        invitation_id: claims.inv,
        assignment_id: row.assignment_id,
        status: row.status,
        invitation_status: rules::status(state, now),
        expires_at: row.expires_at,
        org_name: row.org_name,
        user_name: users::display_name(&row.first_name, &row.last_name),
        mission_title: row.mission_title,
        project_title: row.project_title,
        location: row.location,
        start_at: row.starts_at,
        end_at: row.ends_at,
        timezone: row.timezone,
    })
}

/// The link of the latest invitation that waits for an answer, made again: what it is derived from is stored.
///
/// # Errors
/// When the database fails.
pub async fn pending_link(
    db: &Database,
    tokens: &Tokens,
    org: OrgId,
    public_url: &str,
) -> Result<Option<String>, Error> {
    let pending = table::Entity::find()
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::Answer.is_null())
        .filter(table::Column::RevokedAt.is_null())
        .filter(table::Column::ExpiresAt.gt(db.clock().now()))
        .order_by_desc(table::Column::CreatedAt)
        .one(db)
        .await?;
    let Some(row) = pending else { return Ok(None) };
    let (token, _) = tokens.invite(org, row.id, row.expires_at)?;
    Ok(Some(link(public_url, &token)))
}

fn link(public_url: &str, token: &str) -> String {
    format!("{public_url}/invite?token={token}")
}

/// Whether an invitation of this id exists anywhere: an unknown id is 404, a token of another invitation is not.
pub async fn exists(db: &impl ConnectionTrait, id: InvitationId) -> Result<bool, Error> {
    // Across orgs on purpose: without a valid token nobody has an org here, and the answer tells nothing but the id.
    let found =
        table::Entity::find().select_only().column(table::Column::Id).filter(table::Column::Id.eq(id));
    Ok(found.into_tuple::<InvitationId>().one(db).await?.is_some())
}

/// Carries out the answer of whoever holds the link.
///
/// # Errors
/// [`Error::InvalidToken`], [`Error::AlreadyAnswered`], or what keeps the person from being accepted.
pub async fn answer(tx: &Tx, tokens: &Tokens, token: &str, answer: Answer) -> Result<Answered, Error> {
    let claims = tokens.read_invite(token).ok_or(Error::InvalidToken)?;
    let (org, id) = (claims.org, claims.inv);
    let find = || table::Entity::find_by_id((org, id));
    let assignment = find().one(tx).await?.ok_or(Error::InvalidToken)?.assignment_id;
    let held = assignments::hold(tx, org, assignment).await?;
    // One answer or withdrawal of a link at a time: the second sees what the first did.
    let found = find().lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = found.filter(|row| same_secret(&claims.jti, &row.token_hash)).ok_or(Error::InvalidToken)?;
    let wanted = answer.status();
    let state = State { answer: row.answer, revoked: row.revoked_at.is_some(), expires_at: row.expires_at };
    if rules::must_answer(state, wanted, tx.now)? {
        rules::link_may(wanted, held.status())?;
        let decline_reason = match answer {
            Answer::Accept => None,
            Answer::Decline { reason } => reason,
        };
        let change = Change { status: wanted, override_reason: None, decline_reason };
        assignments::set_status(tx, held, change).await?;
        table::Entity::update_many()
            .col_expr(table::Column::Answer, Expr::value(wanted))
            .col_expr(table::Column::AnsweredAt, Expr::value(tx.now))
            .col_expr(table::Column::UpdatedAt, Expr::value(tx.now))
            .filter(table::Column::OrgId.eq(org))
            .filter(table::Column::Id.eq(id))
            .exec(tx)
            .await?;
        let after = table::Model { answer: Some(wanted), answered_at: Some(tx.now), ..row.clone() };
        audit::Entry::of("invitation.answer", id)
            .before(&view(row.clone()))
            .after(&view(after))
            .record(tx, org)
            .await?;
    } else {
        rules::answer_stands(wanted, held.status())?;
    }
    let accepted = wanted == AssignmentStatus::Accepted;
    let message = if accepted { "Thank you, you are expected." } else { "Thank you for your answer." };
    Ok(Answered { invitation_id: id, assignment_id: row.assignment_id, accepted, status: wanted, message })
}

fn same_secret(jti: &str, stored_hash: &[u8]) -> bool {
    hash_secret(jti.as_bytes()).ct_eq(stored_hash).into()
}

fn view(row: table::Model) -> Invitation {
    Invitation {
        id: row.id,
        assignment_id: row.assignment_id,
        email: row.email,
        expires_at: row.expires_at,
        answered_at: row.answered_at,
        answer: row.answer,
        revoked_at: row.revoked_at,
    }
}
