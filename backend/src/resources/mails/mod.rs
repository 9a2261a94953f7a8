//! Mails: writing and sending what is queued, and what was sent to whom.
