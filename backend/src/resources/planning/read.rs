//! Reading the plan: a constant number of statements in one snapshot, each bounded.

use super::model::{
    Planning, PlanningAssignment, PlanningConflict, PlanningDecline, PlanningInvitation, PlanningMission,
    PlanningProject, PlanningQuery, PlanningUser,
};
use crate::{
    db::{List, OfOrg, Reader, Versions, filter},
    error::Error,
    http::Page,
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, ProjectId, UserId},
    resources::{
        assignments::{AssignmentStatus, entity::assignment},
        availabilities::{Availability, AvailabilityStatus, entity::availability},
        conflicts::{self, Side},
        invitations,
        missions::{self, Mission, entity::mission},
        projects::{ProjectStatus, entity::project},
        users::{self, EmploymentType, entity::user},
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{ExprTrait, SelectStatement},
};
use std::{
    cmp::min,
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

/// 92 days, and an hour: three months may have a clock change in them.
const LONGEST: Duration = Duration::from_secs((92 * 24 + 1) * 3600);
const MOST_MISSIONS: usize = 5_000;
/// Also of declines, availabilities and conflicts.
const MOST_ASSIGNMENTS: usize = 20_000;
const MOST_USERS: usize = 5_000;

/// # Errors
/// [`Error::Invalid`] for a period that is empty or too long.
pub fn check(query: &PlanningQuery) -> Result<(), Error> {
    let length = query.to.since(query.from);
    match length.is_zero() || length > LONGEST {
        true => Err(Error::invalid("/to", "must be after `from`, at most 92 days later")),
        false => Ok(()),
    }
}

fn too_many(most: usize, what: &str) -> Error {
    Error::invalid("/to", format!("selects more than {most} {what}; ask for a shorter period, or filter"))
}

/// # Errors
/// [`Error::Invalid`] for a plan that is too large for one answer.
pub async fn planning(db: &Reader, org: OrgId, query: PlanningQuery) -> Result<Page<Planning>, Error> {
    let version = Versions::read(db, org).await?.of(List::Planning);
    let sought = Sought { org, query };
    let assignments = sought.assignments(db).await?;
    let missions = sought.missions(db).await?;
    let planned = !assignments.is_empty();
    let users = sought.users(db, planned).await?;
    let planning = Planning {
        version: format!("{version:016x}"),
        projects: projects(db, org, &missions).await?,
        conflicts: conflicts(&assignments)?,
        assignments: sought.with_invitations(db, assignments).await?,
        declines: sought.declines(db, &missions).await?,
        availabilities: sought.availabilities(db, planned).await?,
        missions,
        users,
    };
    Page::whole(&planning)?.ok_or_else(|| {
        Error::invalid("/to", "selects more than fits into one answer; ask for a shorter period, or filter")
    })
}

/// What is asked for, of an org.
struct Sought {
    org: OrgId,
    query: PlanningQuery,
}

impl Sought {
    fn window(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (Some(self.query.from), Some(self.query.to))
    }

    fn archived_projects(&self) -> SelectStatement {
        project::Entity::of(self.org)
            .select_only()
            .column(project::Column::Id)
            .filter(project::Column::Status.eq(ProjectStatus::Archived))
            .into_query()
    }

    /// The missions of the period.
    fn all_missions(&self) -> Select<mission::Entity> {
        use mission::Column;
        let (from, to) = self.window();
        mission::Entity::of(self.org)
            .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), from, to))
            .filter(Column::CancelledAt.is_null())
            .filter(
                Column::ProjectId.is_null().or(Column::ProjectId.not_in_subquery(self.archived_projects())),
            )
    }

    /// Which of them were asked for; `None` for all.
    fn matching(&self) -> Option<Condition> {
        let projects = &self.query.project_id.0;
        let q = self.query.q.as_deref().filter(|q| !q.trim().is_empty());
        let words = q.map(|q| filter::has_words(&[mission::Column::Search], q));
        (!projects.is_empty() || words.is_some())
            .then(|| filter::one_of(mission::Column::ProjectId, projects.clone()).add_option(words))
    }

    /// The people who were asked for; `None` for all.
    fn chosen_users(&self) -> Option<Condition> {
        let PlanningQuery { user_id, skill, tag, .. } = &self.query;
        (!(user_id.0.is_empty() && skill.0.is_empty() && tag.0.is_empty())).then(|| {
            filter::one_of(user::Column::Id, user_id.0.clone())
                .add(users::with_words(self.org, &skill.0, &tag.0))
        })
    }

    /// Who is shown: the people who were asked for; else everyone active, and whoever is on a mission. `planned` says whether anybody
    /// is.
    fn shown_users(&self, planned: bool) -> Condition {
        use user::Column;
        self.chosen_users().unwrap_or_else(|| {
            let on_missions = self.active().select_only().column(assignment::Column::UserId);
            let of_inactive = Column::Id.in_subquery(on_missions.into_query());
            Condition::any().add(Column::Active.eq(true)).add_option(planned.then_some(of_inactive))
        })
    }

    fn ids_of_users(&self, which: Condition) -> SelectStatement {
        user::Entity::of(self.org).select_only().column(user::Column::Id).filter(which).into_query()
    }

    /// Who is invited or accepted in the period, of the people who are shown.
    fn active(&self) -> Select<assignment::Entity> {
        self.with_status([AssignmentStatus::Invited, AssignmentStatus::Accepted])
    }

    fn with_status(
        &self,
        statuses: impl IntoIterator<Item = AssignmentStatus>,
    ) -> Select<assignment::Entity> {
        use assignment::Column;
        let (from, to) = self.window();
        let chosen = self.chosen_users().map(|chosen| Column::UserId.in_subquery(self.ids_of_users(chosen)));
        let archived = mission::Entity::of(self.org)
            .select_only()
            .column(mission::Column::Id)
            .filter(filter::overlaps((mission::Column::StartsAt, mission::Column::EndsAt), from, to))
            .filter(mission::Column::ProjectId.in_subquery(self.archived_projects()));
        assignment::Entity::of(self.org)
            .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), from, to))
            .filter(Column::Status.is_in(statuses))
            .filter(Column::MissionId.not_in_subquery(archived.into_query()))
            .filter(Condition::all().add_option(chosen))
    }

    async fn assignments(&self, db: &Reader) -> Result<Vec<AssignmentRow>, Error> {
        use assignment::Column;
        let rows = self
            .active()
            .select_only()
            .columns([Column::Id, Column::MissionId, Column::UserId, Column::MissionRoleId, Column::Status])
            .columns([Column::Note, Column::ConflictOverride, Column::NeedsConfirmation])
            .columns([Column::StartsAt, Column::EndsAt, Column::UpdatedAt])
            .order_by_asc(Column::StartsAt)
            .order_by_asc(Column::Id)
            .limit(MOST_ASSIGNMENTS as u64 + 1)
            .into_model::<AssignmentRow>()
            .all(db)
            .await?;
        few(rows, MOST_ASSIGNMENTS, "assignments")
    }

    /// Who declined one of the missions.
    async fn declines(
        &self,
        db: &Reader,
        missions: &[PlanningMission],
    ) -> Result<Vec<PlanningDecline>, Error> {
        use assignment::Column;
        let rows: Vec<(MissionId, UserId, Option<String>)> = self
            .with_status([AssignmentStatus::Declined])
            .select_only()
            .columns([Column::MissionId, Column::UserId, Column::DeclineReason])
            .order_by_asc(Column::StartsAt)
            .order_by_asc(Column::Id)
            .limit(MOST_ASSIGNMENTS as u64 + 1)
            .into_tuple()
            .all(db)
            .await?;
        let shown: HashSet<MissionId> = missions.iter().map(|one| one.mission.id).collect();
        let declines = few(rows, MOST_ASSIGNMENTS, "declines")?
            .into_iter()
            .filter(|(mission_id, ..)| shown.contains(mission_id))
            .map(|(mission_id, user_id, reason)| PlanningDecline { mission_id, user_id, reason });
        Ok(declines.collect())
    }

    async fn missions(&self, db: &Reader) -> Result<Vec<PlanningMission>, Error> {
        use mission::Column;
        let (select, matching) = match self.matching() {
            None => (self.all_missions(), None),
            Some(matching) => {
                let found = self.all_missions().select_only().column(Column::Id).filter(matching.clone());
                let found: HashSet<MissionId> =
                    found.limit(MOST_MISSIONS as u64 + 1).into_tuple().all(db).await?.into_iter().collect();
                let elsewhere = self.active().select_only().column(assignment::Column::MissionId);
                let shown =
                    Condition::any().add(matching).add(Column::Id.in_subquery(elsewhere.into_query()));
                (self.all_missions().filter(shown), Some(found))
            }
        };
        let ordered = select.order_by_asc(Column::StartsAt).order_by_asc(Column::Id);
        let missions = missions::chosen(db, self.org, ordered.limit(MOST_MISSIONS as u64 + 1)).await?;
        let missions = few(missions, MOST_MISSIONS, "missions")?;
        let matches = |mission: &Mission| matching.as_ref().is_none_or(|found| found.contains(&mission.id));
        Ok(missions
            .into_iter()
            .map(|mission| PlanningMission { matches: matches(&mission), mission })
            .collect())
    }

    async fn users(&self, db: &Reader, planned: bool) -> Result<Vec<PlanningUser>, Error> {
        use user::Column;
        let rows = user::Entity::of(self.org)
            .select_only()
            .columns([Column::Id, Column::FirstName, Column::LastName, Column::Email, Column::Phone])
            .columns([Column::EmploymentType, Column::Active, Column::UpdatedAt])
            .filter(self.shown_users(planned))
            .order_by_asc(Column::SortKey)
            .order_by_asc(Column::Id)
            .limit(MOST_USERS as u64 + 1)
            .into_model::<UserRow>()
            .all(db)
            .await?;
        let rows = few(rows, MOST_USERS, "people")?;
        let mut words = users::words(db, self.org, rows.iter().map(|row| row.id).collect()).await?;
        let shown = |row: UserRow| {
            let own = words.remove(&row.id).unwrap_or_default();
            PlanningUser {
                id: row.id,
                name: users::display_name(&row.first_name, &row.last_name),
                email: row.email,
                phone: row.phone,
                employment_type: row.employment_type,
                active: row.active,
                skill_levels: own.levels,
                tags: own.tags,
                updated_at: row.updated_at,
            }
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Those of the people who are shown: what is not shown does not count for the limit.
    async fn availabilities(&self, db: &Reader, planned: bool) -> Result<Vec<Availability>, Error> {
        use availability::Column;
        let (from, to) = self.window();
        let of_shown = match self.chosen_users() {
            Some(chosen) => Column::UserId.in_subquery(self.ids_of_users(chosen)),
            // Nearly everyone is shown: the period stays what the index is read by.
            None => Column::UserId.not_in_subquery(self.ids_of_users(self.shown_users(planned).not())),
        };
        let rows = availability::Entity::of(self.org)
            .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), from, to))
            .filter(Column::Status.ne(AvailabilityStatus::Rejected))
            .filter(of_shown)
            .order_by_asc(Column::StartsAt)
            .order_by_asc(Column::Id)
            .limit(MOST_ASSIGNMENTS as u64 + 1)
            .all(db)
            .await?;
        let rows = few(rows, MOST_ASSIGNMENTS, "availabilities")?;
        Ok(rows.into_iter().map(Availability::from).collect())
    }

    async fn with_invitations(
        &self,
        db: &Reader,
        rows: Vec<AssignmentRow>,
    ) -> Result<Vec<PlanningAssignment>, Error> {
        let asked = self
            .active()
            .select_only()
            .column(assignment::Column::Id)
            .filter(assignment::Column::Status.eq(AssignmentStatus::Invited));
        let mut open: HashMap<AssignmentId, PlanningInvitation> = HashMap::new();
        for row in invitations::open_among(db, self.org, asked.into_query()).await? {
            let invitation = PlanningInvitation {
                id: row.id,
                created_at: row.created_at,
                answer_by: row.answer_by,
                expires_at: row.expires_at,
                reminded_at: row.reminded_at,
                delivery: row.delivery,
            };
            open.insert(row.assignment_id, invitation);
        }
        let shown = |row: AssignmentRow| PlanningAssignment {
            invitation: open.remove(&row.id),
            id: row.id,
            mission_id: row.mission_id,
            user_id: row.user_id,
            mission_role_id: row.mission_role_id,
            status: row.status,
            note: row.note,
            conflict_override: row.conflict_override,
            needs_confirmation: row.needs_confirmation,
            updated_at: row.updated_at,
        };
        Ok(rows.into_iter().map(shown).collect())
    }
}

