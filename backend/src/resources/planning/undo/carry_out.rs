//! Carries an undo out.

use super::{
    sealed::Owner,
    state::{Changed, Changes, Scope, State},
};
use crate::{
    db::Tx,
    error::{Error, NotFound},
    ids::{AssignmentId, MissionId, OrgId, ProjectId, UserId},
    outbox,
    resources::{
        assignments::{self, Assignment, AssignmentEvent, Told, image as assignment},
        invitations::{self, image as invitation},
        missions::{self, Mission, MissionCancelled, MissionEvent, MissionNotEmpty, image as mission},
        planning::commands::{self, ChangedSince, Planner},
        projects,
        users::{self, UserInactive},
    },
    timestamp::Timestamp,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// What was taken back, as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanningUndone)]
pub struct Undone {
    /// Missions that are where they were, or that are there again.
    pub missions: Vec<Mission>,
    /// Assignments that are as they were, or that are there again.
    pub assignments: Vec<Assignment>,
    /// Missions that had been made.
    pub deleted_missions: Vec<MissionId>,
    /// Assignments that had been made.
    pub deleted_assignments: Vec<AssignmentId>,
    /// The version that the plan has now; see `GET /planning`.
    #[schema(example = "9f2c4b7a1d03e856")]
    pub version: String,
    /// What does it again, for 24 hours; `null` when it is too much for one request.
    #[schema(example = "nZ2vYlq3…")]
    pub undo: Option<String>,
}

/// Takes a request back: the rows that it changed become what they were.
///
/// # Errors
/// [`ChangedSince`] when somebody else changed one of them; or what keeps somebody from being invited or accepted again.
pub async fn undo(
    tx: &Tx,
    org: OrgId,
    planner: &Planner<'_>,
    owner: &Owner<'_>,
    changes: &Changes,
) -> Result<Undone, Error> {
    let scope = changes.scope();
    let users = lock(tx, org, changes, &scope).await?;
    let now = State::read(tx, org, &scope).await?;
    let back = Back { tx, org, changes, now: &now };
    back.check(&users).await?;
    back.carry_out(planner).await?;
    let after = State::read(tx, org, &scope).await?;
    back.check_overlaps(&after).await?;
    let missions = missions::by_ids(tx, org, after.missions.keys().copied()).await?;
    let ids = scope.assignments.iter().filter(|id| after.assignments.contains_key(id));
    let undone = Undone {
        missions: after.missions.keys().filter_map(|id| missions.get(id).cloned()).collect(),
        assignments: assignments::by_ids(tx, org, ids.copied()).await?,
        deleted_missions: gone(&now.missions, &after.missions),
        deleted_assignments: gone(&now.assignments, &after.assignments),
        version: commands::version(tx, org).await?,
        undo: owner.close(&now.changes(&after, tx.now)?)?,
    };
    Ok(undone)
}

fn gone<Id: Ord + Copy, Image>(now: &BTreeMap<Id, Image>, after: &BTreeMap<Id, Image>) -> Vec<Id> {
    now.keys().filter(|id| !after.contains_key(id)).copied().collect()
}

/// Locks all of it in the order of all writers. Returns the people that are there.
async fn lock(
    tx: &Tx,
    org: OrgId,
    changes: &Changes,
    scope: &Scope,
) -> Result<HashMap<UserId, users::Locked>, Error> {
    let missions = || scope.missions.union(&scope.beside).copied();
    match scope.missions.is_empty() {
        true => missions::lock_all_for_share(tx, org, missions()).await?,
        false => missions::lock_all_for_update(tx, org, missions()).await?,
    };
    let found = assignment::images(tx, org, scope.assignments.clone(), scope.missions.clone()).await?;
    let before = changes.assignments.iter().filter_map(|one| one.before.as_ref());
    let people: BTreeSet<_> = found.values().chain(before).map(assignment::Image::user).collect();
    let users = users::lock_all_for_no_key_update(tx, org, people).await?;
    let ids: Vec<_> = found.keys().copied().collect();
    assignments::lock_all_for_no_key_update(tx, org, &ids).await?;
    missions::lock_roles_for_no_key_update(tx, org, missions()).await?;
    let links: Vec<_> = changes.invitations.iter().map(|one| one.id).collect();
    invitations::lock_all(tx, org, &links).await?;
    Ok(users)
}

/// A request that is taken back.
struct Back<'a> {
    tx: &'a Tx,
    org: OrgId,
    changes: &'a Changes,
    now: &'a State,
}

