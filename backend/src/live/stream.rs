//! What one client is told, and until when.

use super::{Listener, Live};
use crate::{
    auth::{Caller, CallerCheck, Gate, MinimumRole},
    db::{List, Versions},
    error::Error,
    ids::OrgId,
    role::Role,
    timestamp::Timestamp,
};
use std::time::Duration;

/// The longest silence is 15 s: this, the time between two looks, and the patience of one.
const HEARTBEAT: Duration = Duration::from_secs(12);
/// Whether the caller is still who they were is read every 30 s at the latest: this, and as above.
const CHECKED_EVERY: Duration = Duration::from_secs(25);
/// How long such a question may take, and after how long without an answer the stream is over.
const PATIENCE: Duration = Duration::from_secs(2);
const UNCHECKED: Duration = Duration::from_secs(60);

/// What a client is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// These lists are others than what it knew.
    Changed {
        lists: Vec<List>,
        /// Those of all lists that it may hear of; what a client sends to go on from here.
        id: String,
        /// That of the last of these lists.
        version: i64,
    },
    /// Nothing, so that everybody on the way knows that somebody is there.
    Alive,
}

/// What one client is told. It is over at the end of the access token or of the time that was asked for, when the caller's
/// session or role is not what it was, and when the program stops.
pub struct Stream {
    listener: Listener,
    check: CallerCheck,
    id: Id,
    /// What the client knows.
    known: Versions,
    /// What it is told at once.
    first: Option<Told>,
    /// When the access token ends.
    until: Timestamp,
    /// These are on the monotonic clock.
    end: Duration,
    told: Duration,
    checked: Duration,
}

/// The lists that a role may read: a technician has no plan.
fn lists_of(role: Role) -> &'static [List] {
    if role >= Role::Manager { &List::ALL } else { &[List::Projects, List::Missions] }
}

impl Stream {
    /// For a caller, at most for `time`. `last_id` is the id of what the client was told last.
    ///
    /// # Errors
    /// As [`Live::listen`].
    pub fn of<R: MinimumRole>(
        live: &Live,
        gate: &Gate,
        caller: &Caller<R>,
        time: Duration,
        last_id: Option<&str>,
    ) -> Result<Self, Error> {
        let now = live.0.clock.elapsed();
        let (lists, known) = (lists_of(caller.role), caller.versions);
        let id = Id { org: caller.org, lists };
        let first = changed(id, |list| !last_id.is_some_and(|last| id.says(last, list, known)), known);
        Ok(Self {
            listener: live.listen(caller.org, caller.account)?,
            check: gate.authority_check(caller),
            id,
            known,
            first,
            until: caller.until,
            end: now.saturating_add(time),
            told: now,
            checked: now,
        })
    }

    /// Waits until there is something to tell; `None` at the end.
    pub async fn next(&mut self) -> Option<Told> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let seen = self.listener.next().await?;
            let clock = &self.listener.live.0.clock;
            let now = clock.elapsed();
            let unchecked = now.saturating_sub(self.checked);
            if unchecked >= CHECKED_EVERY {
                match tokio::time::timeout(PATIENCE, self.check.still_holds()).await {
                    Ok(Ok(true)) => self.checked = now,
                    Ok(Ok(false)) => return None,
                    Ok(Err(_)) | Err(_) if unchecked >= UNCHECKED => return None,
                    // Nor can versions be read then, which is logged; the next look asks again.
                    Ok(Err(_)) | Err(_) => {}
                }
            }
            if clock.now() >= self.until || now >= self.end {
                return None;
            }
            let told = seen.and_then(|versions| self.changed(versions));
            let silent = now.saturating_sub(self.told) >= HEARTBEAT;
            if let Some(told) = told.or_else(|| silent.then_some(Told::Alive)) {
                self.told = now;
                return Some(told);
            }
        }
    }

    fn changed(&mut self, versions: Versions) -> Option<Told> {
        let known = std::mem::replace(&mut self.known, versions);
        changed(self.id, |list| known.of(list) != versions.of(list), versions)
    }
}

fn changed(id: Id, is_other: impl Fn(List) -> bool, versions: Versions) -> Option<Told> {
    let others: Vec<List> = id.lists.iter().copied().filter(|list| is_other(*list)).collect();
    let version = id.lists.last().map_or(0, |list| versions.of(*list));
    (!others.is_empty()).then(|| Told::Changed { lists: others, id: id.of(versions), version })
}

/// What ids are of: an org, because two that have never changed have the same versions, and the lists that the client may hear of.
#[derive(Clone, Copy)]
struct Id {
    org: OrgId,
    lists: &'static [List],
}

impl Id {
    /// The versions of the lists, as one word.
    fn of(self, versions: Versions) -> String {
        let versions = self.lists.iter().map(|list| format!("-{:016x}", versions.of(*list)));
        versions.fold(self.org.0.simple().to_string(), |id, version| id + &version)
    }

    /// Whether what may be such an id says that this list has its present version.
    fn says(self, id: &str, list: List, versions: Versions) -> bool {
        let mut parts = id.split('-');
        let is_ours = parts.next().is_some_and(|org| org == self.org.0.simple().to_string());
        let known: Vec<&str> = parts.collect();
        let place = self.lists.iter().position(|one| *one == list);
        let present = format!("{:016x}", versions.of(list));
        is_ours && known.len() == self.lists.len() && place.is_some_and(|place| known[place] == present)
    }
}
