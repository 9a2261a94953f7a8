//! Carries out commands, each by the code of the single call.

use super::{
    locks::{self, Seen},
    model::{Applied, Checked, Command, CommandResult, MOST, Verdict, WithPeople},
};
use crate::{
    db::{List, OfOrg, Tx, is_referenced},
    error::{Error, FieldError, Within},
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{
        assignments::{self, Assignment, AssignmentStatus, BulkAssignment, Change, DecidedBy, NewAssignment},
        invitations::{self, Links, NewInvitation},
        missions::{self, Mission, entity::mission},
        users,
    },
    text::Label,
};
use sea_orm::{ColumnTrait, QueryFilter};
use std::collections::HashMap;

/// Whose commands they are, and what they need.
pub struct Planner<'a> {
    /// The person that the caller is, whose own assignments are their own answers.
    pub user: Option<UserId>,
    pub links: Links<'a>,
}

/// What a command did, by ids: what it is about may change again.
#[derive(Debug, Default)]
struct Done {
    missions: Vec<MissionId>,
    assignments: Vec<AssignmentId>,
    deleted: Vec<AssignmentId>,
    invitations: Vec<invitations::Created>,
}

/// Does all commands or none.
///
/// # Errors
/// [`Error::Items`] with the refusals by command; [`Error::Invalid`] for too many or none.
pub async fn apply(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    commands: Vec<Command>,
) -> Result<Applied, Error> {
    let mut done = Vec::with_capacity(commands.len());
    let mut refused = Vec::new();
    for (index, outcome) in carry_out(tx, org, planner, commands).await?.into_iter().enumerate() {
        match outcome {
            Ok(one) => done.push(one),
            Err(error) => refused.push((index, error)),
        }
    }
    if !refused.is_empty() {
        return Err(Error::Items(Within::Commands, refused));
    }
    let version = tx.next_version(org, List::Planning);
    Ok(Applied { results: shown(tx, org, done).await?, version: format!("{version:016x}") })
}

/// Says what [`apply`] would do. What it wrote is to be rolled back.
///
/// # Errors
/// [`Error::Invalid`] for too many or none.
pub async fn check(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    commands: Vec<Command>,
) -> Result<Checked, Error> {
    let outcomes = carry_out(tx, org, planner, commands).await?;
    let results = outcomes.iter().map(|outcome| Verdict::of(outcome.as_ref().err())).collect();
    Ok(Checked { results })
}

async fn carry_out(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    commands: Vec<Command>,
) -> Result<Vec<Result<Done, Error>>, Error> {
    few_enough(&commands)?;
    let seen = locks::lock_all(tx, org, &commands).await?;
    let mut outcomes = Vec::with_capacity(commands.len());
    for command in commands {
        outcomes.push(tx.attempt(carry_out_one(tx, org, planner, &seen, command)).await?);
    }
    Ok(outcomes)
}

/// Checks how many there are, and how many ids their lists have.
fn few_enough(commands: &[Command]) -> Result<(), Error> {
    if !(1..=MOST).contains(&commands.len()) {
        return Err(Error::invalid("/commands", format!("must have 1 to {MOST} items")));
    }
    let mut ids = 0;
    for (index, command) in commands.iter().enumerate() {
        let (member, of_list) = match command {
            Command::Copy { mission_ids, .. } => ("mission_ids", mission_ids.len()),
            Command::Invite { assignment_ids, .. } => ("assignment_ids", assignment_ids.len()),
            _ => continue,
        };
        ids += of_list;
        let rule = match () {
            () if of_list == 0 => "must not be empty".to_owned(),
            () if ids > MOST => format!(
                "the commands of a request may list {MOST} ids together; send the rest in another one"
            ),
            () => continue,
        };
        return Err(Error::Invalid(vec![FieldError::invalid(format!("/commands/{index}/{member}"), rule)]));
    }
    Ok(())
}

async fn carry_out_one(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    seen: &Seen,
    command: Command,
) -> Result<Done, Error> {
    seen.check(&command)?;
    match command {
        Command::Assign {
            mission_id,
            user_id,
            role_name,
            status,
            note,
            override_reason,
            invite,
            if_unchanged: _,
        } => {
            let new = NewAssignment { mission_id, user_id, status, role_name, note, override_reason };
            assign(tx, org, planner, new, invite).await
        }
        Command::SetStatus { assignment_id, status, override_reason, if_unchanged: _ } => {
            let change =
                Change { status, override_reason: override_reason.map(Into::into), ..planner.cancels() };
            set_status(tx, org, planner, assignment_id, change).await
        }
        Command::Reassign { assignment_id, user_id, invite, if_unchanged: _ } => {
            let before = existing(tx, org, assignment_id).await?;
            let mut done = remove(tx, org, planner, assignment_id).await?;
            let new = NewAssignment {
                mission_id: before.mission_id,
                user_id,
                status: AssignmentStatus::Invited,
                role_name: before.role_name.as_ref().map(Label::stored),
                note: None,
                override_reason: None,
            };
            let added = assign(tx, org, planner, new, invite).await?;
            done.assignments.extend(added.assignments);
            done.invitations.extend(added.invitations);
            Ok(done)
        }
        Command::Move { mission_id, start_at, end_at, location, override_reason, if_unchanged: _ } => {
            let current = missions::lock_for_update(tx, org, mission_id)
                .await
                .map_err(Error::referred("/mission_id", "mission"))?;
            missions::reschedule(tx, org, &current, (start_at, end_at), location, override_reason).await?;
            Ok(Done { missions: vec![mission_id], ..Done::default() })
        }
        Command::Copy { mission_ids, shift_days, with_people, if_unchanged: _ } => {
            copy(tx, org, &mission_ids, shift_days, with_people).await
        }
        Command::Remove { assignment_id, if_unchanged: _ } => remove(tx, org, planner, assignment_id).await,
        Command::Invite { assignment_ids, answer_by, if_unchanged: _ } => {
            let asked = |assignment_id: &AssignmentId| NewInvitation {
                assignment_id: *assignment_id,
                email: None,
                answer_by,
            };
            let items = assignment_ids.iter().map(asked).collect();
            let invitations = invitations::create_all(tx, org, items, &planner.links).await.map_err(
                |error| match error {
                    Error::Items(_, refused) => Error::Items(Within::Ids("assignment_ids"), refused),
                    other => other,
                },
            )?;
            Ok(Done { assignments: assignment_ids, invitations, ..Done::default() })
        }
    }
}

