//! Reading invitations.

use super::{
    entity::invitation,
    model::{Invitation, InvitationQuery, InvitationStatus, LinkStatus, Obstacle, Opened},
    rules::{self, Around, State},
    seen::Seen,
};
use crate::{
    auth::{InvalidToken, InviteClaims, Tokens, entity::org, hash_secret},
    db::{Database, OfOrg, filter},
    error::{Conflicts, Error, NotFound},
    http::Page,
    ids::{AssignmentId, InvitationId, MissionId, OrgId, UserId},
    resources::{
        assignments::{self, AssignmentStatus},
        missions, orgs,
        projects::{self, ProjectStatus},
        users,
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, RelationDef, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query},
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
    let mut select = with_start(invitation::Entity::of(org))
        .filter(filter::one_of(Column::AssignmentId, query.assignment_id.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    if !query.status.0.is_empty() {
        // The same four cases as `rules::status`.
        let open = || Column::Answer.is_null().and(Column::RevokedAt.is_null());
        let states = query.status.0.iter().map(|status| match status {
            InvitationStatus::Answered => Column::Answer.is_not_null(),
            InvitationStatus::Revoked => Column::Answer.is_null().and(Column::RevokedAt.is_not_null()),
            InvitationStatus::Expired => open().and(closed(now)),
            InvitationStatus::Pending => open().and(closed(now).not()),
        });
        select = select.filter(states.fold(Condition::any(), Condition::add));
    }
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::before((Column::CreatedAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.into_model::<WithStart>().all(db).await?.into_iter();
            Ok(rows.map(|one| ((one.row.created_at, one.row.id), one.view(now))).collect::<Vec<_>>())
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
    let found =
        with_start(invitation::Entity::find_by_id((org, id))).into_model::<WithStart>().one(db).await?;
    Ok(found.ok_or(NotFound)?.view(now))
}

/// An invitation, and when its mission starts.
#[derive(Debug, Clone)]
pub(super) struct WithStart {
    pub(super) row: invitation::Model,
    pub(super) starts_at: Timestamp,
}

impl FromQueryResult for WithStart {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let starts_at = row.try_get(prefix, "starts_at")?;
        Ok(Self { row: invitation::Model::from_query_result(row, prefix)?, starts_at })
    }
}

impl WithStart {
    pub(super) fn view(self, now: Timestamp) -> Invitation {
        view(self.row, self.starts_at, now)
    }
}

pub(super) fn with_start(select: Select<invitation::Entity>) -> Select<invitation::Entity> {
    use assignments::entity::assignment;
    select.column(assignment::Column::StartsAt).join(JoinType::InnerJoin, to_assignment())
}

fn to_assignment() -> RelationDef {
    use assignments::entity::assignment;
    invitation::Entity::belongs_to(assignment::Entity)
        .from((invitation::Column::OrgId, invitation::Column::AssignmentId))
        .to((assignment::Column::OrgId, assignment::Column::Id))
        .into()
}

/// As [`rules::closes_at`] `<= now`, of rows [`with_start`].
fn closed(now: Timestamp) -> Expr {
    use invitation::Column;
    let started = assignments::entity::assignment::Column::StartsAt.lte(now);
    let too_late = Column::AnswerBy.is_not_null().and(Column::AnswerBy.lte(now).or(started));
    Column::ExpiresAt.lte(now).or(too_late)
}

/// An invitation with all that its person is told, and what decides about it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Briefing {
    pub id: InvitationId,
    pub assignment_id: AssignmentId,
    token_hash: Vec<u8>,
    version: i32,
    key_id: Option<String>,
    answer: Option<AssignmentStatus>,
    answered_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    expires_at: Timestamp,
    answer_by: Option<Timestamp>,
    reminded_at: Option<Timestamp>,
    /// A newer invitation of the same assignment.
    newer: i64,
    pub status: AssignmentStatus,
    pub user_id: UserId,
    assignment_note: Option<String>,
    pub first_name: String,
    pub last_name: String,
    active: bool,
    pub mission_id: MissionId,
    pub mission_title: String,
    pub location: Option<String>,
    mission_note: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub timezone: String,
    cancelled_at: Option<Timestamp>,
    pub role_name: Option<String>,
    quota: Option<i32>,
    /// People who have accepted the role.
    accepted: i64,
    pub project_title: Option<String>,
    project_status: Option<ProjectStatus>,
}

impl Briefing {
    pub fn closes_at(&self) -> Timestamp {
        rules::closes_at(self.expires_at, self.answer_by, self.starts_at)
    }

    pub fn answer_by(&self) -> Option<Timestamp> {
        self.answer_by
    }

    pub fn was_reminded(&self) -> bool {
        self.reminded_at.is_some()
    }

    /// The token, if the invitation's link is of the key in use.
    pub(super) fn token(&self, tokens: &Tokens, org: OrgId) -> Option<Result<String, Error>> {
        let current = self.key_id.as_deref() == Some(tokens.invites_key_id());
        current.then(|| tokens.invite(org, self.id, self.version).map(|(token, _)| token))
    }

    pub fn link_status(&self, now: Timestamp) -> LinkStatus {
        let revoked = self.revoked_at.is_some();
        let state = State { answer: self.answer, revoked, closes_at: self.closes_at() };
        let around = Around {
            called_off: match self.status {
                AssignmentStatus::Cancelled => true,
                // They know that they do not come.
                AssignmentStatus::Declined => false,
                AssignmentStatus::Invited | AssignmentStatus::Accepted => self.cancelled_at.is_some(),
            },
            superseded: self.newer > 0,
            end_at: self.ends_at,
        };
        rules::link_status(state, around, now)
    }

    /// What the planner noted on the mission, and on the person's part in it.
    pub fn note(&self) -> Option<String> {
        let notes: Vec<_> =
            [&self.mission_note, &self.assignment_note].into_iter().flatten().cloned().collect();
        (!notes.is_empty()).then(|| notes.join("\n\n"))
    }

    pub fn seen(&self) -> Seen {
        Seen {
            start_at: self.starts_at,
            end_at: self.ends_at,
            timezone: self.timezone.clone(),
            location: self.location.clone(),
            role_name: self.role_name.clone(),
        }
    }

    /// Whether the person and the project are active: asking anybody else is in vain.
    pub fn may_be_asked(&self) -> bool {
        !matches!(self.obstacle(), Some(Obstacle::UserInactive | Obstacle::ProjectArchived))
    }

    /// What keeps the assignment from being accepted, conflicts aside.
    fn obstacle(&self) -> Option<Obstacle> {
        if self.project_status == Some(ProjectStatus::Archived) {
            Some(Obstacle::ProjectArchived)
        } else if !self.active {
            Some(Obstacle::UserInactive)
        } else if self.quota.is_some_and(|quota| i64::from(quota) <= self.accepted) {
            Some(Obstacle::QuotaReached)
        } else {
            None
        }
    }
}

/// What the holder of a link sees, whatever its status.
///
/// # Errors
/// [`InvalidToken`] when the invitation does not exist or its secret is another one.
pub async fn open(db: &impl ConnectionTrait, claims: &InviteClaims, now: Timestamp) -> Result<Opened, Error> {
    let org_id = claims.org;
    let select = invitation::Entity::find_by_id((org_id, claims.inv));
    let found = briefings(select, org_id).into_model::<Briefing>().one(db).await?;
    let told = found.filter(|told| same_secret(&claims.jti, &told.token_hash)).ok_or(InvalidToken)?;
    let org = org::Entity::find_by_id(org_id).one(db).await?.ok_or(InvalidToken)?;
    let link_status = told.link_status(now);
    let asks = link_status == LinkStatus::Pending && told.status == AssignmentStatus::Invited;
    let mut obstacle = told.obstacle().filter(|_| asks);
    let mut conflicts = Conflicts::default();
    if asks && obstacle.is_none() {
        let period = (told.mission_id, told.starts_at, told.ends_at);
        conflicts = assignments::conflicts_of_user(db, org_id, told.user_id, period).await?;
        obstacle = (!conflicts.is_empty()).then_some(Obstacle::ScheduleConflict);
    }
    Ok(Opened {
        invitation_id: told.id,
        assignment_id: told.assignment_id,
        status: told.status,
        invitation_status: link_status,
        expires_at: told.expires_at,
        answer_by: told.answer_by,
        closes_at: told.closes_at(),
        answered_at: told.answered_at,
        obstacle,
        conflicts: conflicts.into_named(),
        contact: orgs::contact(&org),
        org_name: org.name,
        org_timezone: org.timezone,
        user_name: users::display_name(&told.first_name, &told.last_name),
        note: told.note(),
        seen: told.seen().encode(),
        mission_title: told.mission_title,
        project_title: told.project_title,
        role_name: told.role_name,
        location: told.location,
        start_at: told.starts_at,
        end_at: told.ends_at,
        timezone: told.timezone,
    })
}

/// What the people of these invitations are told, by start of their missions.
///
/// # Errors
/// When the database fails.
pub async fn briefings_of(
    db: &impl ConnectionTrait,
    org: OrgId,
    ids: Vec<InvitationId>,
) -> Result<Vec<Briefing>, Error> {
    let chosen = invitation::Entity::of(org).filter(invitation::Column::Id.is_in(ids));
    let found = briefings(chosen, org)
        .order_by_asc(missions::entity::mission::Column::StartsAt)
        .order_by_asc(invitation::Column::Id);
    Ok(found.into_model().all(db).await?)
}

/// Joins the chosen invitations with what [`Briefing`] tells.
fn briefings(select: Select<invitation::Entity>, org: OrgId) -> Select<invitation::Entity> {
    use assignments::entity::assignment;
    use missions::entity::{mission, mission_role};
    use projects::entity::project;
    use users::entity::user;
    let newer = Query::select()
        .expr(Func::count(Expr::col(Asterisk)))
        .from_as(invitation::Entity, "later")
        .and_where(Expr::col(("later", invitation::Column::OrgId)).eq(org))
        .and_where(
            Expr::col(("later", invitation::Column::AssignmentId))
                .equals((invitation::Entity, invitation::Column::AssignmentId)),
        )
        .and_where(
            Expr::col(("later", invitation::Column::Id))
                .gt(Expr::col((invitation::Entity, invitation::Column::Id))),
        )
        .take();
    select
        .select_only()
        .columns([
            invitation::Column::Id,
            invitation::Column::AssignmentId,
            invitation::Column::TokenHash,
            invitation::Column::Version,
            invitation::Column::KeyId,
            invitation::Column::Answer,
            invitation::Column::AnsweredAt,
            invitation::Column::RevokedAt,
            invitation::Column::ExpiresAt,
            invitation::Column::AnswerBy,
            invitation::Column::RemindedAt,
        ])
        .columns([assignment::Column::Status, assignment::Column::UserId, assignment::Column::MissionId])
        .column_as(assignment::Column::Note, "assignment_note")
        .columns([user::Column::FirstName, user::Column::LastName, user::Column::Active])
        .column_as(mission::Column::Title, "mission_title")
        .column_as(mission::Column::Note, "mission_note")
        .columns([
            mission::Column::Location,
            mission::Column::StartsAt,
            mission::Column::EndsAt,
            mission::Column::Timezone,
            mission::Column::CancelledAt,
        ])
        .columns([mission_role::Column::RoleName, mission_role::Column::Quota])
        .column_as(project::Column::Name, "project_title")
        .column_as(project::Column::Status, "project_status")
        .expr_as(assignments::joins::accepted_of_role(org), "accepted")
        .expr_as(Expr::SubQuery(None, Box::new(newer.into())), "newer")
        .join(JoinType::InnerJoin, to_assignment())
        .join(JoinType::InnerJoin, assignments::joins::to_user())
        .join(JoinType::InnerJoin, assignments::joins::to_mission())
        .join(JoinType::LeftJoin, assignments::joins::to_role())
        .join(JoinType::LeftJoin, missions::to_project())
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
        .filter(invitation::Column::KeyId.eq(tokens.invites_key_id()))
        .order_by_desc(invitation::Column::CreatedAt)
        .one(db)
        .await?;
    let Some(row) = pending else { return Ok(None) };
    let (token, _) = tokens.invite(org, row.id, row.version)?;
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

/// An invitation with its status at `now`; its mission starts at `start_at`.
pub(super) fn view(row: invitation::Model, start_at: Timestamp, now: Timestamp) -> Invitation {
    let state = state(&row, start_at);
    Invitation {
        id: row.id,
        assignment_id: row.assignment_id,
        email: row.email,
        status: rules::status(state, now),
        expires_at: row.expires_at,
        answer_by: row.answer_by,
        delivery: row.delivery,
        delivery_error: row.delivery_error,
        reminded_at: row.reminded_at,
        answered_at: row.answered_at,
        answer: row.answer,
        revoked_at: row.revoked_at,
        created_at: row.created_at,
    }
}

pub(super) fn state(row: &invitation::Model, start_at: Timestamp) -> State {
    let closes_at = rules::closes_at(row.expires_at, row.answer_by, start_at);
    State { answer: row.answer, revoked: row.revoked_at.is_some(), closes_at }
}
