//! The keys under which tries are counted, and the limits of each.

use crate::{auth::hash_secret, ids::SessionId, text::EmailKey};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

/// `burst` tries at once, then one each `period_ms`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tier {
    pub(super) burst: NonZeroU32,
    pub(super) period_ms: u32,
}

const fn tier(burst: u32, period_ms: u32) -> Tier {
    Tier { burst: NonZeroU32::new(burst).expect("a burst is at least one try"), period_ms }
}

/// Five typing mistakes cost nothing, then the wait grows to the 30 s that security.md allows at most.
const GROWING: [Tier; 3] = [tier(5, 1_000), tier(10, 5_000), tier(20, 30_000)];
/// For an account as a whole. A single network never reaches it; a crowd is held to one guess in 5 s, and as many by newcomers.
const CROWD: [Tier; 2] = [tier(100, 1_000), tier(1000, 5_000)];
/// For an address, from which a whole crew may sign in.
const CREW: [Tier; 1] = [tier(300, 1_000)];
/// For a network while a crowd tries the account: three tries, then one in 20 minutes. It takes hundreds of networks to use up
/// [`NEWCOMERS`].
const NEW: [Tier; 1] = [tier(3, 1_200_000)];
/// For all newcomers to an account together: at length as many as the crowd.
const NEWCOMERS: [Tier; 1] = [tier(50, 5_000)];
/// For links to reset a password: five at once, then one in ten minutes.
const LINKS: [Tier; 1] = [tier(5, 600_000)];
/// The hash of an e-mail, known or not.
type Subject = [u8; 32];

/// The key under which tries are counted. IPv6 addresses are cut to /64, which is what one customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThrottleKey {
    /// All tries from this address.
    Address(IpAddr),
    /// Tries at this e-mail from this address.
    Account(Subject, Option<IpAddr>),
    /// All tries at this e-mail.
    Crowd(Subject),
    /// Tries at this e-mail from this address while a crowd tries it, too. IPv6 addresses are cut to /48: smaller networks are
    /// to be had by the thousand.
    Newcomer(Subject, Option<IpAddr>),
    Newcomers(Subject),
    /// A browser that has or had a session of the account.
    Session(SessionId),
    /// Requests for links from this address.
    LinksFrom(IpAddr),
    Links(Subject),
}

pub(super) const TIERS: [&[Tier]; 8] = [&CREW, &GROWING, &CROWD, &GROWING, &CREW, &LINKS, &NEW, &NEWCOMERS];

/// The keys that one try is counted under.
#[derive(Debug)]
pub struct ThrottleKeys {
    /// The session or the network; its tries run one at a time.
    pub(super) own: ThrottleKey,
    /// All tries at the account; `None` for a session.
    pub(super) crowd: Option<ThrottleKey>,
    /// Counted instead of the crowd when its limit is reached; room for those who have not tried much.
    pub(super) newcomers: Vec<ThrottleKey>,
}

impl ThrottleKeys {
    /// For a client that has or had a session.
    pub fn by_session(session: SessionId) -> Self {
        Self { own: ThrottleKey::Session(session), crowd: None, newcomers: Vec::new() }
    }

    pub fn at_account(email: &EmailKey, client: Option<IpAddr>) -> Self {
        let subject = subject(email);
        Self {
            own: ThrottleKey::Account(subject, client.map(network)),
            crowd: Some(ThrottleKey::Crowd(subject)),
            newcomers: vec![
                ThrottleKey::Newcomer(subject, client.map(wide_network)),
                ThrottleKey::Newcomers(subject),
            ],
        }
    }
}

/// The key of requests for a link to this e-mail.
pub fn for_link(email: &EmailKey) -> ThrottleKey {
    ThrottleKey::Links(subject(email))
}

fn subject(email: &EmailKey) -> Subject {
    let mut hash = Subject::default();
    hash.copy_from_slice(&hash_secret(email.as_str().as_bytes()));
    hash
}

/// Cuts an IPv6 address to its /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
    masked(address, u128::MAX << 64)
}

fn wide_network(address: IpAddr) -> IpAddr {
    masked(address, u128::MAX << 80)
}

fn masked(address: IpAddr, mask: u128) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & mask).into(),
        v4 => v4,
    }
}

impl ThrottleKey {
    pub(super) fn kind(&self) -> usize {
        match self {
            Self::Address(_) => 0,
            Self::Account(..) => 1,
            Self::Crowd(_) => 2,
            Self::Session(_) => 3,
            Self::LinksFrom(_) => 4,
            Self::Links(_) => 5,
            Self::Newcomer(..) => 6,
            Self::Newcomers(_) => 7,
        }
    }

    pub(super) fn tiers(&self) -> &'static [Tier] {
        TIERS[self.kind()]
    }

    /// The Redis keys of its tiers. The braces put them into one slot of a cluster.
    pub(super) fn keys(&self) -> Vec<String> {
        let short = |subject: &Subject| u128::from_be_bytes(std::array::from_fn(|i| subject[i]));
        let name = match self {
            Self::Account(subject, Some(address)) | Self::Newcomer(subject, Some(address)) => {
                format!("{:x}:{address}", short(subject))
            }
            Self::Account(subject, None)
            | Self::Newcomer(subject, None)
            | Self::Crowd(subject)
            | Self::Newcomers(subject)
            | Self::Links(subject) => format!("{:x}", short(subject)),
            Self::Session(id) => id.to_string(),
            Self::Address(address) | Self::LinksFrom(address) => address.to_string(),
        };
        (0..self.tiers().len()).map(|i| format!("guess:{{{}:{name}}}:{i}", self.kind())).collect()
    }
}