impl Back<'_> {
    async fn check(&self, users: &HashMap<UserId, users::Locked>) -> Result<(), Error> {
        if !self.is_as_left()? {
            return Err(ChangedSince.into());
        }
        let mut projects: BTreeSet<ProjectId> = BTreeSet::new();
        for one in &self.changes.missions {
            if let (Some(before), None) = (&one.before, self.now.missions.get(&one.id)) {
                projects.extend(before.project());
            }
        }
        let linked = self.linked_again(users)?;
        for one in &self.changes.assignments {
            let Some(before) = &one.before else { continue };
            let mission = self.mission(before.mission()).ok_or(ChangedSince)?;
            if before.role().is_some_and(|role| !mission.has_role(role)) {
                return Err(ChangedSince.into());
            }
            let user = users.get(&before.user()).ok_or(ChangedSince)?;
            let now = self.now.assignments.get(&one.id);
            let is_asked = !now.is_some_and(assignment::Image::is_active);
            let is_accepted = before.is_accepted() && !now.is_some_and(assignment::Image::is_accepted);
            let is_linked = linked.contains(&one.id);
            if !(is_linked || is_accepted || (before.is_active() && is_asked)) {
                continue;
            }
            if mission.is_cancelled() {
                return Err(MissionCancelled.into());
            }
            if !user.active {
                return Err(UserInactive.into());
            }
            projects.extend(mission.project());
        }
        for project in projects {
            projects::lock_for_share(self.tx, self.org, project).await.map_err(|error| {
                // It was deleted.
                if error.is::<NotFound>() { ChangedSince.into() } else { error }
            })?;
        }
        Ok(())
    }

    /// The assignments of links that are to work again.
    ///
    /// # Errors
    /// [`ChangedSince`] when a link went to its user's own address, and that is another one now.
    fn linked_again(&self, users: &HashMap<UserId, users::Locked>) -> Result<BTreeSet<AssignmentId>, Error> {
        let again = self.changes.invitations.iter().filter_map(|one| {
            let before = one.before.as_ref().filter(|before| before.is_open())?;
            let is_open = self.now.invitations.get(&one.id).is_some_and(invitation::Image::is_open);
            (!is_open).then_some(before)
        });
        let (_, users_of) = self.of_links();
        let mut linked = BTreeSet::new();
        for link in again {
            let user =
                users_of.get(&link.assignment()).and_then(|user| users.get(user)).ok_or(ChangedSince)?;
            if link.own_address().is_some_and(|address| user.email.as_deref() != Some(address)) {
                return Err(ChangedSince.into());
            }
            linked.insert(link.assignment());
        }
        Ok(linked)
    }

    /// Whether no override covers more than it did: neither before the request nor until now did the two overlap.
    ///
    /// # Errors
    /// [`ScheduleConflict`](assignments::ScheduleConflict).
    async fn check_overlaps(&self, after: &State) -> Result<(), Error> {
        let known = |overlap| self.changes.overlaps.contains(overlap) || self.now.overlaps.contains(overlap);
        let Some((one, other)) = after.overlaps.iter().find(|overlap| !known(overlap)) else { return Ok(()) };
        match after.assignments.get(one).or_else(|| after.assignments.get(other)) {
            Some(image) => assignment::check_free(self.tx, self.org, image).await,
            // Neither is of this request: their user had nothing of it until now.
            None => Ok(()),
        }
    }

    /// Whether nobody else changed anything of it.
    fn is_as_left(&self) -> Result<bool, Error> {
        let now = self.now;
        for one in &self.changes.missions {
            if !one.is_as_left(now.missions.get(&one.id))? {
                return Ok(false);
            }
        }
        for one in &self.changes.assignments {
            if !one.is_as_left(now.assignments.get(&one.id))? {
                return Ok(false);
            }
        }
        for one in &self.changes.invitations {
            if !one.is_as_left(now.invitations.get(&one.id))? {
                return Ok(false);
            }
        }
        let elsewhere =
            |(id, told): &(MissionId, Told)| now.mission(*id).is_none_or(|mission| mission.told() != *told);
        Ok(!self.changes.beside.iter().any(elsewhere) && !self.is_asked_since())
    }

    /// Whether somebody made a link that is in the way of one that is to work again, or whose assignment is to go.
    fn is_asked_since(&self) -> bool {
        let known: BTreeSet<_> = self.changes.invitations.iter().map(|one| one.id).collect();
        let made = self.changes.assignments.iter().filter(|one| one.before.is_none()).map(|one| one.id);
        let made: BTreeSet<_> = made.collect();
        let links = self.changes.invitations.iter().filter_map(|one| {
            let image = one.before.as_ref().or_else(|| self.now.invitations.get(&one.id))?;
            Some(image.assignment())
        });
        let links: BTreeSet<_> = links.collect();
        self.now.invitations.iter().filter(|(id, _)| !known.contains(id)).any(|(_, image)| {
            let of = image.assignment();
            made.contains(&of) || (image.is_open() && links.contains(&of))
        })
    }

    /// A mission as it is or, if it is not there, as it will be.
    fn mission(&self, id: MissionId) -> Option<&mission::Image> {
        let again = || self.changes.missions.iter().find(|one| one.id == id)?.before.as_ref();
        self.now.mission(id).or_else(again)
    }

    /// The missions that move: what their people know now, and how they were.
    fn moves(&self) -> BTreeMap<MissionId, (Told, &mission::Image)> {
        let moves = self.changes.missions.iter().filter_map(|one| {
            let (before, now) = (one.before.as_ref()?, self.now.missions.get(&one.id)?);
            Some((one.id, (now.told(), before)))
        });
        moves.collect()
    }

    async fn carry_out(&self, planner: &Planner<'_>) -> Result<(), Error> {
        let (tx, org) = (self.tx, self.org);
        let was = Views::read(self).await?;
        let moves = self.moves();
        let (assignments, told_on) = self.assignments(&moves).await?;
        let invitations = self.invitations(&assignments.deleted);
        let (starts, users) = self.of_links();
        invitations.begin(tx, org, &starts).await?;
        assignments.begin(tx, org).await?;
        self.missions(&was, &moves, &told_on).await?;
        let kept = self.changes.assignments.iter().map(|one| one.id).collect();
        assignments.finish(tx, org).await?;
        invitations.finish(tx, org, (&starts, &users), &planner.links).await?;
        let is = Views::read(self).await?;
        for id in moves.keys() {
            if let (Some(from), Some(to)) = (was.missions.get(id), is.missions.get(id)) {
                assignments::note_move_of_others(tx, org, (from, to), &kept).await?;
            }
            if told_on.contains(id) {
                missions::note_move(tx, org, *id).await?;
            }
        }
        self.record(&was, &is).await
    }

    /// What assignments become, and the missions of those who were told something meanwhile.
    async fn assignments(
        &self,
        moves: &BTreeMap<MissionId, (Told, &mission::Image)>,
    ) -> Result<(assignment::GoingBack, BTreeSet<MissionId>), Error> {
        use assignment::Write;
        let mut back = assignment::GoingBack::default();
        let mut told_on = BTreeSet::new();
        let mut ids = BTreeSet::new();
        let called_off = self.called_off().await?;
        for one in &self.changes.assignments {
            ids.insert(one.id);
            match (&one.before, self.now.assignments.get(&one.id)) {
                (Some(before), None) => back.writes.push((before.clone(), Write::Insert)),
                (None, _) => drop(back.deleted.insert(one.id)),
                (Some(before), Some(now)) => {
                    let write = if before.settled() == now.settled() { Write::Tell } else { Write::Change };
                    let image = match one.is_told_since(now)? {
                        false => before.clone(),
                        true => {
                            let from = moves.get(&now.mission()).map(|(from, _)| from);
                            told_on.extend(from.map(|_| now.mission()));
                            before.clone().knowing(now, from)?
                        }
                    };
                    let image = if called_off.contains(&one.id) { image.unconfirmed() } else { image };
                    back.writes.push((image, write));
                }
            }
        }
        for (id, now) in &self.now.assignments {
            let Some((_, to)) = moves.get(&now.mission()).filter(|_| !ids.contains(id)) else { continue };
            if now.is_told_since(self.changes.at) {
                told_on.insert(now.mission());
            }
            if now.is_active() {
                ids.insert(*id);
                let is_covered = self.changes.overlaps.iter().any(|(one, _)| one == id);
                let to = now.at(&to.told());
                // Given at the time from which it moves away.
                let to = if is_covered { to } else { to.plain() };
                back.writes.push((to, Write::Nothing));
            }
        }
        let plain = back.writes.iter().filter(|(image, _)| image.is_plainly_accepted());
        let users = plain.map(|(image, _)| image.user()).collect();
        let over = assignment::overriding(self.tx, self.org, users, self.changes.at).await?;
        let over = over.into_iter().filter(|(id, _)| !ids.contains(id) && !back.deleted.contains(id));
        back.writes.extend(over.map(|(_, image)| (image, Write::Nothing)).collect::<Vec<_>>());
        Ok((back, told_on))
    }

    /// The assignments that are accepted again though their users were told that they need not come.
    async fn called_off(&self) -> Result<BTreeSet<AssignmentId>, Error> {
        let again = self.changes.assignments.iter().filter_map(|one| {
            let now = self.now.assignments.get(&one.id)?;
            let before = one.before.as_ref().filter(|before| before.is_accepted() && !now.is_active())?;
            Some((one.id, before.user()))
        });
        let again: BTreeMap<_, _> = again.collect();
        let users = again.values().copied().collect();
        let mut told = outbox::called_off_since(self.tx, self.org, users, self.changes.at).await?;
        told.retain(|id| again.contains_key(id));
        Ok(told)
    }

    /// What invitations become. A link whose mail has left is revoked, so that its person reads that it is.
    fn invitations(&self, assignments: &BTreeSet<AssignmentId>) -> invitation::GoingBack {
        let mut back = invitation::GoingBack::default();
        for Changed { id, before, .. } in &self.changes.invitations {
            match (before, self.now.invitations.get(id)) {
                (Some(before), None) => back.inserted.push(before.clone()),
                (Some(before), Some(now)) => back.changed.push((now.clone(), before.clone())),
                (None, Some(now)) if now.is_sent() && !assignments.contains(&now.assignment()) => {
                    back.changed.push((now.clone(), now.revoked(self.tx.now)));
                }
                (None, Some(now)) => back.deleted.push(now.clone()),
                (None, None) => {}
            }
        }
        back
    }

    /// When the missions of the assignments start, and whose they are.
    fn of_links(&self) -> (BTreeMap<AssignmentId, Timestamp>, BTreeMap<AssignmentId, UserId>) {
        let before = self.changes.assignments.iter().filter_map(|one| Some((one.id, one.before.as_ref()?)));
        let now = self.now.assignments.iter().map(|(id, image)| (*id, image));
        let all: BTreeMap<_, _> = now.chain(before).collect();
        (
            all.iter().map(|(id, image)| (*id, image.start_at())).collect(),
            all.iter().map(|(id, image)| (*id, image.user())).collect(),
        )
    }

    async fn missions(
        &self,
        was: &Views,
        moves: &BTreeMap<MissionId, (Told, &mission::Image)>,
        told_on: &BTreeSet<MissionId>,
    ) -> Result<(), Error> {
        let (tx, org) = (self.tx, self.org);
        for (id, (_, to)) in moves {
            mission::move_back(tx, org, to, told_on.contains(id)).await?;
        }
        let mut again = Vec::new();
        for one in &self.changes.missions {
            match (&one.before, was.missions.get(&one.id)) {
                (Some(before), None) => again.push(before.clone()),
                (None, Some(made)) => {
                    missions::delete(tx, org, made).await.map_err(|error| {
                        // Somebody was put on it.
                        if error.is::<MissionNotEmpty>() { ChangedSince.into() } else { error }
                    })?;
                }
                _ => {}
            }
        }
        mission::insert_again(tx, org, again).await
    }

    async fn record(&self, was: &Views, is: &Views) -> Result<(), Error> {
        let (tx, org) = (self.tx, self.org);
        let ids = self.changes.missions.iter().map(|one| one.id);
        let event = |id| match (was.missions.get(&id), is.missions.get(&id)) {
            (Some(before), Some(after)) => Some(MissionEvent::Updated { before, after }),
            (None, Some(after)) => Some(MissionEvent::Created { after }),
            // Recorded where it was deleted.
            (_, None) => None,
        };
        tx.record_all(org, &ids.filter_map(event).collect::<Vec<_>>()).await?;
        let ids = self.changes.assignments.iter().map(|one| one.id);
        let event = |id| match (was.assignments.get(&id), is.assignments.get(&id)) {
            (Some(before), Some(after)) if before == after => None,
            (Some(before), Some(after)) if before.status == after.status => {
                Some(AssignmentEvent::Updated { before, after })
            }
            (Some(before), Some(after)) => Some(AssignmentEvent::Restored { before, after }),
            (None, Some(after)) => Some(AssignmentEvent::Recreated { after }),
            (Some(before), None) => Some(AssignmentEvent::Deleted { before }),
            (None, None) => None,
        };
        tx.record_all(org, &ids.filter_map(event).collect::<Vec<_>>()).await
    }
}

/// The objects as the API shows them, for the audit log.
struct Views {
    missions: HashMap<MissionId, Mission>,
    assignments: HashMap<AssignmentId, Assignment>,
}

impl Views {
    async fn read(back: &Back<'_>) -> Result<Self, Error> {
        let missions = back.changes.missions.iter().map(|one| one.id);
        let ids = back.changes.assignments.iter().map(|one| one.id);
        let assignments = assignments::by_ids(back.tx, back.org, ids).await?;
        Ok(Self {
            missions: missions::by_ids(back.tx, back.org, missions).await?,
            assignments: assignments.into_iter().map(|one| (one.id, one)).collect(),
        })
    }
}
