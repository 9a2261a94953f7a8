//! Carries out commands, each by the code of the single call.

use super::{
    locks::{self, Before},
    model::{Applied, Checked, Command, CommandResult, MOST, MOST_COPIED, Verdict, WithPeople},
    warnings,
};
use crate::{
    db::{List, Tx, Versions, is_referenced},
    error::{Error, FieldError, Within},
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{
        assignments::{self, AlreadyAssigned, AssignmentStatus, Change, DecidedBy, Locked, NewAssignment},
        invitations::{self, Links, NewInvitation},
        missions,
        planning::undo::{Owner, State},
        users,
    },
    text::Label,
    timestamp::Timestamp,
};
use std::collections::{BTreeSet, HashMap};

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
    /// How many people came along with copies.
    copied: usize,
}

impl Done {
    /// Whom to warn about.
    fn about(&self) -> assignments::warnings::About {
        let (assignments, missions) = (self.assignments.iter().copied(), self.missions.iter().copied());
        assignments::warnings::About { assignments: assignments.collect(), missions: missions.collect() }
    }
}

/// Does all commands or none.
///
/// # Errors
/// [`Error::Items`] with the refusals by command; [`Error::Invalid`] for too many or none.
pub async fn apply(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    owner: &Owner<'_>,
    commands: Vec<Command>,
) -> Result<Applied, Error> {
    let before = lock(tx, org, &commands).await?;
    let mut scope = locks::scope(&commands);
    let was = State::read(tx, org, &scope).await?;
    let mut done = Vec::with_capacity(commands.len());
    let mut refused = Vec::new();
    for (index, outcome) in carry_out(tx, org, planner, &before, commands).await?.into_iter().enumerate() {
        match outcome {
            Ok(one) => done.push(one),
            Err(error) => refused.push((index, error)),
        }
    }
    if !refused.is_empty() {
        return Err(Error::Items(Within::Commands, refused));
    }
    for one in &done {
        scope.missions.extend(&one.missions);
        scope.assignments.extend(&one.assignments);
    }
    let is = State::read(tx, org, &scope).await?;
    let undo = owner.close(&was.changes(&is, tx.now)?)?;
    let warnings = warnings::of_each(tx, org, done.iter().map(Done::about).collect()).await?;
    let mut results = shown(tx, org, done).await?;
    results.iter_mut().zip(warnings).for_each(|(result, own)| result.warnings = own);
    Ok(Applied { results, version: version(tx, org).await?, undo })
}

/// The version that the plan has once this is committed.
pub async fn version(tx: &Tx, org: OrgId) -> Result<String, Error> {
    let version = match tx.next_version(org, List::Planning) {
        Some(version) => version,
        // Nothing was changed.
        None => Versions::read(tx, org).await?.of(List::Planning),
    };
    Ok(format!("{version:016x}"))
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
    let before = lock(tx, org, &commands).await?;
    let outcomes = carry_out(tx, org, planner, &before, commands).await?;
    let about = |outcome: &Result<Done, _>| outcome.as_ref().map(Done::about).unwrap_or_default();
    let warnings = warnings::of_each(tx, org, outcomes.iter().map(about).collect()).await?;
    let verdict =
        |(outcome, warnings): (&Result<_, _>, _)| Verdict { warnings, ..Verdict::of(outcome.as_ref().err()) };
    Ok(Checked { results: outcomes.iter().zip(warnings).map(verdict).collect() })
}

async fn lock(tx: &Tx, org: OrgId, commands: &[Command]) -> Result<Before, Error> {
    are_well_formed(commands)?;
    locks::lock_all(tx, org, commands).await
}

