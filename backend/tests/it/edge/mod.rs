//! What stands between the program and whoever connects: the section "Edge" of the security rules, line by line.

mod bodies;
mod connections;
mod files;
mod heads;
mod limits;
mod neighbours;
mod origins;
mod proxies;
mod writers;

/// The secrets without which it does not start outside dev.
const PROD: [(&str, &str); 3] = [
    ("ENV", "prod"),
    ("SECRET_KEY", "a-secret-of-this-test-0123456789abcdef"),
    ("INVITES_SECRET", "another-secret-of-it-0123456789abcdef"),
];
