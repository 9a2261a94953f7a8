//! What stands between the program and whoever connects: the section "Edge" of the security rules, line by line.

mod connections;
mod files;
mod limits;
mod proxies;
