//! Reading invitations.

use super::{
    entity::invitation,
    model::{Invitation, InvitationQuery, InvitationStatus, Opened},
    rules::{self, State},
};
use crate::{
    auth::{InvalidToken, InviteClaims, Tokens, entity::org, hash_secret},
    db::{Database, OfOrg, filter},
    error::{Error, NotFound},
    http::Page,
    ids::{AssignmentId, InvitationId, OrgId},
    resources::{assignments::AssignmentStatus, missions, projects, users},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, sea_query::ExprTrait,
};
use subtle::ConstantTimeEq;

/// A page of invitations, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: InvitationQuery,
    now: Timestamp,
) -> Result<Page<[Invitation]>, Error> {
    use invitation::Column;
    let mut select = invitation::Entity::of(org)
        .filter(filter::one_of(Column::AssignmentId, query.assignment_id.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    if !query.status.0.is_empty() {
        // The same four cases as `rules::status`.
        let open = || Column::Answer.is_null().and(Column::RevokedAt.is_null());
        let states = query.status.0.iter().map(|status| match status {
            InvitationStatus::Answered => Column::Answer.is_not_null(),
            InvitationStatus::Revoked => Column::Answer.is_null().and(Column::RevokedAt.is_not_null()),
            InvitationStatus::Expired => open().and(Column::ExpiresAt.lte(now)),
            InvitationStatus::Pending => open().and(Column::ExpiresAt.gt(now)),
        });
        select = select.filter(states.fold(Condition::any(), Condition::add));
    }
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::before((Column::CreatedAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.all(db).await?.into_iter();
            Ok(rows.map(|row| ((row.created_at, row.id), view(row, now))).collect::<Vec<_>>())
        }
    })
    .await
}

/// # Errors
/// [`NotFound`].
pub async fn get(
    db: &impl ConnectionTrait,
    org: OrgId,
    id: InvitationId,
    now: Timestamp,
) -> Result<Invitation, Error> {
    let found = invitation::Entity::find_by_id((org, id)).one(db).await?;
    Ok(view(found.ok_or(NotFound)?, now))
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
    role_name: Option<String>,
    location: Option<String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    timezone: String,
}

/// What the holder of a link sees, whatever its status.
///
/// # Errors
/// [`InvalidToken`] when the invitation does not exist or its secret is another one.
pub async fn open(db: &impl ConnectionTrait, claims: &InviteClaims, now: Timestamp) -> Result<Opened, Error> {
    use crate::resources::assignments::entity::assignment;
    use missions::entity::{mission, mission_role};
    use projects::entity::project;
    use users::entity::user;
    let found = invitation::Entity::find_by_id((claims.org, claims.inv))
        .select_only()
        .columns([
            invitation::Column::TokenHash,
            invitation::Column::AssignmentId,
            invitation::Column::Answer,
            invitation::Column::RevokedAt,
            invitation::Column::ExpiresAt,
        ])
        .column(assignment::Column::Status)
        .column_as(org::Column::Name, "org_name")
        .columns([user::Column::FirstName, user::Column::LastName])
        .column_as(mission::Column::Title, "mission_title")
        .column_as(project::Column::Name, "project_title")
        .column(mission_role::Column::RoleName)
        .columns([
            mission::Column::Location,
            mission::Column::StartsAt,
            mission::Column::EndsAt,
            mission::Column::Timezone,
        ])
        .join(
            JoinType::InnerJoin,
            invitation::Entity::belongs_to(assignment::Entity)
                .from((invitation::Column::OrgId, invitation::Column::AssignmentId))
                .to((assignment::Column::OrgId, assignment::Column::Id))
                .into(),
        )
        .join(
            JoinType::InnerJoin,
            invitation::Entity::belongs_to(org::Entity)
                .from(invitation::Column::OrgId)
                .to(org::Column::Id)
                .into(),
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
            assignment::Entity::belongs_to(mission_role::Entity)
                .from((assignment::Column::OrgId, assignment::Column::MissionRoleId))
                .to((mission_role::Column::OrgId, mission_role::Column::Id))
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
    let row = found.filter(|row| same_secret(&claims.jti, &row.token_hash)).ok_or(InvalidToken)?;
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
        role_name: row.role_name,
        location: row.location,
        start_at: row.starts_at,
        end_at: row.ends_at,
        timezone: row.timezone,
    })
}

/// The link of the latest pending invitation; its token is derived from stored columns.
///
/// # Errors
/// When the database fails.
pub async fn pending_link(
    db: &Database,
    tokens: &Tokens,
    org: OrgId,
    public_url: &str,
) -> Result<Option<String>, Error> {
    let pending = invitation::Entity::of(org)
        .filter(invitation::Column::Answer.is_null())
        .filter(invitation::Column::RevokedAt.is_null())
        .filter(invitation::Column::ExpiresAt.gt(db.clock().now()))
        .order_by_desc(invitation::Column::CreatedAt)
        .one(db)
        .await?;
    let Some(row) = pending else { return Ok(None) };
    let (token, _) = tokens.invite(org, row.id, row.expires_at)?;
    Ok(Some(link(public_url, &token)))
}

pub(super) fn link(public_url: &str, token: &str) -> String {
    format!("{public_url}/invite?token={token}")
}

/// Whether this invitation exists in `org`: an unknown id is 404, a token of another invitation is not. Without `org` (no valid
/// token) all orgs are searched, on purpose: the response tells only whether the id exists.
pub async fn exists(db: &impl ConnectionTrait, org: Option<OrgId>, id: InvitationId) -> Result<bool, Error> {
    use invitation::Column;
    let found = invitation::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.eq(id))
        .filter(Condition::all().add_option(org.map(|org| Column::OrgId.eq(org))));
    Ok(found.into_tuple::<InvitationId>().one(db).await?.is_some())
}

pub(super) fn same_secret(jti: &str, stored_hash: &[u8]) -> bool {
    hash_secret(jti.as_bytes()).ct_eq(stored_hash).into()
}

/// An invitation with its status at `now`.
pub(super) fn view(row: invitation::Model, now: Timestamp) -> Invitation {
    let state = State { answer: row.answer, revoked: row.revoked_at.is_some(), expires_at: row.expires_at };
    Invitation {
        id: row.id,
        assignment_id: row.assignment_id,
        email: row.email,
        status: rules::status(state, now),
        expires_at: row.expires_at,
        answered_at: row.answered_at,
        answer: row.answer,
        revoked_at: row.revoked_at,
        created_at: row.created_at,
    }
}
