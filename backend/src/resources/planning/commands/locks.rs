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
        invitations, missions,
        planning::undo::Scope,
        users,
    },
    timestamp::Timestamp,
};
use std::collections::{BTreeSet, HashMap};

/// What the commands name, as it was before any of them.
pub struct Before {
    missions: HashMap<MissionId, missions::Locked>,
    assignments: HashMap<AssignmentId, Locked>,
}

/// What a command names.
#[derive(Debug, Default)]
struct Named {
    missions: Vec<MissionId>,
    assignments: Vec<AssignmentId>,
    user: Option<UserId>,
    /// Whether its missions change, or must not get or lose anybody meanwhile.
    exclusive: bool,
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
            | Command::Confirm { assignment_id, if_unchanged }
            | Command::Remove { assignment_id, if_unchanged } => {
                Self { assignments: vec![*assignment_id], if_unchanged: *if_unchanged, ..Self::default() }
            }
            Command::Invite { assignment_ids, if_unchanged, .. } => {
                Self { assignments: assignment_ids.clone(), if_unchanged: *if_unchanged, ..Self::default() }
            }
            Command::Move { mission_id, if_unchanged, .. } => Self {
                missions: vec![*mission_id],
                exclusive: true,
                if_unchanged: *if_unchanged,
                ..Self::default()
            },
            Command::Copy { mission_ids, with_people, if_unchanged, .. } => Self {
                missions: mission_ids.clone(),
                exclusive: *with_people == WithPeople::Invited,
                if_unchanged: *if_unchanged,
                ..Self::default()
            },
        }
    }
}

/// What commands may change of what there is: missions that move, and the assignments that are named.
pub fn scope(commands: &[Command]) -> Scope {
    let mut scope = Scope::default();
    for command in commands {
        if let Command::Move { mission_id, .. } = command {
            scope.missions.insert(*mission_id);
        }
        scope.assignments.extend(Named::by(command).assignments);
    }
    scope
}

/// Locks missions, people, assignments, posts and links: the order of all writers, each kind by id and in one statement.
///
/// # Errors
/// When the database fails. What does not exist is refused by its command.
pub async fn lock_all(tx: &Tx, org: OrgId, commands: &[Command]) -> Result<Before, Error> {
    let named: Vec<_> = commands.iter().map(Named::by).collect();
    let ids: Vec<_> = named.iter().flat_map(|one| one.assignments.iter().copied()).collect();
    let of_assignments = assignments::by_ids(tx, org, ids.iter().copied()).await?;
    let mut missions: BTreeSet<_> = named.iter().flat_map(|one| one.missions.iter().copied()).collect();
    missions.extend(of_assignments.iter().map(|assignment| assignment.mission_id));
    let exclusive: BTreeSet<_> =
        named.iter().filter(|one| one.exclusive).flat_map(|one| one.missions.iter().copied()).collect();
    // One strength for all of them, because one statement locks them in order.
    let of_missions = match exclusive.is_empty() {
        true => missions::lock_all_for_share(tx, org, missions.iter().copied()).await?,
        false => missions::lock_all_for_update(tx, org, missions.iter().copied()).await?,
    };
    let mut users: BTreeSet<_> = named.iter().filter_map(|one| one.user).collect();
    users.extend(of_assignments.iter().map(|assignment| assignment.user_id));
    if !exclusive.is_empty() {
        users.extend(assignments::people_on(tx, org, exclusive).await?);
    }
    users::lock_all_for_no_key_update(tx, org, users).await?;
    let of_assignments = assignments::lock_all_for_no_key_update(tx, org, &ids).await?;
    missions::lock_roles_for_no_key_update(tx, org, missions).await?;
    invitations::lock_open_of(tx, org, ids).await?;
    Ok(Before { missions: of_missions, assignments: of_assignments })
}

impl Before {
    /// Whether what a command names is as its client saw it. What is not there is refused otherwise.
    ///
    /// # Errors
    /// [`ChangedSince`].
    pub fn check(&self, command: &Command) -> Result<(), Error> {
        let Named { missions, assignments, if_unchanged, .. } = Named::by(command);
        let Some(seen) = if_unchanged else { return Ok(()) };
        let mut changes = Changes { seen, newer: false, known: false };
        for mission in missions.iter().filter_map(|id| self.missions.get(id)) {
            changes.of(mission.updated_at);
        }
        for assignment in assignments.iter().filter_map(|id| self.assignments.get(id)) {
            changes.of(assignment.updated_at());
            // What its person knows changes with the mission, which leaves the assignment's own instant as it is.
            if let Some(mission) = self.missions.get(&assignment.mission()) {
                changes.of(mission.updated_at);
            }
        }
        let nothing_there = !missions.iter().any(|id| self.missions.contains_key(id))
            && !assignments.iter().any(|id| self.assignments.contains_key(id));
        match nothing_there || (changes.known && !changes.newer) {
            true => Ok(()),
            false => Err(ChangedSince.into()),
        }
    }
}

/// What was seen against what there is. It has to be an instant that there is, too: a transaction has the time of its beginning,
/// so that one that waited for a lock may write an earlier instant than the one before it.
struct Changes {
    seen: Timestamp,
    newer: bool,
    known: bool,
}

impl Changes {
    fn of(&mut self, changed: Timestamp) {
        self.newer |= changed > self.seen;
        self.known |= changed == self.seen;
    }
}
