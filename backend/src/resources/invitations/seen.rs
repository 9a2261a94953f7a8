//! What a person saw when they answered. An answer to a mission that has changed since is refused.

use crate::{text::ZoneName, timestamp::Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// What an answer is an answer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    #[serde(rename = "s")]
    pub start_at: Timestamp,
    #[serde(rename = "e")]
    pub end_at: Timestamp,
    #[serde(rename = "z")]
    pub timezone: String,
    #[serde(rename = "p")]
    pub location: Option<String>,
    #[serde(rename = "r")]
    pub role_name: Option<String>,
}

impl Seen {
    /// Opaque to clients, who send it back. It holds what was seen rather than a digest of it, so that a page can show the
    /// old values beside the new ones; it is not signed, because it only makes an answer be refused.
    pub fn encode(&self) -> String {
        // A struct of plain members always serialises.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// `None` for a text that is not [`Seen::encode`]'s.
    pub fn decode(text: &str) -> Option<Self> {
        let seen: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.trim()).ok()?).ok()?;
        // Whoever shows it reads wall clocks in that zone.
        ZoneName::zone(&seen.timezone).is_ok().then_some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_comes_back() {
        let seen = Seen {
            start_at: Timestamp::from_micros(1_783_670_400_000_000),
            end_at: Timestamp::from_micros(1_783_684_800_000_001),
            timezone: "Europe/Paris".into(),
            location: Some("Théâtre, « grande » salle".into()),
            role_name: None,
        };
        assert_eq!(Seen::decode(&format!(" {} ", seen.encode())), Some(seen));
        let nowhere = URL_SAFE_NO_PAD
            .encode(r#"{"s":"2027-01-01T00:00:00Z","e":"2027-01-02T00:00:00Z","z":"x","p":null,"r":null}"#);
        for wrong in ["", "x", "e30", "////", &nowhere] {
            assert_eq!(Seen::decode(wrong), None, "{wrong}");
        }
    }
}
