//! Shares out what is scarce (bytes, connections, cores), so that no org makes the others wait.
//!
//! Waiting orgs take turns, however often each asks; requests of one org keep their order. An org that waits alone gets
//! what is free, up to its share, which may be larger while no other org asks ([`Fair::alone`]). A large claim is not
//! overtaken by small ones of other orgs, or it would starve; an org that waits for its own share to become free blocks
//! nobody.
//!
//! `let _room = fair.take(tenant, bytes, patience).await?;` – it is returned when it is dropped.

use crate::{
    error::{Error, FailureKind},
    ids::OrgId,
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};

/// How long a tenant counts as present after it asked: longer than a user's pause between clicks. Else the other tenant's share
/// would grow between two clicks, and the second click find it used up.
const PRESENCE: Duration = Duration::from_secs(2);

/// The org of a request; `None` for all clients that are not signed in, together.
pub type Tenant = Option<OrgId>;

/// An amount that is shared out. Clones share it.
#[derive(Clone, Debug)]
pub struct Fair(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    what: &'static str,
    shares: Shares,
    state: Mutex<State>,
}

/// The most that one tenant may hold.
#[derive(Debug, Clone, Copy)]
struct Shares {
    beside_others: usize,
    alone: usize,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// The tenant that asked last, and the last other one.
    asked: [Option<(Tenant, Instant)>; 2],
    /// Tenants that hold or wait for something.
    tenants: HashMap<Tenant, Claims>,
    /// Tenants that wait, in the order of their turns.
    turns: VecDeque<Tenant>,
}

#[derive(Debug, Default)]
struct Claims {
    held: usize,
    waiting: VecDeque<Claim>,
}

#[derive(Debug)]
struct Claim {
    amount: usize,
    answer: oneshot::Sender<Portion>,
}

/// A taken amount, returned on drop.
#[derive(Debug)]
#[must_use = "it is given back when it is dropped"]
pub struct Portion {
    fair: Fair,
    tenant: Tenant,
    amount: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("too many {what} at once: none was given back within {patience:?}")]
struct NothingFree {
    what: &'static str,
    patience: Duration,
}

impl Fair {
    /// `total` of `what` (in the plural, for the log), of which one tenant has at most `share`.
    pub fn new(what: &'static str, total: usize, share: usize) -> Self {
        Self::alone(what, total, share, share)
    }

    /// The same, with up to `alone` for one tenant while no other asks.
    pub fn alone(what: &'static str, total: usize, share: usize, alone: usize) -> Self {
        let state = State { free: total, asked: [None; 2], tenants: HashMap::new(), turns: VecDeque::new() };
        let beside_others = share.clamp(1, total.max(1));
        let shares = Shares { beside_others, alone: alone.clamp(beside_others, total.max(1)) };
        Self(Arc::new(Inner { what, shares, state: Mutex::new(state) }))
    }

    /// Waits for the tenant's turn and takes `amount`, or the tenant's share where that is less.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when its turn does not come in time.
    pub async fn take(&self, tenant: Tenant, amount: usize, patience: Duration) -> Result<Portion, Error> {
        let what = self.0.what;
        let taken = tokio::time::timeout(patience, self.wait(tenant, amount)).await;
        taken.map_err(|_| Error::failed(FailureKind::Unavailable, NothingFree { what, patience }))?
    }

    /// The same without a timeout.
    ///
    /// # Errors
    /// [`FailureKind::Internal`] if the claim was lost, which would be a defect.
    pub async fn wait(&self, tenant: Tenant, amount: usize) -> Result<Portion, Error> {
        let (answer, answered) = oneshot::channel();
        let claim = Claim { amount: amount.min(self.0.shares.beside_others), answer };
        self.0.state().claim(tenant, claim);
        let mut place = Place { fair: self, tenant, answered };
        loop {
            self.hand_out();
            // Checked again from time to time: when other tenants leave, nothing is returned, and yet a tenant that is now
            // alone may have more.
            if let Ok(answer) = tokio::time::timeout(PRESENCE, &mut place.answered).await {
                return answer.map_err(|error| Error::internal(error));
            }
        }
    }

    pub fn free(&self) -> usize {
        self.0.state().free
    }

