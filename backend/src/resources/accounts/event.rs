//! What happens to accounts, their sessions and memberships.

use crate::{
    events::events,
    ids::{AccountId, SessionId},
    locale::Locale,
    timestamp::Timestamp,
};
use serde::Serialize;

events! {
    pub enum AccountEvent of "account" (AccountId), shown in [] {
        LINK_ISSUED = "account.link_issued": LinkIssued { id: AccountId } of id,
        RESET_REQUESTED = "account.reset_requested": ResetRequested { id: AccountId } of id,
        PASSWORD_SET = "account.password_set": PasswordSet { id: AccountId } of id,
        PASSWORD_CHANGED = "account.password_change": PasswordChanged { id: AccountId } of id,
        UPDATED = "account.update": Updated { id: AccountId, before: AccountSettings, after: AccountSettings } of id,
        ERASED = "account.erase": Erased { id: AccountId } of id,
        SIGN_IN_REFUSED = "account.sign_in_refused": SignInRefused { id: Option<AccountId>, after: RefusedInMinute } of id,
    }
}

/// What an account sets of itself, whichever org it acts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AccountSettings {
    /// The language of mails to it; `None` for that of its user, else of the org.
    pub locale: Option<Locale>,
}

/// Sign-ins that were refused.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RefusedInMinute {
    /// When the minute began.
    pub minute: Timestamp,
    pub refused: u64,
}

events! {
    pub enum SessionEvent of "session" (SessionId), shown in [] {
        STARTED = "session.start": Started { id: SessionId } of id,
        SWITCHED = "session.switch": Switched { id: SessionId } of id,
        REUSED = "session.reuse": Reused { id: SessionId } of id,
        ENDED = "session.end": Ended { id: SessionId } of id,
    }
}

events! {
    /// What an org's admins do to its members is a `MemberEvent` of orgs.
    pub enum MembershipEvent of "member" (AccountId), shown in [] {
        PROVEN = "member.prove": Proven { account: AccountId } of account,
    }
}
