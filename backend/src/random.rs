//! The source of randomness: seeded by the operating system in the program, by a number in tests.

use crate::{ids::Id, timestamp::Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::sync::{Arc, Mutex, PoisonError};

/// A cryptographically secure generator. Clones draw from the same stream.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// Seeded by the operating system.
    ///
    /// # Errors
    /// When the operating system provides no randomness.
    pub fn system() -> Result<Self, rand::rngs::SysError> {
        Ok(Self(Arc::new(Mutex::new(StdRng::try_from_rng(&mut rand::rngs::SysRng)?))))
    }

    /// The same stream for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // After a panic in another thread the generator is as random as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A UUIDv7 for the `sequence`-th object created at `now`, so that objects of one instant sort by creation. The sequence
    /// takes the 18 bits after the milliseconds (RFC 9562 section 6.2, method 1); 56 random bits remain.
    pub fn id<T: Id>(&self, now: Timestamp, sequence: u32) -> T {
        let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
        let mut bits = self.bytes::<10>();
        let [_, high, middle, low] = sequence.to_be_bytes();
        // The builder overwrites the upper half of the first byte (version) and the two upper bits of the third (variant).
        bits[0] = high << 2 | middle >> 6;
        bits[1] = middle << 2 | low >> 6;
        bits[2] = low & 0x3f;
        uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid().into()
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}
