//! The real running orders of two festivals of 2015: 225 sets, many across midnight.

use super::CliError;
use crate::{
    db::Tx,
    error::Error,
    ids::{MissionId, OrgId, UserId},
    resources::{
        assignments::{self, AssignmentStatus, NewAssignment},
        missions::{self, MissionForm, NewMissionRole},
        projects::{self, NewProject, ProjectStatus},
    },
    text::Name,
    timestamp::Timestamp,
};
use std::collections::BTreeMap;

const RUNNING_ORDERS: &str = include_str!("../../../data/festival-running-orders.csv");

/// A row of the running orders.
struct Set {
    event: String,
    stage: String,
    act: String,
    start_at: Timestamp,
    end_at: Timestamp,
}

/// Creates a project per festival and a mission per set. Each stage has one user, who accepts all its missions, until no
/// users are left.
pub(super) async fn plan(tx: &Tx, org: OrgId, users: &[UserId]) -> Result<(), CliError> {
    let mut events: BTreeMap<String, Vec<Set>> = BTreeMap::new();
    for set in read()? {
        events.entry(set.event.clone()).or_default().push(set);
    }
    for (event, sets) in events {
        plan_event(tx, org, event, sets, users).await?;
    }
    Ok(())
}

async fn plan_event(
    tx: &Tx,
    org: OrgId,
    event: String,
    sets: Vec<Set>,
    users: &[UserId],
) -> Result<(), CliError> {
    // Wacken is in Germany, Clisson in France; both have the same offsets, but not the same zone name.
    let zone = if event.starts_with("Wacken") { "Europe/Berlin" } else { "Europe/Paris" };
    let project = NewProject {
        name: Name::parse(event).map_err(CliError::Refused)?,
        status: ProjectStatus::Active,
        starts_at: sets.iter().map(|set| set.start_at).min(),
        ends_at: sets.iter().map(|set| set.end_at).max(),
        note: None,
    };
    let project = projects::create(tx, org, project).await?;
    let form = |set: &Set| MissionForm {
        project_id: Some(project.id),
        title: Some(Name::stored(&set.act)),
        location: Some(Name::stored(&set.stage)),
        start_at: set.start_at,
        end_at: set.end_at,
        roles: vec![NewMissionRole::of("plateau", None).into()],
        ..Default::default()
    };
    let planned = sets.iter().map(|set| missions::plan(form(set), zone)).collect::<Result<_, _>>();
    let planned = planned.map_err(Error::Invalid)?;
    let created = missions::create_all(tx, org, planned).await?;
    let mut stages: BTreeMap<&str, UserId> = BTreeMap::new();
    let mut free = users.iter();
    for (set, mission) in sets.iter().zip(&created) {
        let user = match stages.get(set.stage.as_str()) {
            Some(user) => *user,
            None => match free.next() {
                Some(user) => *stages.entry(&set.stage).or_insert(*user),
                None => continue,
            },
        };
        accept(tx, org, mission.id, user).await?;
    }
    let over = NewProject { status: ProjectStatus::Archived, ..project.form() };
    projects::update(tx, org, project, over).await?;
    Ok(())
}

async fn accept(tx: &Tx, org: OrgId, mission_id: MissionId, user_id: UserId) -> Result<(), CliError> {
    let status = AssignmentStatus::Accepted;
    let new =
        NewAssignment { mission_id, user_id, status, role_name: None, note: None, override_reason: None };
    assignments::create(tx, org, new).await?;
    Ok(())
}

fn read() -> Result<Vec<Set>, CliError> {
    let wrong =
        |what: String| CliError::Refused(format!("the running orders in this program are damaged: {what}"));
    let mut sets = Vec::new();
    for line in csv::Reader::from_reader(RUNNING_ORDERS.as_bytes()).records() {
        let line = line.map_err(|error| wrong(error.to_string()))?;
        let [event, _day, stage, act, start_at, end_at] =
            std::array::from_fn(|column| line.get(column).unwrap_or_default());
        let instant =
            |text: &str| text.parse::<Timestamp>().map_err(|error| wrong(format!("{text} {error}")));
        sets.push(Set {
            event: event.into(),
            stage: stage.into(),
            act: act.into(),
            start_at: instant(start_at)?,
            end_at: instant(end_at)?,
        });
    }
    Ok(sets)
}