async fn carry_out(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    before: &Before,
    commands: Vec<Command>,
) -> Result<Vec<Result<Done, Error>>, Error> {
    let mut outcomes = Vec::with_capacity(commands.len());
    for command in commands {
        let work = Work { tx, org, planner, before, done: &outcomes };
        let outcome = tx.attempt(work.carry_out(command)).await?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Checks what the document says of the shapes: how many there are, how many ids their lists have, how far copies are moved.
fn are_well_formed(commands: &[Command]) -> Result<(), Error> {
    if !(1..=MOST).contains(&commands.len()) {
        return Err(Error::invalid("/commands", format!("must have 1 to {MOST} items")));
    }
    let mut ids = 0;
    for (index, command) in commands.iter().enumerate() {
        let mistake = match command {
            Command::Copy { mission_ids, shift_days, .. } => {
                list_mistake("/mission_ids", mission_ids.len(), &mut ids)
                    .or_else(|| missions::check_shift(*shift_days).err())
            }
            Command::Invite { assignment_ids, .. } => {
                list_mistake("/assignment_ids", assignment_ids.len(), &mut ids)
            }
            _ => None,
        };
        if let Some(mistake) = mistake {
            return Err(Error::Invalid(vec![Within::Commands.at(index, mistake)]));
        }
    }
    Ok(())
}

/// What is wrong with the length of a list; `ids` are those of all lists so far.
fn list_mistake(member: &str, of_list: usize, ids: &mut usize) -> Option<FieldError> {
    *ids += of_list;
    if of_list == 0 {
        Some(FieldError::invalid(member, "must not be empty"))
    } else if *ids > MOST {
        let rule =
            format!("the commands of a request may list {MOST} ids together; send the rest in another one");
        Some(FieldError::invalid(member, rule))
    } else {
        None
    }
}

/// One command's work, and what was done before it.
struct Work<'a> {
    tx: &'a Tx,
    org: OrgId,
    planner: &'a Planner<'a>,
    before: &'a Before,
    done: &'a [Result<Done, Error>],
}

impl Work<'_> {
    async fn carry_out(&self, command: Command) -> Result<Done, Error> {
        self.before.check(&command)?;
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
                self.assign(new, invite).await
            }
            Command::SetStatus { assignment_id, status, override_reason, if_unchanged: _ } => {
                self.set_status(assignment_id, status, override_reason.map(Into::into)).await
            }
            Command::Confirm { assignment_id, if_unchanged: _ } => {
                let locked = self.locked(assignment_id).await?;
                assignments::confirm(self.tx, &locked).await?;
                Ok(Done { assignments: vec![assignment_id], ..Done::default() })
            }
            Command::Reassign { assignment_id, user_id, invite, if_unchanged: _ } => {
                self.reassign(assignment_id, user_id, invite).await
            }
            Command::Move { mission_id, start_at, end_at, location, override_reason, if_unchanged: _ } => {
                let current = missions::lock_for_update(self.tx, self.org, mission_id)
                    .await
                    .map_err(Error::referred("/mission_id", "mission"))?;
                let period = (start_at, end_at);
                missions::reschedule(self.tx, self.org, &current, period, location, override_reason).await?;
                Ok(Done { missions: vec![mission_id], ..Done::default() })
            }
            Command::Copy { mission_ids, shift_days, with_people, if_unchanged: _ } => {
                self.copy(&mission_ids, shift_days, with_people).await
            }
            Command::Remove { assignment_id, if_unchanged: _ } => self.remove(assignment_id).await,
            Command::Invite { assignment_ids, answer_by, if_unchanged: _ } => {
                self.invite(assignment_ids, answer_by).await
            }
        }
    }

    async fn assign(&self, new: NewAssignment, invite: bool) -> Result<Done, Error> {
        if invite && new.status != AssignmentStatus::Invited {
            return Err(Error::invalid("/invite", "goes with the status INVITED only"));
        }
        let assignment = assignments::create(self.tx, self.org, new).await?;
        let mut done = Done { assignments: vec![assignment.id], ..Done::default() };
        if invite {
            let asked = NewInvitation { assignment_id: assignment.id, email: None, answer_by: None };
            done.invitations.push(invitations::create(self.tx, self.org, asked, &self.planner.links).await?);
        }
        Ok(done)
    }

    async fn locked(&self, id: AssignmentId) -> Result<Locked, Error> {
        assignments::lock_for_no_key_update(self.tx, self.org, id)
            .await
            .map_err(Error::referred("/assignment_id", "assignment"))
    }

    async fn set_status(
        &self,
        id: AssignmentId,
        status: AssignmentStatus,
        override_reason: Option<String>,
    ) -> Result<Done, Error> {
        let locked = self.locked(id).await?;
        let by = if self.planner.user == Some(locked.user()) { DecidedBy::User } else { DecidedBy::Planner };
        let change = Change { status, override_reason, decline_reason: None, by };
        assignments::set_status(self.tx, locked, change).await?;
        Ok(Done { assignments: vec![id], ..Done::default() })
    }

    async fn reassign(&self, id: AssignmentId, user_id: UserId, invite: bool) -> Result<Done, Error> {
        let before = assignments::get(self.tx, self.org, id)
            .await
            .map_err(Error::referred("/assignment_id", "assignment"))?;
        let active = matches!(before.status, AssignmentStatus::Invited | AssignmentStatus::Accepted);
        if active && before.user_id == user_id {
            // They would be called off and asked anew, and lose their yes.
            return Err(AlreadyAssigned.into());
        }
        let mut done = self.remove(id).await?;
        let new = NewAssignment {
            mission_id: before.mission_id,
            user_id,
            status: AssignmentStatus::Invited,
            role_name: before.role_name.as_ref().map(Label::stored),
            note: None,
            override_reason: None,
        };
        let added = self.assign(new, invite).await?;
        done.assignments.extend(added.assignments);
        done.invitations.extend(added.invitations);
        Ok(done)
    }

    /// Deletes an assignment that nobody knew of, and cancels any other that is not off yet.
    async fn remove(&self, id: AssignmentId) -> Result<Done, Error> {
        let locked = self.locked(id).await?;
        match locked.status() {
            AssignmentStatus::Declined | AssignmentStatus::Cancelled => {
                Ok(Done { assignments: vec![id], ..Done::default() })
            }
            AssignmentStatus::Invited | AssignmentStatus::Accepted => {
                let asked = is_referenced(self.tx, ("invitations", "assignment_id"), self.org, id).await?;
                if asked || !locked.is_as_it_was_made() {
                    return self.set_status(id, AssignmentStatus::Cancelled, None).await;
                }
                let current = assignments::get(self.tx, self.org, id).await?;
                assignments::delete(self.tx, self.org, &current).await?;
                Ok(Done { deleted: vec![id], ..Done::default() })
            }
        }
    }

    async fn copy(&self, ids: &[MissionId], shift_days: i32, with_people: WithPeople) -> Result<Done, Error> {
        let copies = missions::copy_all(self.tx, self.org, ids, shift_days).await?;
        let mut done = Done { missions: copies.iter().map(|(_, copy)| copy.id).collect(), ..Done::default() };
        if with_people == WithPeople::None {
            return Ok(done);
        }
        let copies: HashMap<MissionId, MissionId> =
            copies.into_iter().map(|(original, copy)| (original, copy.id)).collect();
        let before: usize = self.done.iter().flatten().map(|one| one.copied).sum();
        let room = MOST_COPIED - before;
        let people = assignments::active_on(self.tx, self.org, ids.iter().copied(), room).await?;
        if people.len() > room {
            let rule = format!(
                "the copies of a request take along at most {MOST_COPIED} people; copy fewer missions at once"
            );
            return Err(Error::invalid("/with_people", rule));
        }
        let ids: BTreeSet<_> = people.iter().map(|one| one.user_id).collect();
        let users = users::lock_all_for_no_key_update(self.tx, self.org, ids).await?;
        let along = people.into_iter().filter_map(|one| {
            let copy = copies.get(&one.mission_id)?;
            let user = users.get(&one.user_id).filter(|user| user.active).map(|_| one.user_id)?;
            let role_name = one.role_name.as_ref().map(Label::stored);
            let (mission_id, status) = (*copy, AssignmentStatus::Invited);
            Some(NewAssignment {
                mission_id,
                user_id: user,
                status,
                role_name,
                note: None,
                override_reason: None,
            })
        });
        let along: Vec<_> = along.collect();
        if !along.is_empty() {
            done.assignments = assignments::create_all(self.tx, self.org, along).await?;
            done.copied = done.assignments.len();
        }
        Ok(done)
    }

    async fn invite(
        &self,
        assignment_ids: Vec<AssignmentId>,
        answer_by: Option<Timestamp>,
    ) -> Result<Done, Error> {
        if answer_by.is_some_and(|by| by <= self.tx.now) {
            return Err(Error::invalid("/answer_by", "must be in the future"));
        }
        let asked = |id: &AssignmentId| NewInvitation { assignment_id: *id, email: None, answer_by };
        let items = assignment_ids.iter().map(asked).collect();
        let created = invitations::create_all(self.tx, self.org, items, &self.planner.links).await;
        let invitations = created.map_err(|error| match error {
            Error::Items(_, refused) => Error::Items(Within::Ids("assignment_ids"), refused),
            other => other,
        })?;
        Ok(Done { assignments: assignment_ids, invitations, ..Done::default() })
    }
}

/// What the commands are about, as they are after all of them.
async fn shown(tx: &Tx, org: OrgId, done: Vec<Done>) -> Result<Vec<CommandResult>, Error> {
    let ids: BTreeSet<_> = done.iter().flat_map(|one| one.assignments.iter().copied()).collect();
    let assignments: HashMap<_, _> = match ids.is_empty() {
        true => HashMap::new(),
        false => assignments::by_ids(tx, org, ids).await?.into_iter().map(|one| (one.id, one)).collect(),
    };
    let ids: BTreeSet<_> = done.iter().flat_map(|one| one.missions.iter().copied()).collect();
    let missions = match ids.is_empty() {
        true => HashMap::new(),
        false => missions::by_ids(tx, org, ids).await?,
    };
    let result = |one: Done| CommandResult {
        missions: one.missions.iter().filter_map(|id| missions.get(id).cloned()).collect(),
        assignments: one.assignments.iter().filter_map(|id| assignments.get(id).cloned()).collect(),
        deleted: one.deleted,
        invitations: one.invitations,
        warnings: Vec::new(),
    };
    Ok(done.into_iter().map(result).collect())
}