impl Planner<'_> {
    /// A planner's decision that somebody is off.
    fn cancels(&self) -> Change {
        Change {
            status: AssignmentStatus::Cancelled,
            override_reason: None,
            decline_reason: None,
            by: DecidedBy::Planner,
        }
    }
}

async fn existing(tx: &Tx, org: OrgId, id: AssignmentId) -> Result<Assignment, Error> {
    assignments::get(tx, org, id).await.map_err(Error::referred("/assignment_id", "assignment"))
}

async fn assign(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    new: NewAssignment,
    invite: bool,
) -> Result<Done, Error> {
    if invite && new.status != AssignmentStatus::Invited {
        return Err(Error::invalid("/invite", "goes with the status INVITED only"));
    }
    let assignment = assignments::create(tx, org, new).await?;
    let mut done = Done { assignments: vec![assignment.id], ..Done::default() };
    if invite {
        let asked = NewInvitation { assignment_id: assignment.id, email: None, answer_by: None };
        done.invitations.push(invitations::create(tx, org, asked, &planner.links).await?);
    }
    Ok(done)
}

async fn set_status(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    id: AssignmentId,
    change: Change,
) -> Result<Done, Error> {
    let locked = assignments::lock_for_no_key_update(tx, org, id)
        .await
        .map_err(Error::referred("/assignment_id", "assignment"))?;
    let by = if planner.user == Some(locked.user()) { DecidedBy::User } else { DecidedBy::Planner };
    assignments::set_status(tx, locked, Change { by, ..change }).await?;
    Ok(Done { assignments: vec![id], ..Done::default() })
}

/// Cancels whoever was asked or has answered, deletes an assignment that nobody was ever asked for.
async fn remove(tx: &Tx, org: OrgId, planner: &Planner<'_>, id: AssignmentId) -> Result<Done, Error> {
    let current = existing(tx, org, id).await?;
    match current.status {
        AssignmentStatus::Declined | AssignmentStatus::Cancelled => {
            Ok(Done { assignments: vec![id], ..Done::default() })
        }
        AssignmentStatus::Invited
            if !is_referenced(tx, ("invitations", "assignment_id"), org, id).await? =>
        {
            assignments::delete(tx, org, &current).await?;
            Ok(Done { deleted: vec![id], ..Done::default() })
        }
        AssignmentStatus::Invited | AssignmentStatus::Accepted => {
            set_status(tx, org, planner, id, planner.cancels()).await
        }
    }
}

async fn copy(
    tx: &Tx,
    org: OrgId,
    ids: &[MissionId],
    shift_days: i32,
    with_people: WithPeople,
) -> Result<Done, Error> {
    let copies = missions::copy_all(tx, org, ids, shift_days).await?;
    let mut done = Done { missions: copies.iter().map(|(_, copy)| copy.id).collect(), ..Done::default() };
    if with_people == WithPeople::None {
        return Ok(done);
    }
    let copies: HashMap<MissionId, MissionId> =
        copies.into_iter().map(|(original, copy)| (original, copy.id)).collect();
    let people = assignments::active_on(tx, org, ids.iter().copied()).await?;
    let users = users::lock_all_for_no_key_update(tx, org, people.iter().map(|one| one.user_id)).await?;
    let can_be_planned = |one: &Assignment| users.get(&one.user_id).is_some_and(|user| user.active);
    let items: Vec<_> = people
        .into_iter()
        .filter(can_be_planned)
        .filter_map(|one| {
            Some(BulkAssignment {
                mission_id: *copies.get(&one.mission_id)?,
                user_id: one.user_id,
                role_name: one.role_name.as_ref().map(Label::stored),
            })
        })
        .collect();
    if !items.is_empty() {
        done.assignments = assignments::create_all(tx, org, items).await?;
    }
    Ok(done)
}

/// What the commands are about, as they are after all of them.
async fn shown(tx: &Tx, org: OrgId, done: Vec<Done>) -> Result<Vec<CommandResult>, Error> {
    let ids: Vec<_> = done.iter().flat_map(|one| one.assignments.iter().copied()).collect();
    let assignments = match ids.is_empty() {
        true => Vec::new(),
        false => assignments::by_ids(tx, org, ids).await?,
    };
    let ids: Vec<_> = done.iter().flat_map(|one| one.missions.iter().copied()).collect();
    let missions: HashMap<MissionId, Mission> = match ids.is_empty() {
        true => HashMap::new(),
        false => {
            let chosen = mission::Entity::of(org).filter(mission::Column::Id.is_in(ids));
            missions::chosen(tx, org, chosen).await?.into_iter().map(|one| (one.id, one)).collect()
        }
    };
    let result = |one: Done| CommandResult {
        missions: one.missions.iter().filter_map(|id| missions.get(id).cloned()).collect(),
        assignments: assignments
            .iter()
            .filter(|shown| one.assignments.contains(&shown.id))
            .cloned()
            .collect(),
        deleted: one.deleted,
        invitations: one.invitations,
    };
    Ok(done.into_iter().map(result).collect())
}
