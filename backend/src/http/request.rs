//! What identifies a request in responses, logs and the audit log.

use super::IdempotencyKey;
use crate::{
    db::{Actor, Origin},
    fair::{Portion, Tenant},
    ids::{AccountId, OrgId},
    random::Random,
    telemetry::{SpanContext, client_span},
    workers::{Lane, Workers},
};
use axum::http::{Extensions, HeaderMap, HeaderName};
use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest request id that is accepted from a client.
const MAX_ID_CHARS: usize = 128;

/// A request's id and trace, and what becomes known on its way: caller, client, key. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct RequestInfo(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    id: String,
    trace_id: String,
    parent: Option<SpanContext>,
    caller: OnceLock<(OrgId, AccountId)>,
    client: OnceLock<IpAddr>,
    tried: AtomicBool,
    idempotency: OnceLock<IdempotencyKey>,
    unchecked_condition: AtomicBool,
    hung_up: CancellationToken,
    turn: Mutex<Option<Portion>>,
}

impl RequestInfo {
    /// Accepts the client's request id and trace when they are well-formed, else makes new ones.
    pub fn new(headers: &HeaderMap, id_header: &HeaderName, random: &Random) -> Self {
        let id = headers.get(id_header).and_then(|id| id.to_str().ok()).filter(|id| is_safe(id));
        let id = id.map_or_else(|| hex(random.bytes::<16>()), ToOwned::to_owned);
        let parent = client_span(headers);
        let trace_id =
            parent.as_ref().map_or_else(|| hex(random.bytes::<16>()), |parent| parent.trace_id().to_string());
        Self(Arc::new(Inner { id, trace_id, parent, ..Inner::default() }))
    }

    /// From the request's extensions; an empty one where the boundary was not passed (unit tests).
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Remembers the caller, for the log line and for [`RequestInfo::tenant`].
    pub fn note_caller(&self, org: OrgId, account: AccountId) {
        // A request has one caller; a second extractor finds the same one.
        let _ = self.0.caller.set((org, account));
    }

    /// `None` until the caller is known.
    pub fn caller(&self) -> Option<(OrgId, AccountId)> {
        self.0.caller.get().copied()
    }

    /// Whose share of the server the request uses.
    pub fn tenant(&self) -> Tenant {
        self.caller().map(|(org, _)| org)
    }

    /// Holds the tenant's turn until [`RequestInfo::end_turn`].
    pub fn keep_turn(&self, turn: Portion) {
        *self.turn() = Some(turn);
    }

    /// Returns the turn, if held: the request is answered, or waits for something from here on, which may take long.
    pub fn end_turn(&self) {
        let turn = self.turn().take();
        drop(turn);
    }

    pub fn has_turn(&self) -> bool {
        self.turn().is_some()
    }

    /// Where its work runs. If `much`, it waits for the workers, and the request's turn is returned before.
    pub fn lane(&self, workers: &Workers, much: bool) -> Lane {
        if much {
            self.end_turn();
            Lane::of(workers, self.tenant())
        } else {
            Lane::INLINE
        }
    }

    fn turn(&self) -> MutexGuard<'_, Option<Portion>> {
        // It is replaced whole, so a panic elsewhere leaves nothing half-done.
        self.0.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The origin of its writes.
    pub fn origin(&self, actor: Actor) -> Origin {
        Origin {
            actor,
            request_id: Some(self.to_string()),
            tenant: self.tenant(),
            hung_up: self.0.hung_up.clone(),
        }
    }

    /// Dropping the guard says that the client hung up.
    pub(super) fn client_waits(&self) -> DropGuard {
        self.0.hung_up.clone().drop_guard()
    }

    /// Remembers the client's address.
    pub fn note_client(&self, client: IpAddr) {
        // Set once, at the boundary.
        let _ = self.0.client.set(client);
    }

    /// The client's address, seen through the trusted proxies; `None` without a connection (tests that call the router).
    pub fn client(&self) -> Option<IpAddr> {
        self.0.client.get().copied()
    }

    /// Whether this is the first password check of the request. One that lost a race and is run again counts once.
    pub fn counts_as_a_try(&self) -> bool {
        !self.0.tried.swap(true, Ordering::SeqCst)
    }

    /// Remembers the key under which its response is stored.
    pub fn note_idempotency_key(&self, key: IdempotencyKey) {
        // Set once, before the handler runs.
        let _ = self.0.idempotency.set(key);
    }

    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.0.idempotency.get()
    }

    /// Remembers that the write has a condition. Nothing is committed until it is checked.
    pub fn require_condition_check(&self) {
        self.0.unchecked_condition.store(true, Ordering::SeqCst);
    }

    /// Remembers that the condition was checked and holds.
    pub fn note_condition_checked(&self) {
        self.0.unchecked_condition.store(false, Ordering::SeqCst);
    }

    /// Whether the write has a condition that was not checked.
    pub fn has_unchecked_condition(&self) -> bool {
        self.0.unchecked_condition.load(Ordering::SeqCst)
    }

    /// 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        &self.0.trace_id
    }

    /// The client's span; `None` when the trace begins here.
    pub fn parent(&self) -> Option<&SpanContext> {
        self.0.parent.as_ref()
    }
}

impl fmt::Display for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.id)
    }
}

fn is_safe(id: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

fn hex(bytes: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(bytes).simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_over_only_well_formed_ids() {
        assert!(is_safe("req-1.a_b:c"));
        for bad in ["", "a b", "a\"b", "é", &"x".repeat(129)] {
            assert!(!is_safe(bad), "{bad:?}");
        }
    }
}
