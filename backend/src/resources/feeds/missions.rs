//! A project's missions as a calendar shows them: what they need, and nobody's name.

use super::{
    entries::{MOST, shown_from, zone},
    words::Words,
};
use crate::{
    db::{OfOrg, filter},
    error::Error,
    ical,
    ids::{MissionId, OrgId, ProjectId},
    locale::Locale,
    resources::{
        assignments::joins::accepted_of_role,
        missions::{
            self,
            entity::{mission, mission_role},
        },
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, JoinType, Order, QueryFilter, QueryOrder, QuerySelect,
};

/// Most rows that are read, one for each role of a mission.
const MOST_ROWS: u64 = 20_000;

/// A mission with how many people its roles have and need.
#[derive(Debug)]
pub struct Crewing {
    mission: Row,
    roles: Vec<Role>,
}

#[derive(Debug, Clone, FromQueryResult)]
struct Row {
    id: MissionId,
    title: String,
    location: Option<String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    timezone: String,
    sequence: i32,
    updated_at: Timestamp,
    role_name: Option<String>,
    quota: Option<i32>,
    accepted: i64,
}

#[derive(Debug)]
struct Role {
    name: String,
    /// How many are needed; `None` means any number.
    quota: Option<i32>,
    accepted: i64,
}

impl Role {
    fn count(&self) -> String {
        match self.quota {
            Some(quota) => format!("{}/{quota}", self.accepted),
            None => self.accepted.to_string(),
        }
    }
}

impl Crewing {
    /// It as an event in a language.
    pub fn event(&self, locale: Locale) -> ical::Event {
        let Row { id, title, location, starts_at, ends_at, timezone, sequence, updated_at, .. } =
            &self.mission;
        let words = Words::of(locale);
        let lines: Vec<_> = self.roles.iter().map(|role| words.line(&role.name, role.count())).collect();
        let needed = self.roles.iter().filter_map(|role| Some((role.accepted, i64::from(role.quota?))));
        let needed = needed.reduce(|(accepted, quota), (more, most)| (accepted + more, quota + most));
        ical::Event {
            id: id.0,
            sequence: i64::from(*sequence),
            changed_at: *updated_at,
            start: *starts_at,
            end: *ends_at,
            zone: zone(timezone),
            status: ical::Status::Confirmed,
            summary: match needed {
                Some((accepted, quota)) => format!("{title} ({accepted}/{quota})"),
                None => title.clone(),
            },
            location: location.clone(),
            description: (!lines.is_empty()).then(|| lines.join("\n")),
            url: None,
        }
    }
}

/// The missions of a project that are not cancelled, of the last 90 days and ahead. At most [`MOST`], what is ahead first.
pub(super) async fn of_project(
    db: &impl ConnectionTrait,
    org: OrgId,
    project: ProjectId,
    now: Timestamp,
) -> Result<Vec<Crewing>, Error> {
    use mission::Column::{EndsAt, Id, Location, Sequence, StartsAt, Timezone, Title, UpdatedAt};
    let rows: Vec<Row> = mission::Entity::of(org)
        .select_only()
        .columns([Id, Title, Location, StartsAt, EndsAt, Timezone, Sequence, UpdatedAt])
        .columns([mission_role::Column::RoleName, mission_role::Column::Quota])
        .expr_as(accepted_of_role(org), "accepted")
        .join(JoinType::LeftJoin, missions::to_roles(org))
        .filter(mission::Column::ProjectId.eq(project))
        .filter(mission::Column::CancelledAt.is_null())
        .filter(filter::overlaps((StartsAt, EndsAt), shown_from(now), None))
        .order_by(EndsAt.lte(now), Order::Asc)
        .order_by_asc(StartsAt)
        .order_by_asc(Id)
        .order_by_asc(mission_role::Column::Position)
        .limit(MOST_ROWS)
        .into_model()
        .all(db)
        .await?;
    let cut = rows.len() as u64 == MOST_ROWS;
    let mut found: Vec<Crewing> = Vec::new();
    for row in rows {
        if found.last().is_none_or(|last| last.mission.id != row.id) {
            found.push(Crewing { mission: row.clone(), roles: Vec::new() });
        }
        if let (Some(name), Some(last)) = (row.role_name, found.last_mut()) {
            last.roles.push(Role { name, quota: row.quota, accepted: row.accepted });
        }
    }
    if cut {
        // Some of its roles may be missing.
        found.pop();
    }
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(found)
}
