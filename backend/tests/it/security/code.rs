//! That the code itself says who may call it and whose rows it touches: read from its source and its schema.

use crate::support::source::sources;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// The text from each `async fn` to the beginning of its body.
fn signatures(source: &str) -> impl Iterator<Item = String> {
    let after = source.split("async fn ").skip(1);
    after.map(|rest| {
        rest.split('{').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

/// Whoever may call without a sign-in: probes, signing in, the links, and calendar programs.
const PUBLIC: [&str; 15] = [
    "GET /healthz",
    "GET /livez",
    "GET /readyz",
    "GET /metrics",
    "GET /ping",
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /auth/logout",
    "POST /auth/reset/request",
    "POST /auth/reset/confirm",
    "GET /invitations/verify",
    "POST /invitations/{id}/accept",
    "POST /invitations/{id}/decline",
    "GET /users/{id}/calendar.ics",
    "GET /projects/{id}/calendar.ics",
];

#[test]
fn every_handler_says_in_its_signature_who_may_call_it() {
    let mut public = BTreeSet::new();
    let mut handlers = 0;
    let document = coulisses::app::document();
    for (path, source) in sources("src") {
        for part in source.split("#[utoipa::path(").skip(1) {
            handlers += 1;
            let (note, rest) = part.split_once("async fn ").expect("a handler");
            let signature = rest.split('{').next().expect("a signature");
            let method =
                note.split(',').next().expect("a method").trim().trim_start_matches("method(").to_lowercase();
            let address =
                note.split("path = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path");
            let operation = format!("{} {address}", method.to_uppercase());
            let what = format!("{operation} in {}", path.display());
            let address = address.replace("/~", ":");
            let base = if document["paths"].get(&address).is_some() { "" } else { "/api/v1" };
            let security = &document["paths"][format!("{base}{address}")][&method]["security"];
            let Some(roles) = security[0]["bearer"].as_array() else {
                assert!(!signature.contains("Caller<") && !signature.contains(": Account"), "{what}");
                public.insert(operation);
                continue;
            };
            let typed = match roles.first().and_then(Json::as_str) {
                None => "own: Account,".to_owned(),
                Some(role) => {
                    let (first, rest) = role.split_at(1);
                    format!("Caller<{}{rest}>", first.to_uppercase())
                }
            };
            assert!(signature.contains(&typed), "{what}: the document says {roles:?}, not the signature");
            assert_eq!(signature.contains(&format!("Option<{typed}>")), !security[1].is_null(), "{what}");
        }
    }
    assert!(handlers > 60, "{handlers} handlers");
    assert_eq!(public, PUBLIC.map(str::to_owned).into());
}

/// What carries the org without naming its type: a row that was locked by it, a query that was narrowed to it, the claims
/// of a token. And one question about all orgs, which the command line asks of an empty database.
const CARRIERS: [&str; 12] = [
    "mission: &mission::Model",
    "job: &News",
    "org: &org::Model",
    "job: &SendMail",
    "locked: Locked",
    "locked: &Locked",
    "caller: &Caller<",
    "chosen: Select",
    "select: Select",
    "select: SelectStatement",
    "claims: &InviteClaims",
    "before: Org",
];
/// `all` is for whoever operates the program: `coulisses org list`.
const OF_ALL_ORGS: [&str; 4] = [
    "exist(db: &impl ConnectionTrait)",
    "all(db: &impl ConnectionTrait)",
    "waiting(db: &Database)",
    "due_in_all_orgs(db: &Database",
];

#[test]
fn every_function_that_touches_a_tenants_rows_is_given_the_tenant() {
    let mut checked = 0;
    // Accounts, sessions and their links are a login's, not an org's: what names an org among them is proven by docs/security.md.
    let of_orgs =
        sources("src/resources").into_iter().filter(|(path, _)| !path.iter().any(|part| part == "accounts"));
    for (path, source) in of_orgs {
        for signature in signatures(&source) {
            let connected = ["&Tx", "&Database", "&impl ConnectionTrait", "&DatabaseTransaction"];
            if !connected.iter().any(|connection| signature.contains(connection)) {
                continue;
            }
            checked += 1;
            let given =
                signature.contains("OrgId") || CARRIERS.iter().any(|carrier| signature.contains(carrier));
            let of_all = OF_ALL_ORGS.iter().any(|all| signature.starts_with(all));
            assert!(given || of_all, "{}: {signature}", path.display());
        }
    }
    assert!(checked > 80, "{checked} functions");
}

/// Those that do not belong to one org, or belong to one by what they refer to.
const NOT_PLANNED: [&str; 5] = ["accounts", "jobs", "orgs", "password_tokens", "sessions"];

#[test]
fn every_key_of_a_tenants_table_begins_with_the_tenant() {
    let schema = include_str!("../snapshots/it__migrations__schema.snap");
    let tables: BTreeSet<_> = schema
        .lines()
        .filter_map(|line| line.strip_prefix("column ")?.split_once('.').map(|(table, _)| table))
        .filter(|table| !NOT_PLANNED.contains(table))
        .collect();
    assert!(tables.len() >= 11, "{tables:?}");
    for table in &tables {
        let key = schema.lines().find(|line| line.starts_with(&format!("primary key {table} (")));
        let key = key.unwrap_or_else(|| panic!("{table} has no key"));
        assert!(key.contains("(org_id, ") || key.ends_with("(org_id)"), "{key}");
        assert!(schema.contains(&format!("column {table}.org_id not null")), "{table}");
    }
    let mut references = 0;
    for line in schema.lines().filter_map(|line| line.strip_prefix("foreign key ")) {
        let (from, to) = line.split_once(" to ").expect("a target");
        let (target, _) = to.split_once(' ').expect("its columns");
        if tables.contains(target) {
            references += 1;
            assert!(from.contains("(org_id, ") && to.contains(&format!("{target} (org_id, ")), "{line}");
        }
    }
    assert!(references >= 9, "{references} references");
}

/// How long a comparison takes must not tell how much of a guess was right. What a query looks up is a hash of the guess.
#[test]
fn the_secret_of_a_link_is_compared_in_constant_time() {
    let mut compared = 0;
    for (path, source) in sources("src") {
        for line in source.lines().filter(|line| line.contains(".token_hash")) {
            compared += 1;
            assert!(line.contains("same_secret("), "{}: {line}", path.display());
        }
        if let Some((_, body)) = source.split_once("fn same_secret(") {
            let body = body.split("\n}").next().expect("a body");
            assert!(body.contains(".ct_eq(") && !body.contains("=="), "{body}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4);
}

/// Where rows of all orgs are asked for on purpose, and why.
const ACROSS_ORGS: [(&str, &str, usize); 9] = [
    ("invitations/due.rs", "reminders are due in all orgs; each org has a transaction of its own", 1),
    ("mails/account.rs", "an account is written to in the language of the org that it joined first", 1),
    ("mails/read.rs", "an operator counts what waits in all orgs", 1),
    ("http/idempotency.rs", "stored answers are deleted when they are old, whoever's they are", 1),
    ("missions/read.rs", "its statement is a template, filled with the org's value", 1),
    ("accounts/read.rs", "an account's memberships are in several orgs", 2),
    ("accounts/erase.rs", "an account is erased when no org needs it any more", 1),
    ("accounts/links/", "a link is found by the hash of its token, and proves memberships of an account", 6),
    (
        "invitations/read.rs",
        "without a valid token an id is sought in all, and the answer tells only whether it exists",
        1,
    ),
];

#[test]
fn every_query_of_a_tenants_rows_begins_with_the_tenant() {
    let files = sources("src");
    let mut entities = BTreeSet::new();
    for (_, source) in files.iter().filter(|(_, source)| source.contains("OfOrg for Entity")) {
        // The names of the modules whose entity belongs to an org.
        for module in source.split("pub mod ").filter(|module| module.contains("OfOrg for Entity")) {
            let name = module.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            entities.insert(if source.contains("pub mod ") { name.to_owned() } else { "table".to_owned() });
        }
    }
    assert!(entities.len() >= 13, "{entities:?}");
    for (path, source) in &files {
        let asked = |entity: &String| {
            ["find", "update_many", "delete_many"]
                .map(|verb| source.matches(&format!("{entity}::Entity::{verb}()")).count())
                .iter()
                .sum::<usize>()
        };
        // A longer name ends with a shorter one: `membership` is not `pending_membership`, and none of ours is such.
        let across: usize = entities.iter().map(asked).sum();
        let path = path.to_str().expect("a path");
        let allowed = ACROSS_ORGS.iter().find(|(part, ..)| path.contains(part)).map_or(0, |(.., most)| *most);
        assert!(
            across <= allowed,
            "{path}: {across} queries begin with the rows of all orgs; say Entity::of(org)"
        );
    }
}
