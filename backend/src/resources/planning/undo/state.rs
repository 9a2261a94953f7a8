//! What a request may change, as it is before and after it.

use crate::{
    db::Tx,
    error::Error,
    ids::{AssignmentId, InvitationId, MissionId, OrgId},
    resources::{
        assignments::{self, Told},
        invitations, missions,
    },
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Which objects a request may change.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// With all assignments of theirs.
    pub missions: BTreeSet<MissionId>,
    /// With all invitations of theirs, and their missions.
    pub assignments: BTreeSet<AssignmentId>,
    /// Missions that assignments had which are not there now.
    pub beside: BTreeSet<MissionId>,
}

/// These objects at one instant.
#[derive(Debug, Default)]
pub struct State {
    pub missions: BTreeMap<MissionId, missions::image::Image>,
    pub assignments: BTreeMap<AssignmentId, assignments::image::Image>,
    pub invitations: BTreeMap<InvitationId, invitations::image::Image>,
    /// The other missions of the assignments.
    pub beside: BTreeMap<MissionId, missions::image::Image>,
    /// Accepted assignments of their users that overlap, the one with an override first.
    pub overlaps: BTreeSet<Overlap>,
}

pub type Overlap = (AssignmentId, AssignmentId);

/// What a request did.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changes {
    /// When.
    pub at: Timestamp,
    pub missions: Vec<Changed<MissionId, missions::image::Image>>,
    pub assignments: Vec<Changed<AssignmentId, assignments::image::Image>>,
    pub invitations: Vec<Changed<InvitationId, invitations::image::Image>>,
    /// When and where the missions of the assignments were that it did not change.
    pub beside: Vec<(MissionId, Told)>,
    /// Assignments that overlapped before: an override covers no other.
    pub overlaps: BTreeSet<Overlap>,
}

/// A row as it was before a request, if it was there, and how it was left.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed<Id, Image> {
    pub id: Id,
    pub before: Option<Image>,
    /// `None` when it was deleted.
    after: Option<Digests>,
}

/// Of a row, in few bytes: what people change, and what mails that go out change.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Digests {
    settled: u64,
    whole: u64,
}

/// A row that can be gone back to.
pub trait Row: Serialize + DeserializeOwned + PartialEq + Clone {
    /// All that commands change, without what follows from other rows.
    fn whole(&self) -> Self;
    /// The same without what mails change.
    fn settled(&self) -> Self;
    /// Without what every write counts up: a row that an undo brought back is as it was.
    fn unstamped(&self) -> Self;
}

impl Row for missions::image::Image {
    fn whole(&self) -> Self {
        self.clone()
    }
    fn settled(&self) -> Self {
        self.settled()
    }
    fn unstamped(&self) -> Self {
        self.unstamped()
    }
}

impl Row for assignments::image::Image {
    fn whole(&self) -> Self {
        self.unmoved()
    }
    fn settled(&self) -> Self {
        self.settled()
    }
    fn unstamped(&self) -> Self {
        self.unstamped()
    }
}

impl Row for invitations::image::Image {
    fn whole(&self) -> Self {
        self.clone()
    }
    fn settled(&self) -> Self {
        self.settled()
    }
    fn unstamped(&self) -> Self {
        self.unstamped()
    }
}

impl Changes {
    pub fn scope(&self) -> Scope {
        Scope {
            missions: self.missions.iter().map(|one| one.id).collect(),
            assignments: self.assignments.iter().map(|one| one.id).collect(),
            beside: self.beside.iter().map(|(id, _)| *id).collect(),
        }
    }
}

impl State {
    /// The mission, whether it is in the scope itself or by an assignment.
    pub fn mission(&self, id: MissionId) -> Option<&missions::image::Image> {
        self.missions.get(&id).or_else(|| self.beside.get(&id))
    }