    fn hand_out(&self) {
        let mut unclaimed = Vec::new();
        {
            let mut state = self.0.state();
            while let Some((tenant, claim)) = state.next(self.0.shares) {
                let portion = Portion { fair: self.clone(), tenant, amount: claim.amount };
                // A claim that was given up may still be queued. Its portion, dropped here, would deadlock on this lock.
                unclaimed.extend(claim.answer.send(portion).err());
            }
        }
        drop(unclaimed);
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn claim(&mut self, tenant: Tenant, claim: Claim) {
        if self.asked[0].is_some_and(|(last, _)| last != tenant) {
            self.asked[1] = self.asked[0];
        }
        self.asked[0] = Some((tenant, Instant::now()));
        let claims = self.tenants.entry(tenant).or_default();
        if claims.waiting.is_empty() {
            self.turns.push_back(tenant);
        }
        claims.waiting.push_back(claim);
    }

    /// The next claim that can be met; it counts as held from now on.
    fn next(&mut self, shares: Shares) -> Option<(Tenant, Claim)> {
        let share = if self.one_is_alone() { shares.alone } else { shares.beside_others };
        let amount_within_share = |tenant: &Tenant| {
            let claims = self.tenants.get(tenant)?;
            let amount = claims.waiting.front()?.amount;
            (claims.held + amount <= share).then_some(amount)
        };
        let mut turns = self.turns.iter().enumerate();
        let (place, amount) =
            turns.find_map(|(place, tenant)| Some((place, amount_within_share(tenant)?)))?;
        self.free = self.free.checked_sub(amount)?;
        let tenant = self.turns.remove(place)?;
        let claims = self.tenants.get_mut(&tenant)?;
        let claim = claims.waiting.pop_front()?;
        claims.held += amount;
        if !claims.waiting.is_empty() {
            self.turns.push_back(tenant);
        }
        Some((tenant, claim))
    }

    fn one_is_alone(&self) -> bool {
        self.tenants.len() <= 1 && self.asked[1].is_none_or(|(_, when)| when.elapsed() >= PRESENCE)
    }

    fn give_back(&mut self, tenant: Tenant, amount: usize) {
        self.free += amount;
        if let Some(claims) = self.tenants.get_mut(&tenant) {
            claims.held -= amount;
        }
        self.forget_if_idle(tenant);
    }

    /// Removes the tenant's claims that were given up.
    fn leave(&mut self, tenant: Tenant) {
        let Some(claims) = self.tenants.get_mut(&tenant) else { return };
        claims.waiting.retain(|claim| !claim.answer.is_closed());
        if claims.waiting.is_empty() {
            self.turns.retain(|waiting| *waiting != tenant);
        }
        self.forget_if_idle(tenant);
    }

    fn forget_if_idle(&mut self, tenant: Tenant) {
        if self.tenants.get(&tenant).is_some_and(|claims| claims.held == 0 && claims.waiting.is_empty()) {
            self.tenants.remove(&tenant);
        }
    }
}

/// A place in the queue. Dropped early (the client hung up, a timeout), it blocks nobody.
struct Place<'f> {
    fair: &'f Fair,
    tenant: Tenant,
    answered: oneshot::Receiver<Portion>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.answered.is_terminated() {
            self.answered.close();
            self.fair.0.state().leave(self.tenant);
            self.fair.hand_out();
        }
    }
}

impl Portion {
    /// Returns what exceeds `amount`.
    pub fn shrink_to(&mut self, amount: usize) {
        let spare = self.amount.saturating_sub(amount);
        if spare > 0 {
            self.amount -= spare;
            self.fair.0.state().give_back(self.tenant, spare);
            self.fair.hand_out();
        }
    }
}

impl Drop for Portion {
    fn drop(&mut self) {
        self.fair.0.state().give_back(self.tenant, self.amount);
        self.fair.hand_out();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};
    use uuid::Uuid;

    const LONG: Duration = Duration::from_secs(60);

    fn org(number: u128) -> Tenant {
        Some(OrgId(Uuid::from_u128(number)))
    }

    type Taking<'f> = std::pin::Pin<Box<dyn Future<Output = Result<Portion, Error>> + 'f>>;

