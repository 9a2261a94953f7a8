//! Locks all that commands are about, before the first of them: whoever locked one after the other in the order of the
//! commands would wait for somebody who goes the other way round.

use super::{
    model::{Command, WithPeople},
    refusal::ChangedSince,
};
use crate::{
    db::Tx,
    error::Error,
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{
        assignments::{self, Locked},
        missions, users,
    },
    timestamp::Timestamp,
};
use std::collections::{BTreeSet, HashMap};

/// When what the commands name was last changed, before any of them.
pub struct Seen {
    missions: HashMap<MissionId, Timestamp>,
    assignments: HashMap<AssignmentId, Timestamp>,
}

/// What a command names.
#[derive(Debug, Default)]
struct Named {
    missions: Vec<MissionId>,
    assignments: Vec<AssignmentId>,
    user: Option<UserId>,
    /// Whether its missions change, or must not get or lose anybody meanwhile.
    alone: bool,
    if_unchanged: Option<Timestamp>,
}

impl Named {
    fn by(command: &Command) -> Self {
        match command {
            Command::Assign { mission_id, user_id, if_unchanged, .. } => Self {
                missions: vec![*mission_id],
                user: Some(*user_id),
                if_unchanged: *if_unchanged,
                ..Self::default()
            },
            Command::Reassign { assignment_id, user_id, if_unchanged, .. } => Self {
                assignments: vec![*assignment_id],
                user: Some(*user_id),
                if_unchanged: *if_unchanged,
                ..Self::default()
            },
            Command::SetStatus { assignment_id, if_unchanged, .. }
            | Command::Remove { assignment_id, if_unchanged } => {
                Self { assignments: vec![*assignment_id], if_unchanged: *if_unchanged, ..Self::default() }
            }
            Command::Invite { assignment_ids, if_unchanged, .. } => {
                Self { assignments: assignment_ids.clone(), if_unchanged: *if_unchanged, ..Self::default() }
            }
            Command::Move { mission_id, if_unchanged, .. } => Self {
                missions: vec![*mission_id],
                alone: true,
                if_unchanged: *if_unchanged,
                ..Self::default()
            },
            Command::Copy { mission_ids, with_people, if_unchanged, .. } => Self {
                missions: mission_ids.clone(),
                alone: *with_people == WithPeople::Invited,
                if_unchanged: *if_unchanged,
                ..Self::default()
            },
        }
    }
}

/// Locks missions, people, assignments and posts: the order of all writers, each kind by id and in one statement.
///
/// # Errors
/// When the database fails. What does not exist is refused by its command.
pub async fn lock_all(tx: &Tx, org: OrgId, commands: &[Command]) -> Result<Seen, Error> {
    let named: Vec<_> = commands.iter().map(Named::by).collect();
    let ids: Vec<_> = named.iter().flat_map(|one| one.assignments.iter().copied()).collect();
    let of_assignments = assignments::by_ids(tx, org, ids.iter().copied()).await?;
    let mut missions: BTreeSet<_> = named.iter().flat_map(|one| one.missions.iter().copied()).collect();
    missions.extend(of_assignments.iter().map(|assignment| assignment.mission_id));
    let alone: BTreeSet<_> =
        named.iter().filter(|one| one.alone).flat_map(|one| one.missions.iter().copied()).collect();
    // One strength for all of them, because one statement locks them in order.
    let of_missions = match alone.is_empty() {
        true => missions::lock_all_for_share(tx, org, missions.iter().copied()).await?,
        false => missions::lock_all_for_update(tx, org, missions.iter().copied()).await?,
    };
    let mut users: BTreeSet<_> = named.iter().filter_map(|one| one.user).collect();
    users.extend(of_assignments.iter().map(|assignment| assignment.user_id));
    if !alone.is_empty() {
        users.extend(assignments::active_on(tx, org, alone).await?.iter().map(|one| one.user_id));
    }
    users::lock_all_for_no_key_update(tx, org, users).await?;
    let of_assignments = assignments::lock_all_for_no_key_update(tx, org, &ids).await?;
    missions::lock_roles_for_no_key_update(tx, org, missions).await?;
    Ok(Seen {
        missions: of_missions.into_iter().map(|(id, locked)| (id, locked.updated_at)).collect(),
        assignments: of_assignments.iter().map(|(id, locked)| (*id, Locked::updated_at(locked))).collect(),
    })
}

impl Seen {
    /// Whether what a command names is as its client saw it. What is not there is refused otherwise.
    ///
    /// # Errors
    /// [`ChangedSince`].
    pub fn check(&self, command: &Command) -> Result<(), Error> {
        let Named { missions, assignments, if_unchanged, .. } = Named::by(command);
        let Some(seen) = if_unchanged else { return Ok(()) };
        let of_missions = missions.iter().filter_map(|id| self.missions.get(id));
        let of_assignments = assignments.iter().filter_map(|id| self.assignments.get(id));
        match of_missions.chain(of_assignments).any(|changed| *changed > seen) {
            true => Err(ChangedSince.into()),
            false => Ok(()),
        }
    }
}