    /// # Errors
    /// When the database fails.
    pub async fn read(tx: &Tx, org: OrgId, scope: &Scope) -> Result<Self, Error> {
        let missions = missions::image::images(tx, org, scope.missions.clone()).await?;
        let assignments =
            assignments::image::images(tx, org, scope.assignments.clone(), scope.missions.clone()).await?;
        let invitations = invitations::image::images(tx, org, scope.assignments.clone()).await?;
        let beside = assignments.values().map(assignments::image::Image::mission);
        let beside = beside.chain(scope.beside.iter().copied());
        let beside = beside.filter(|id| !scope.missions.contains(id)).collect();
        let beside = missions::image::images(tx, org, beside).await?;
        let users = assignments.values().map(assignments::image::Image::user).collect();
        let overlaps = assignments::image::overlaps(tx, org, users).await?;
        Ok(Self { missions, assignments, invitations, beside, overlaps })
    }

    /// What became of this until it is `after`.
    ///
    /// # Errors
    /// Never: rows are JSON.
    pub fn changes(self, after: &Self, at: Timestamp) -> Result<Changes, Error> {
        let invitations = changed(self.invitations, &after.invitations, &BTreeSet::new())?;
        // A link works again only for an assignment that is as it was.
        let linked = invitations.iter().filter_map(|one| {
            let image = one.before.as_ref().or_else(|| after.invitations.get(&one.id))?;
            Some(image.assignment())
        });
        let assignments = changed(self.assignments, &after.assignments, &linked.collect())?;
        let missions = changed(self.missions, &after.missions, &BTreeSet::new())?;
        let of = |one: &Changed<AssignmentId, assignments::image::Image>| {
            let image = one.before.as_ref().or_else(|| after.assignments.get(&one.id))?;
            let mission = image.mission();
            let beside = after.mission(mission).or_else(|| self.beside.get(&mission))?;
            (!missions.iter().any(|one| one.id == mission)).then(|| (mission, beside.told()))
        };
        let beside: BTreeMap<_, _> = assignments.iter().filter_map(of).collect();
        Ok(Changes {
            at,
            missions,
            invitations,
            beside: beside.into_iter().collect(),
            assignments,
            overlaps: self.overlaps,
        })
    }
}

/// The rows that differ, and some that have to be as they are.
fn changed<Id: Ord + Copy, R: Row>(
    mut before: BTreeMap<Id, R>,
    after: &BTreeMap<Id, R>,
    some: &BTreeSet<Id>,
) -> Result<Vec<Changed<Id, R>>, Error> {
    let ids: BTreeSet<Id> = before.keys().chain(after.keys()).copied().collect();
    let mut all = Vec::new();
    for id in ids {
        let (was, is) = (before.remove(&id), after.get(&id));
        if some.contains(&id) || was.as_ref().map(Row::whole) != is.map(Row::whole) {
            all.push(Changed { id, before: was, after: is.map(Digests::of).transpose()? });
        }
    }
    Ok(all)
}

impl<Id, R: Row> Changed<Id, R> {
    /// Whether the row is as the request left it, but for what mails change.
    ///
    /// # Errors
    /// Never: rows are JSON.
    pub fn is_as_left(&self, now: Option<&R>) -> Result<bool, Error> {
        let now = now.map(Digests::of).transpose()?;
        Ok(now.map(|one| one.settled) == self.after.as_ref().map(|one| one.settled))
    }

    /// Whether a mail told its person of it since.
    ///
    /// # Errors
    /// Never: rows are JSON.
    pub fn is_told_since(&self, now: &R) -> Result<bool, Error> {
        Ok(self.after.as_ref() != Some(&Digests::of(now)?))
    }
}

impl Digests {
    fn of(row: &impl Row) -> Result<Self, Error> {
        Ok(Self { settled: digest(&row.settled().unstamped())?, whole: digest(&row.whole().unstamped())? })
    }
}

fn digest(row: &impl Serialize) -> Result<u64, Error> {
    let text = serde_json::to_vec(row).map_err(|error| Error::internal(error))?;
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(text)[..8]);
    Ok(u64::from_be_bytes(first))
}
