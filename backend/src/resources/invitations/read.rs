//! Reading invitations.

use super::{
    entity::invitation,
    model::{Invitation, InvitationQuery, InvitationStatus, LinkStatus, Obstacle, Opened},
    rules::{self, Around, State},
    seen::Seen,
};
use crate::{
    auth::{InvalidToken, InviteClaims, Tokens, entity::org, hash_secret},
    db::{Database, JsonText, OfOrg, filter},
    error::{Conflict, Conflicts, Error, NotFound},
    http::Page,
    ids::{AssignmentId, InvitationId, MissionId, OrgId, UserId},
    resources::{
        assignments::{self, AssignmentStatus, Told},
        missions, orgs,
        projects::{self, ProjectStatus},
        users,
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, PaginatorTrait,
    QueryFilter, QueryOrder, QueryResult, QuerySelect, RelationDef, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query, SelectStatement},
};
use std::collections::{HashMap, HashSet};
use subtle::ConstantTimeEq;

/// The links that wait for an answer from the chosen assignments, by when they were made.
///
/// # Errors
/// When the database fails.
pub async fn open_among(
    db: &impl ConnectionTrait,
    org: OrgId,
    assignments: SelectStatement,
) -> Result<Vec<invitation::Model>, Error> {
    use invitation::Column;
    let open = invitation::Entity::of(org)
        .filter(Column::AssignmentId.in_subquery(assignments))
        .filter(Column::Answer.is_null())
        .filter(Column::RevokedAt.is_null())
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id);
    Ok(open.all(db).await?)
}

