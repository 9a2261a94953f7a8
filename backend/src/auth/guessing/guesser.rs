//! Whose tries are counted together, and how many of them get through.

use crate::{auth::hash_secret, ids::SessionId, text::EmailKey};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

/// So many tries at once, then one each `period_ms`.
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
/// For an account as a whole: a single network never gets here, a crowd is held to a guess in five seconds and as many by newcomers.
const CROWD: [Tier; 2] = [tier(100, 1_000), tier(1000, 5_000)];
/// For an address: a whole crew may sign in behind one.
const CREW: [Tier; 1] = [tier(300, 1_000)];
/// For a network while a crowd tries the account: three tries, then one in 20 minutes. It takes hundreds of networks to leave no
/// room for the owner's.
const NEW: [Tier; 1] = [tier(3, 1_200_000)];
/// For all of them together; a crowd has no more of these than of its own.
const NEWCOMERS: [Tier; 1] = [tier(50, 5_000)];
/// Links to set a password anew: five at once, then one in ten minutes.
const LINKS: [Tier; 1] = [tier(5, 600_000)];
/// An e-mail, known or not, by its hash.
type Subject = [u8; 32];

/// Whose tries are counted together. An address stands for its IPv6 network of 64 bits, which is what one customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// Whoever sends from this address.
    Address(IpAddr),
    /// Whoever tries this e-mail from this address.
    Account(Subject, Option<IpAddr>),
    /// Everyone who tries this e-mail.
    Crowd(Subject),
    /// Whoever tries this e-mail from this address, when a crowd tries it, too. It stands for its IPv6 network of 48 bits:
    /// smaller ones are to be had by the thousand.
    Newcomer(Subject, Option<IpAddr>),
    Newcomers(Subject),
    /// A browser that was signed in to the account before, or is.
    Session(SessionId),
    /// Whoever asks for links from this address.
    LinksFrom(IpAddr),
    Links(Subject),
}

pub(super) const TIERS: [&[Tier]; 8] = [&CREW, &GROWING, &CROWD, &GROWING, &CREW, &LINKS, &NEW, &NEWCOMERS];

/// Who makes a try: one who stands in line, and those who are counted with them.
#[derive(Debug)]
pub struct Guessers {
    /// The browser, or the network.
    pub(super) own: Guesser,
    /// Everyone, if there are others.
    pub(super) crowd: Option<Guesser>,
    /// Who is counted where the crowd has no room: only those who have not tried much.
    pub(super) newcomers: Vec<Guesser>,
}

impl Guessers {
    /// Someone who was signed in before.
    pub fn by_session(session: SessionId) -> Self {
        Self { own: Guesser::Session(session), crowd: None, newcomers: Vec::new() }
    }

    /// Who tries an e-mail from an address.
    pub fn at_account(email: &EmailKey, client: Option<IpAddr>) -> Self {
        let subject = subject(email);
        Self {
            own: Guesser::Account(subject, client.map(network)),
            crowd: Some(Guesser::Crowd(subject)),
            newcomers: vec![
                Guesser::Newcomer(subject, client.map(wide_network)),
                Guesser::Newcomers(subject),
            ],
        }
    }
}

/// Who asks for a link to an e-mail.
pub fn for_link(email: &EmailKey) -> Guesser {
    Guesser::Links(subject(email))
}

fn subject(email: &EmailKey) -> Subject {
    let mut hash = Subject::default();
    hash.copy_from_slice(&hash_secret(email.as_str().as_bytes()));
    hash
}

/// What is counted as one address.
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

impl Guesser {
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

    /// The keys of its tiers in Redis. The braces keep them in one slot of a cluster.
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