fn few<T>(all: Vec<T>, most: usize, what: &str) -> Result<Vec<T>, Error> {
    if all.len() > most { Err(too_many(most, what)) } else { Ok(all) }
}

async fn projects(
    db: &Reader,
    org: OrgId,
    missions: &[PlanningMission],
) -> Result<Vec<PlanningProject>, Error> {
    use project::Column;
    let ids: BTreeSet<ProjectId> = missions.iter().filter_map(|one| one.mission.project_id).collect();
    let named = project::Entity::of(org)
        .select_only()
        .columns([Column::Id, Column::Name])
        .filter(Column::Id.is_in(ids))
        .order_by_asc(Column::NameKey);
    let rows: Vec<(ProjectId, String)> = named.into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(id, name)| PlanningProject { id, name }).collect())
}

fn conflicts(assignments: &[AssignmentRow]) -> Result<Vec<PlanningConflict>, Error> {
    let accepted = assignments.iter().filter(|row| row.status == AssignmentStatus::Accepted);
    let sides = accepted.clone().map(|row| Side {
        user: row.user_id,
        id: row.id,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        overridden: row.conflict_override.is_some(),
    });
    let pairs =
        few(conflicts::first_pairs(sides.collect(), MOST_ASSIGNMENTS + 1), MOST_ASSIGNMENTS, "conflicts")?;
    let reasons: HashMap<AssignmentId, &String> =
        accepted.filter_map(|row| Some((row.id, row.conflict_override.as_ref()?))).collect();
    let conflict = |(a, b): (Side, Side)| PlanningConflict {
        user_id: a.user,
        a1: a.id,
        a2: b.id,
        overlap_start: b.starts_at,
        overlap_end: min(a.ends_at, b.ends_at),
        override_reason: reasons.get(&b.id).or(reasons.get(&a.id)).map(|reason| (*reason).clone()),
    };
    Ok(pairs.into_iter().map(conflict).collect())
}

#[derive(Debug, FromQueryResult)]
struct AssignmentRow {
    id: AssignmentId,
    mission_id: MissionId,
    user_id: UserId,
    mission_role_id: Option<MissionRoleId>,
    status: AssignmentStatus,
    note: Option<String>,
    conflict_override: Option<String>,
    needs_confirmation: bool,
    starts_at: Timestamp,
    ends_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, FromQueryResult)]
struct UserRow {
    id: UserId,
    first_name: String,
    last_name: String,
    email: Option<String>,
    phone: Option<String>,
    employment_type: EmploymentType,
    active: bool,
    updated_at: Timestamp,
}
