//! What a client keeps to take back what it did.

use super::state::Changes;
use crate::{
    error::{Error, UnknownReference},
    ids::{AccountId, OrgId},
    random::Random,
    seal::Seal,
    timestamp::Timestamp,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use std::{
    io::{Read, Write},
    time::Duration,
};

/// How long something can be taken back.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The longest text: beside it a body of `MAX_BULK_BODY` (2 MiB) has room for the rest of an undo.
pub const LONGEST: usize = 2_000_000;

/// The most bytes of changes before they are deflated: what is opened takes no more memory than that.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Whose it is, and what closes it.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    pub org: OrgId,
    pub account: AccountId,
    pub seal: &'a Seal,
    pub random: &'a Random,
}

impl Owner<'_> {
    fn context(&self) -> String {
        format!("undo {} {}", self.org, self.account)
    }

    /// The text that takes these changes back; `None` when they are too many for one request.
    ///
    /// # Errors
    /// Never: changes are JSON, and memory takes all bytes.
    pub fn close(&self, changes: &Changes) -> Result<Option<String>, Error> {
        let json = serde_json::to_vec(changes).map_err(|error| Error::internal(error))?;
        if json.len() > MOST_BYTES {
            return Ok(None);
        }
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(&json).map_err(|error| Error::internal(error))?;
        deflated.flush().map_err(|error| Error::internal(error))?;
        let plain = deflated.finish().map_err(|error| Error::internal(error))?;
        let sealed = self.seal.close(self.random, self.context().as_bytes(), &plain)?;
        let text = BASE64_URL_SAFE_NO_PAD.encode(sealed);
        Ok((text.len() <= LONGEST).then_some(text))
    }

    /// # Errors
    /// [`UnknownReference`] for a text that is not this owner's, or too old.
    pub fn open(&self, now: Timestamp, text: &str) -> Result<Changes, Error> {
        let open = || {
            let sealed = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
            let plain = self.seal.open(self.context().as_bytes(), &sealed)?;
            let mut json = Vec::new();
            DeflateDecoder::new(plain.as_slice()).take(MOST_BYTES as u64).read_to_end(&mut json).ok()?;
            serde_json::from_slice::<Changes>(&json).ok()
        };
        let unknown = || UnknownReference { pointer: "/undo", name: "undo" }.into();
        open().filter(|changes| now.since(changes.at) <= KEPT).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::MissionId, resources::assignments::Told};
    use std::collections::BTreeSet;
    use uuid::Uuid;

    #[test]
    fn what_is_too_much_for_one_request_has_no_text() {
        let (random, seal) = (Random::seeded(1), Seal::new(&"key".into(), None).unwrap());
        let id = || Uuid::from_bytes(random.bytes());
        let owner = Owner { org: OrgId(id()), account: AccountId(id()), seal: &seal, random: &random };
        let at = Timestamp::from_micros(1_783_670_400_000_000);
        let told = Told { start_at: at, end_at: at, timezone: "Europe/Paris".into(), location: None };
        let text_of = |count: usize| {
            let beside = (0..count).map(|_| (MissionId(id()), told.clone())).collect();
            let changes = Changes {
                at,
                missions: Vec::new(),
                assignments: Vec::new(),
                invitations: Vec::new(),
                beside,
                overlaps: BTreeSet::new(),
            };
            owner.close(&changes).unwrap()
        };
        assert!(text_of(20_000).is_some_and(|text| text.len() < LONGEST));
        assert_eq!(text_of(100_000), None);
    }
}
