//! Reading candidates: a constant number of statements in one snapshot, whoever is there.

use super::{
    model::{Candidate, CandidateAssignment, CandidateConflict, Candidates, CandidatesQuery, Declared},
    rules::{Period, Person, cover, rank},
};
use crate::{
    db::{OfOrg, filter},
    error::{Error, UnknownReference},
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{
        assignments::{
            AssignmentStatus::{self, Accepted, Declined, Invited},
            entity::assignment,
            joins,
        },
        availabilities::{AvailabilityKind, AvailabilityStatus, entity::availability},
        missions::{self, Mission, entity::mission},
        users::{
            self, EmploymentType,
            entity::{user, user_skill},
        },
    },
    text::{Label, NameKey, WordKey, ZoneName},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use std::{
    cmp::{max, min},
    collections::HashMap,
};

/// How far back, and ahead, answers tell something about the next one.
const REMEMBERED_SECONDS: i64 = 180 * 24 * 3600;

/// # Errors
/// [`NotFound`](crate::error::NotFound) for no mission, [`UnknownReference`] for a role that it does not have.
pub async fn candidates(
    db: &impl ConnectionTrait,
    org: OrgId,
    id: MissionId,
    query: CandidatesQuery,
    now: Timestamp,
) -> Result<Candidates, Error> {
    let mission = missions::get(db, org, id).await?;
    let role = role_of(&mission, query.role_name.as_ref())?;
    let zone = ZoneName::zone(&mission.timezone).map_err(|error| Error::internal(error))?;
    let whole = Period { start: mission.start_at, end: mission.end_at };
    let week = whole.week(&zone).map_err(|error| Error::internal(error))?;

    let people = people(db, org).await?;
    let mut levels = levels(db, org, role).await?;
    let mut declared = declared(db, org, whole).await?;
    let mut planned = planned(db, org, &mission, (whole, week)).await?;
    let mut standing = standing(db, org, id).await?;
    let mut answers = answers(db, org, now).await?;

    let total = people.len();
    let people = people.into_iter().map(|row| {
        let Planned { minutes, conflicts } = planned.remove(&row.id).unwrap_or_default();
        let (accepted, declined) = answers.remove(&row.id).unwrap_or_default();
        let candidate = Candidate {
            user_id: row.id,
            name: users::display_name(&row.first_name, &row.last_name),
            email: row.email,
            phone: row.phone,
            employment_type: row.employment_type,
            skill_level: levels.remove(&row.id),
            availability: declared.remove(&row.id),
            planned_minutes: minutes,
            accepted,
            declined,
            assignment: standing.remove(&row.id),
            reasons: Vec::new(),
        };
        Person { candidate, conflicts }
    });
    let mut candidates = rank(people.collect(), role);
    candidates.truncate(query.limit.count());
    Ok(Candidates { mission_id: id, role_name: role.map(Into::into), total, candidates })
}

/// The named role; without a name the only one.
fn role_of<'m>(mission: &'m Mission, name: Option<&Label>) -> Result<Option<&'m str>, Error> {
    let roles = || mission.roles.iter().map(|role| &*role.role_name);
    match name.map(Label::key) {
        Some(key) => match roles().find(|role| NameKey::of(role) == key) {
            Some(role) => Ok(Some(role)),
            None => Err(UnknownReference { pointer: "/role_name", name: "role of this mission" }.into()),
        },
        None => Ok(roles().next().filter(|_| mission.roles.len() == 1)),
    }
}

/// Everyone active, by last, then first name.
async fn people(db: &impl ConnectionTrait, org: OrgId) -> Result<Vec<PersonRow>, Error> {
    use user::Column;
    let select = user::Entity::of(org)
        .select_only()
        .columns([Column::Id, Column::FirstName, Column::LastName, Column::Email, Column::Phone])
        .column(Column::EmploymentType)
        .filter(Column::Active.eq(true))
        .order_by_asc(Column::SortKey)
        .order_by_asc(Column::Id);
    Ok(select.into_model::<PersonRow>().all(db).await?)
}

/// Who can do what the role is called, and how well; nobody for none.
async fn levels(
    db: &impl ConnectionTrait,
    org: OrgId,
    role: Option<&str>,
) -> Result<HashMap<UserId, i16>, Error> {
    use user_skill::Column;
    let select = user_skill::Entity::of(org)
        .select_only()
        .columns([Column::UserId, Column::Level])
        .filter(Column::SkillKey.is_in(role.map(WordKey::of)));
    let rows: Vec<(UserId, i16)> = select.into_tuple().all(db).await?;
    Ok(rows.into_iter().collect())
}

/// Who declared to be there for all of it, where several availabilities, one after the other, count as one; and who declared not to
/// be there for a part of it.
async fn declared(
    db: &impl ConnectionTrait,
    org: OrgId,
    whole: Period,
) -> Result<HashMap<UserId, Declared>, Error> {
    use availability::Column;
    let select = availability::Entity::of(org)
        .select_only()
        .columns([Column::UserId, Column::Kind, Column::StartsAt, Column::EndsAt, Column::Status])
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), Some(whole.start), Some(whole.end)))
        .filter(Column::Status.is_in([AvailabilityStatus::Approved, AvailabilityStatus::Pending]));
    let rows: Vec<(UserId, AvailabilityKind, Timestamp, Timestamp, AvailabilityStatus)> =
        select.into_tuple().all(db).await?;
    let (mut all, mut approved): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = Default::default();
    let mut unavailable = HashMap::new();
    for (user, kind, start, end, status) in rows {
        if kind == AvailabilityKind::Unavailable {
            unavailable.insert(user, Declared::Unavailable);
            continue;
        }
        all.entry(user).or_default().push(Period { start, end });
        if status == AvailabilityStatus::Approved {
            approved.entry(user).or_default().push(Period { start, end });
        }
    }
    let covered = all.into_iter().filter(|(_, periods)| cover(whole, periods.clone()));
    let available = covered.map(|(user, _)| {
        let counted_on = approved.remove(&user).is_some_and(|periods| cover(whole, periods));
        (user, if counted_on { Declared::Approved } else { Declared::Pending })
    });
    // Whoever declared both at once is asked before they are planned.
    Ok(available.collect::<HashMap<_, _>>().into_iter().chain(unavailable).collect())
}