/// A page of invitations, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: InvitationQuery,
    now: Timestamp,
) -> Result<Page<[Invitation]>, Error> {
    use invitation::Column;
    let mut select = with_start(org, invitation::Entity::of(org))
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
    if let Some(hours) = query.unanswered_hours {
        select = with_mission_and_user(org, select)
            .filter(awaited(now))
            .filter(closed(now).not())
            .filter(last_asked_until(now.minus(hours.duration())));
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
        with_start(org, invitation::Entity::find_by_id((org, id))).into_model::<WithStart>().one(db).await?;
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

pub(super) fn with_start(org: OrgId, select: Select<invitation::Entity>) -> Select<invitation::Entity> {
    use assignments::entity::assignment;
    select.column(assignment::Column::StartsAt).join(JoinType::InnerJoin, to_assignment(org))
}

pub(super) fn to_assignment(org: impl Into<Option<OrgId>>) -> RelationDef {
    use assignments::entity::assignment;
    let to = invitation::Entity::belongs_to(assignment::Entity)
        .from((invitation::Column::OrgId, invitation::Column::AssignmentId))
        .to((assignment::Column::OrgId, assignment::Column::Id));
    assignment::Entity::joined(org, to.into())
}

/// Joins rows [`with_start`] with their mission, its project if it has one, and the user.
pub(super) fn with_mission_and_user(
    org: OrgId,
    select: Select<invitation::Entity>,
) -> Select<invitation::Entity> {
    select
        .join(JoinType::InnerJoin, assignments::joins::to_mission(org))
        .join(JoinType::InnerJoin, assignments::joins::to_user(org))
        .join(JoinType::LeftJoin, missions::to_project(org))
}

/// Whose answer is still wanted, of rows [`with_mission_and_user`]; also by a link that has closed, which a reminder opens again.
pub(super) fn awaited(now: Timestamp) -> Condition {
    use assignments::entity::assignment;
    use invitation::Column;
    use missions::entity::mission;
    use projects::entity::project;
    use users::entity::user;
    Condition::all()
        .add(Column::Answer.is_null())
        .add(Column::RevokedAt.is_null())
        .add(assignment::Column::Status.eq(AssignmentStatus::Invited))
        .add(mission::Column::CancelledAt.is_null())
        .add(mission::Column::EndsAt.gt(now))
        .add(user::Column::Active.eq(true))
        .add(project::Column::Status.is_null().or(project::Column::Status.ne(ProjectStatus::Archived)))
}

/// Who was last asked at that instant or before: by the link, a reminder, or the mail that told them of a move.
pub(super) fn last_asked_until(instant: Timestamp) -> Condition {
    use invitation::Column;
    let not_later = |column: Column| column.is_null().or(column.lte(instant));
    Condition::all()
        .add(Column::CreatedAt.lte(instant))
        .add(not_later(Column::RemindedAt))
        .add(not_later(Column::AskedAgainAt))
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
    pub org_id: OrgId,
    pub id: InvitationId,
    pub assignment_id: AssignmentId,
    token_hash: Vec<u8>,
    version: i32,
    key_id: Option<String>,
    email: Option<String>,
    user_email: Option<String>,
    calendar_version: i32,
    answer: Option<AssignmentStatus>,
    answered_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    expires_at: Timestamp,
    answer_by: Option<Timestamp>,
    reminded_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// A newer invitation of the same assignment.
    newer: i64,
    pub status: AssignmentStatus,
    pub needs_confirmation: bool,
    agreed: Option<JsonText>,
    shown: Option<JsonText>,
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

    pub fn deadline(&self) -> Option<Timestamp> {
        rules::deadline(self.closes_at(), self.answer_by, self.starts_at)
    }

    pub fn was_reminded(&self) -> bool {
        self.reminded_at.is_some()
    }

    /// The token, if the key of the invitation's link is known.
    pub(super) fn token(&self, tokens: &Tokens, org: OrgId) -> Result<Option<String>, Error> {
        tokens.invite_again(org, self.id, self.version, self.key_id.as_deref())
    }

    pub fn link_status(&self, now: Timestamp) -> LinkStatus {
        let revoked = self.revoked_at.is_some();
        let answer = rules::answer(self.answer, self.withdrawn_at);
        let state = State { answer, revoked, closes_at: self.closes_at() };
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

    /// Whether the link was mailed to the person's own address, so that who holds it is likely to be them.
    fn is_their_own(&self) -> bool {
        self.email.is_some() && self.email == self.user_email
    }

    /// What the planner noted on the mission, and on the person's part in it.
    pub fn note(&self) -> Option<String> {
        let notes: Vec<_> =
            [&self.mission_note, &self.assignment_note].into_iter().flatten().cloned().collect();
        (!notes.is_empty()).then(|| notes.join("\n\n"))
    }

    /// What the person's mail says of the time and the place.
    pub fn told(&self) -> Told {
        Told {
            start_at: self.starts_at,
            end_at: self.ends_at,
            timezone: self.timezone.clone(),
            location: self.location.clone(),
        }
    }

    /// What they said yes to, if that has to be confirmed.
    fn agreed(&self) -> Option<Told> {
        self.agreed.as_ref().filter(|_| self.needs_confirmation).and_then(Told::stored)
    }

    /// What whoever is asked was last shown, if a mail is still to tell them that it is otherwise.
    fn shown(&self) -> Option<Told> {
        let shown = self.shown.as_ref().filter(|_| self.status == AssignmentStatus::Invited);
        shown.and_then(Told::stored).filter(|shown| shown.is_outdated(&self.told()))
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

    /// Whether the role has all its people.
    pub fn is_full(&self) -> bool {
        self.quota.is_some_and(|quota| i64::from(quota) <= self.accepted)
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
        } else if self.is_full() {
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
    let mut conflicts = Conflicts::default();
    if told.asks(now) && told.obstacle().is_none() {
        let period = (told.mission_id, told.starts_at, told.ends_at);
        conflicts = assignments::conflicts_of_user(db, org_id, told.user_id, period).await?;
    }
    Ok(told.opened(&org, conflicts, now))
}

/// What one mail carried to its person, as it stands now, and the tokens of the links. Its rows are those of a mail to `address`,
/// which must still be the user's where it was.
///
/// # Errors
/// When the database fails.
pub async fn open_all(
    db: &impl ConnectionTrait,
    tokens: &Tokens,
    (org_id, address): (OrgId, &str),
    ids: Vec<InvitationId>,
    now: Timestamp,
) -> Result<Vec<(Opened, String)>, Error> {
    let chosen = invitation::Entity::of(org_id)
        .filter(invitation::Column::Id.is_in(ids))
        .filter(invitation::Column::Email.eq(address))
        .filter(
            Condition::any()
                .add(invitation::Column::OwnAddress.eq(false))
                .add(users::entity::user::Column::Email.eq(address)),
        );
    let found = briefings(chosen, org_id)
        .order_by_asc(missions::entity::mission::Column::StartsAt)
        .order_by_asc(invitation::Column::Id);
    let all: Vec<Briefing> = found.into_model().all(db).await?;
    let (Some(first), Some(end)) = (all.first(), all.iter().map(|told| told.ends_at).max()) else {
        return Ok(Vec::new());
    };
    let org = org::Entity::find_by_id(org_id).one(db).await?.ok_or(NotFound)?;
    // Of nobody's mission: those of the mail are told apart below.
    let whole = (MissionId(uuid::Uuid::nil()), first.starts_at, end);
    let taken = assignments::conflicts_of_user(db, org_id, first.user_id, whole).await?;
    let opened = all.into_iter().filter_map(|told| {
        let token = told.token(tokens, org_id).transpose()?;
        let conflicts = match told.asks(now) && told.obstacle().is_none() {
            true => in_the_way(&taken, &told),
            false => Conflicts::default(),
        };
        Some(token.map(|token| (told.opened(&org, conflicts, now), token)))
    });
    opened.collect()
}

/// Those of a user's conflicts that overlap this call.
fn in_the_way(taken: &Conflicts, told: &Briefing) -> Conflicts {
    let overlaps = |one: &&Conflict| match one {
        Conflict::Mission { mission_id, start_at, end_at, .. } => {
            *mission_id != told.mission_id && *start_at < told.ends_at && *end_at > told.starts_at
        }
        Conflict::Availability { .. } => false,
    };
    let found: Vec<_> = taken.named().iter().filter(overlaps).cloned().collect();
    let total = found.len() as u64;
    Conflicts::of(found, total)
}

impl Briefing {
    /// Whether its link asks for an answer.
    fn asks(&self, now: Timestamp) -> bool {
        self.link_status(now) == LinkStatus::Pending && self.status == AssignmentStatus::Invited
    }

    fn opened(self, org: &org::Model, conflicts: Conflicts, now: Timestamp) -> Opened {
        let asks = self.asks(now);
        // What is over is confirmed by nobody.
        let needs_confirmation = self.needs_confirmation && self.ends_at > now;
        let taken = (!conflicts.is_empty()).then_some(Obstacle::ScheduleConflict);
        Opened {
            obstacle: self.obstacle().or(taken).filter(|_| asks),
            conflicts: conflicts.into_named(),
            invitation_status: self.link_status(now),
            closes_at: self.closes_at(),
            agreed: self.agreed().filter(|_| needs_confirmation),
            shown: self.shown().filter(|_| asks),
            answer: rules::answer(self.answer, self.withdrawn_at),
            note: self.note(),
            seen: self.seen().encode(),
            user_name: users::display_name(&self.first_name, &self.last_name),
            feed: self.is_their_own().then_some((self.user_id, self.calendar_version)),
            answered_at: self.withdrawn_at.or(self.answered_at),
            invitation_id: self.id,
            assignment_id: self.assignment_id,
            status: self.status,
            expires_at: self.expires_at,
            answer_by: self.answer_by,
            needs_confirmation,
            contact: orgs::contact(org),
            org_name: org.name.clone(),
            org_timezone: org.timezone.clone(),
            mission_title: self.mission_title,
            project_title: self.project_title,
            role_name: self.role_name,
            location: self.location,
            start_at: self.starts_at,
            end_at: self.ends_at,
            timezone: self.timezone,
        }
    }
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

/// The first `count` invitations made before `asked_before` that have no answer, of missions that have not begun at `now`, by
/// their start, and how many there are.
///
/// # Errors
/// When the database fails.
pub async fn unanswered(
    db: &impl ConnectionTrait,
    org: OrgId,
    asked_before: Timestamp,
    (now, count): (Timestamp, u64),
) -> Result<(Vec<Briefing>, u64), Error> {
    waiting(db, org, invitation::Column::CreatedAt.lte(asked_before), (now, count)).await
}

/// The same of those whose link closes before `until`.
///
/// # Errors
/// When the database fails.
pub async fn closing(
    db: &impl ConnectionTrait,
    org: OrgId,
    until: Timestamp,
    (now, count): (Timestamp, u64),
) -> Result<(Vec<Briefing>, u64), Error> {
    waiting(db, org, closed(until).and(closed(now).not()), (now, count)).await
}

async fn waiting(
    db: &impl ConnectionTrait,
    org: OrgId,
    chosen: Expr,
    (now, count): (Timestamp, u64),
) -> Result<(Vec<Briefing>, u64), Error> {
    use assignments::entity::assignment;
    use missions::entity::mission;
    let waiting = briefings(invitation::Entity::of(org), org)
        .filter(chosen)
        .filter(invitation::Column::Answer.is_null())
        .filter(invitation::Column::RevokedAt.is_null())
        .filter(assignment::Column::Status.eq(AssignmentStatus::Invited))
        .filter(assignment::Column::StartsAt.gt(now))
        .filter(mission::Column::CancelledAt.is_null());
    let total = waiting.clone().count(db).await?;
    let first =
        waiting.order_by_asc(assignment::Column::StartsAt).order_by_asc(invitation::Column::Id).limit(count);
    Ok((first.into_model().all(db).await?, total))
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
            invitation::Column::OrgId,
            invitation::Column::Id,
            invitation::Column::CreatedAt,
            invitation::Column::AssignmentId,
            invitation::Column::TokenHash,
            invitation::Column::Version,
            invitation::Column::KeyId,
            invitation::Column::Email,
            invitation::Column::Answer,
            invitation::Column::AnsweredAt,
            invitation::Column::WithdrawnAt,
            invitation::Column::RevokedAt,
            invitation::Column::ExpiresAt,
            invitation::Column::AnswerBy,
            invitation::Column::RemindedAt,
        ])
        .columns([assignment::Column::Status, assignment::Column::UserId, assignment::Column::MissionId])
        .columns([
            assignment::Column::NeedsConfirmation,
            assignment::Column::Agreed,
            assignment::Column::Shown,
        ])
        .column_as(assignment::Column::Note, "assignment_note")
        .columns([user::Column::FirstName, user::Column::LastName, user::Column::Active])
        .column(user::Column::CalendarVersion)
        .column_as(user::Column::Email, "user_email")
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
        .join(JoinType::InnerJoin, to_assignment(org))
        .join(JoinType::InnerJoin, assignments::joins::to_user(org))
        .join(JoinType::InnerJoin, assignments::joins::to_mission(org))
        .join(JoinType::LeftJoin, assignments::joins::to_role(org))
        .join(JoinType::LeftJoin, missions::to_project(org))
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
        .filter(invitation::Column::KeyId.is_in(tokens.invites_key_ids()))
        .order_by_desc(invitation::Column::CreatedAt)
        .one(db)
        .await?;
    let Some(row) = pending else { return Ok(None) };
    let token = tokens.invite_again(org, row.id, row.version, row.key_id.as_deref())?;
    Ok(token.map(|token| link(public_url, &token)))
}

/// Those of the assignments that have a link which waits for an answer, however old.
///
/// # Errors
/// When the database fails.
pub async fn open_of(
    db: &impl ConnectionTrait,
    org: OrgId,
    assignments: &[AssignmentId],
) -> Result<HashSet<AssignmentId>, Error> {
    use invitation::Column;
    let open = invitation::Entity::of(org)
        .select_only()
        .column(Column::AssignmentId)
        .filter(Column::AssignmentId.is_in(assignments.iter().copied()))
        .filter(Column::Answer.is_null())
        .filter(Column::RevokedAt.is_null());
    Ok(open.into_tuple().all(db).await?.into_iter().collect())
}

/// The addresses that planners gave for the latest invitations of assignments, where those are not the users' own.
///
/// # Errors
/// When the database fails.
pub async fn given_addresses(
    db: &impl ConnectionTrait,
    org: OrgId,
    assignments: impl IntoIterator<Item = AssignmentId>,
) -> Result<HashMap<AssignmentId, String>, Error> {
    use invitation::Column;
    let rows: Vec<(AssignmentId, Option<String>, bool)> = invitation::Entity::of(org)
        .select_only()
        .columns([Column::AssignmentId, Column::Email, Column::OwnAddress])
        .filter(Column::AssignmentId.is_in(assignments))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    let latest: HashMap<_, _> = rows.into_iter().map(|(id, email, own)| (id, (email, own))).collect();
    let given =
        |(id, (email, own)): (AssignmentId, (Option<String>, bool))| Some((id, email.filter(|_| !own)?));
    Ok(latest.into_iter().filter_map(given).collect())
}

pub fn link(public_url: &str, token: &str) -> String {
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
        answered_at: row.withdrawn_at.or(row.answered_at),
        answer: rules::answer(row.answer, row.withdrawn_at),
        revoked_at: row.revoked_at,
        created_at: row.created_at,
    }
}

pub(super) fn state(row: &invitation::Model, start_at: Timestamp) -> State {
    let closes_at = rules::closes_at(row.expires_at, row.answer_by, start_at);
    let answer = rules::answer(row.answer, row.withdrawn_at);
    State { answer, revoked: row.revoked_at.is_some(), closes_at }
}