    /// Asks, and waits in the queue from then on.
    fn ask(fair: &Fair, tenant: Tenant, amount: usize) -> Taking<'_> {
        let mut taking: Taking<'_> = Box::pin(fair.take(tenant, amount, LONG));
        assert!(poll(&mut taking).is_none(), "nothing is free");
        taking
    }

    fn poll(taking: &mut Taking<'_>) -> Option<Portion> {
        match taking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(taken) => Some(taken.unwrap()),
            Poll::Pending => None,
        }
    }

    async fn now(fair: &Fair, tenant: Tenant, amount: usize) -> Portion {
        fair.take(tenant, amount, Duration::ZERO).await.unwrap()
    }

    #[tokio::test]
    async fn orgs_take_turns_however_often_one_asks() {
        let fair = Fair::new("turns", 1, 1);
        let mut held = now(&fair, org(1), 1).await;
        let names = ["1a", "1b", "1c", "2a", "3a", "2b"];
        let mut waiting: Vec<_> = names
            .into_iter()
            .map(|name| (name, ask(&fair, org(u128::from(name.as_bytes()[0] - b'0')), 1)))
            .collect();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(held);
            let mut found = None;
            for (i, (_, taking)) in waiting.iter_mut().enumerate() {
                if let Some(portion) = poll(taking) {
                    assert!(found.is_none(), "there is one");
                    found = Some((i, portion));
                }
            }
            let (i, portion) = found.unwrap();
            order.push(waiting.remove(i).0);
            held = portion;
        }
        assert_eq!(order, ["1a", "2a", "3a", "1b", "2b", "1c"]);
        drop(held);
        assert_eq!(fair.free(), 1);
        assert!(
            fair.0.state().tenants.is_empty() && fair.0.state().turns.is_empty(),
            "nothing is remembered"
        );
    }

    #[tokio::test]
    async fn one_org_has_at_most_its_share_and_does_not_hold_up_others() {
        let fair = Fair::new("bytes", 10, 4);
        let first = now(&fair, org(1), 3).await;
        let mut second = ask(&fair, org(1), 2);
        let others = [now(&fair, org(2), 4).await, now(&fair, None, 3).await];
        assert_eq!(fair.free(), 0);
        drop(first);
        assert!(poll(&mut second).is_some());
        drop(others);
        assert_eq!(now(&fair, org(3), 9).await.amount, 4, "more than the share is the share");
    }

    #[tokio::test]
    async fn a_large_portion_is_not_overtaken_by_those_of_others() {
        let fair = Fair::new("bytes", 10, 10);
        let (first, second) = (now(&fair, org(1), 5).await, now(&fair, org(2), 5).await);
        let mut large = ask(&fair, org(3), 8);
        let mut small = ask(&fair, org(4), 1);
        drop(first);
        assert!(poll(&mut large).is_none() && poll(&mut small).is_none());
        drop(second);
        assert!(poll(&mut large).is_some() && poll(&mut small).is_some());
    }

    #[tokio::test]
    async fn who_gives_up_holds_up_nobody_and_takes_nothing_along() {
        let fair = Fair::new("bytes", 10, 10);
        let held = now(&fair, org(1), 5).await;
        let large = ask(&fair, org(2), 8);
        let mut small = ask(&fair, org(3), 1);
        drop(large);
        assert!(poll(&mut small).is_some(), "at once, not when the next is given back");
        // Given up between the answer and looking at it.
        let unseen = ask(&fair, org(2), 8);
        drop(held);
        assert_eq!(fair.free(), 2);
        drop(unseen);
        assert_eq!(fair.free(), 10);
    }

    #[tokio::test]
    async fn patience_ends_with_a_503_and_nothing_is_lost() {
        let fair = Fair::new("turns", 1, 1);
        let held = now(&fair, None, 1).await;
        let refused = fair.take(org(1), 1, Duration::ZERO).await;
        assert!(
            refused.as_ref().is_err_and(|error| error.failure() == Some(FailureKind::Unavailable)),
            "{refused:?}"
        );
        drop(held);
        assert_eq!(fair.free(), 1);
        assert!(fair.0.state().tenants.is_empty());
    }

    #[tokio::test]
    async fn what_is_given_back_early_goes_to_those_who_wait() {
        let fair = Fair::new("bytes", 10, 10);
        let mut held = now(&fair, org(1), 10).await;
        let mut waiting = ask(&fair, org(2), 6);
        held.shrink_to(4);
        assert!(poll(&mut waiting).is_some());
        held.shrink_to(9);
        drop(held);
        assert_eq!(fair.free(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_alone_has_more_until_another_asks() {
        let fair = Fair::alone("turns", 4, 1, 4);
        let mut held = vec![now(&fair, org(1), 1).await, now(&fair, org(1), 1).await];
        drop(now(&fair, org(2), 1).await);
        let mut waiting = ask(&fair, org(1), 1);
        held.pop();
        assert!(poll(&mut waiting).is_none(), "it has its share beside others");
        held.pop();
        held.extend(poll(&mut waiting));
        assert_eq!(held.len(), 1);
        // Nothing is returned.
        let mut waiting = ask(&fair, org(1), 1);
        tokio::time::advance(PRESENCE).await;
        held.extend(poll(&mut waiting));
        assert_eq!(held.len(), 2);
        // When two orgs ask in turn, neither is alone.
        let mut other = Some(now(&fair, org(2), 1).await);
        tokio::time::advance(PRESENCE / 2).await;
        let mut second = ask(&fair, org(2), 1);
        tokio::time::advance(PRESENCE / 2).await;
        drop(other.take());
        assert!(poll(&mut second).is_some());
    }
}