/// What somebody has to do.
#[derive(Debug, Default)]
struct Planned {
    /// In the week.
    minutes: u64,
    /// At the time of the mission, accepted ones first.
    conflicts: Vec<CandidateConflict>,
}

/// What everyone is invited to or accepted for, in the week and at the time of the mission, but for the mission itself.
async fn planned(
    db: &impl ConnectionTrait,
    org: OrgId,
    mission: &Mission,
    (whole, week): (Period, Period),
) -> Result<HashMap<UserId, Planned>, Error> {
    use assignment::Column;
    let (from, to) = (min(whole.start, week.start), max(whole.end, week.end));
    let select = assignment::Entity::of(org)
        .select_only()
        .columns([Column::Id, Column::UserId, Column::MissionId, Column::Status])
        .columns([Column::StartsAt, Column::EndsAt])
        .column(mission::Column::Title)
        .join(JoinType::InnerJoin, joins::to_mission(org))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), Some(from), Some(to)))
        .filter(Column::Status.is_in([Invited, Accepted]))
        .filter(Column::MissionId.ne(mission.id))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id);
    let mut planned: HashMap<UserId, Planned> = HashMap::new();
    for row in select.into_model::<PlannedRow>().all(db).await? {
        let period = Period { start: row.starts_at, end: row.ends_at };
        let of_user = planned.entry(row.user_id).or_default();
        of_user.minutes += period.minutes_in(week);
        if period.overlaps(whole) {
            of_user.conflicts.push(CandidateConflict {
                assignment_id: row.id,
                mission_id: row.mission_id,
                title: row.title,
                start_at: row.starts_at,
                end_at: row.ends_at,
                status: row.status,
            });
        }
    }
    for of_user in planned.values_mut() {
        of_user.conflicts.sort_by_key(|conflict| conflict.status != Accepted);
    }
    Ok(planned)
}

/// Who is or was on the mission: the active assignment of each, or the newest of the others.
async fn standing(
    db: &impl ConnectionTrait,
    org: OrgId,
    mission: MissionId,
) -> Result<HashMap<UserId, CandidateAssignment>, Error> {
    use assignment::Column;
    let select = assignment::Entity::of(org)
        .select_only()
        .columns([Column::UserId, Column::Id, Column::Status])
        .filter(Column::MissionId.eq(mission));
    let mut rows: Vec<(UserId, AssignmentId, AssignmentStatus)> = select.into_tuple().all(db).await?;
    // The last of each is the one that counts.
    rows.sort_by_key(|(_, id, status)| (matches!(status, Invited | Accepted), *id));
    Ok(rows.into_iter().map(|(user, id, status)| (user, CandidateAssignment { id, status })).collect())
}

/// To how many missions everyone said yes and no, of those that begin around that time and were not called off: a call-off ends a yes,
/// and would leave the no. The bounds stand on both tables, as PostgreSQL reads all missions otherwise.
async fn answers(
    db: &impl ConnectionTrait,
    org: OrgId,
    now: Timestamp,
) -> Result<HashMap<UserId, (u32, u32)>, Error> {
    use assignment::Column;
    let (from, to) = (now.plus_seconds(-REMEMBERED_SECONDS), now.plus_seconds(REMEMBERED_SECONDS));
    let select = assignment::Entity::of(org)
        .select_only()
        .columns([Column::UserId, Column::Status])
        .column_as(Expr::col((assignment::Entity, Column::MissionId)).count_distinct(), "answers")
        .join(JoinType::InnerJoin, joins::to_mission(org))
        .filter(mission::Column::CancelledAt.is_null())
        .filter(Column::StartsAt.between(from, to))
        .filter(mission::Column::StartsAt.between(from, to))
        .filter(Column::Status.is_in([Accepted, Declined]))
        .group_by(Column::UserId)
        .group_by(Column::Status);
    let rows: Vec<(UserId, AssignmentStatus, i64)> = select.into_tuple().all(db).await?;
    let mut answers: HashMap<UserId, (u32, u32)> = HashMap::new();
    for (user, status, count) in rows {
        let (accepted, declined) = answers.entry(user).or_default();
        let of_status = if status == Accepted { accepted } else { declined };
        *of_status = u32::try_from(count).unwrap_or(u32::MAX);
    }
    Ok(answers)
}

#[derive(Debug, FromQueryResult)]
struct PersonRow {
    id: UserId,
    first_name: String,
    last_name: String,
    email: Option<String>,
    phone: Option<String>,
    employment_type: EmploymentType,
}

#[derive(Debug, FromQueryResult)]
struct PlannedRow {
    id: AssignmentId,
    user_id: UserId,
    mission_id: MissionId,
    status: AssignmentStatus,
    starts_at: Timestamp,
    ends_at: Timestamp,
    title: String,
}
