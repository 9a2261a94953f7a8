//! What the tests know of each operation: one declaration, in the file of its resource. From it follow how it is called,
//! who gets which status (docs/access.md), the test about it (docs/calls.md), its largest answer (docs/bounds.md), the
//! statements that it costs, how the replay draws it, and a [`Sample`] of it.
//!
//! To add a resource: its `declared()`, listed in [`RESOURCES`]; then `INSTA_UPDATE=always` writes the rows of the documents.
//! Most of a declaration follows from the OpenAPI document: [`Operation`] has the rules. The first names of paths
//! (`/availability`) follow from those of today.

mod assignments;
mod audit;
mod auth;
mod availabilities;
mod conflicts;
pub mod declaration;
mod feeds;
mod house;
mod invitations;
mod mails;
mod missions;
mod orgs;
mod planning;
mod projects;
mod rates;
mod rbac;
mod sample;
mod streams;
mod system;
pub mod tables;
mod users;
pub mod words;

pub use declaration::{Bound, Declaration, Draw};
pub use house::{House, fill};
pub use sample::Sample;

use crate::{replay::script::Who, support::contract::resolved};
use axum::http::Method;
use coulisses::role::Role;
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// The declarations of each resource, in the order of docs/access.md.
const RESOURCES: &[fn() -> Vec<Declaration>] = &[
    system::declared,
    auth::declared,
    rbac::declared,
    orgs::declared,
    projects::declared,
    missions::declared,
    users::declared,
    rates::declared,
    planning::declared,
    streams::declared,
    conflicts::declared,
    assignments::declared,
    invitations::declared,
    mails::declared,
    availabilities::declared,
    feeds::declared,
    audit::declared,
];
/// The columns of docs/access.md.
pub const COLUMNS: [&str; 8] =
    ["anonymous", "tech", "colleague", "manager", "admin", "owner", "other org's owner", "removed member"];
/// The things that are a technician's own: a colleague's are not there.
const PERSONAL: [&str; 7] =
    ["user", "account", "session", "assignment", "moved", "invitation", "availability"];
/// What a hole stands for that is no id.
const VALUES: [&str; 7] =
    ["number", "notify", "token", "reset-token", "own-email", "user-key", "project-key"];
/// The test about the first name of a path, in each of its calls.
const FIRST_NAME_TEST: &str = "availability_changes::the_first_name_is_the_same_resource_in_every_call";
const BASE: &str = "/api/v1";
const WORDS: Bound = ("1 KiB", "a word or two");
const PAGE: Bound = ("4 MiB", "a page");

/// An operation as the document describes it, and what is declared of it.
#[derive(Clone)]
pub struct Operation {
    /// GET, PUT, POST, PATCH or DELETE.
    pub method: Method,
    /// Its path, with names in braces.
    pub template: String,
    /// What the document says of it, with the responses that it shares with others.
    pub json: Json,
    /// What is declared of it.
    pub declared: Declaration,
}

/// The declarations, each with its operation; those that the document does not have; the operations without one.
struct Known {
    operations: Vec<Operation>,
    gone: Vec<String>,
    undeclared: Vec<String>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let document = coulisses::app::document();
    let mut documented = BTreeMap::new();
    for (template, item) in document["paths"].as_object().expect("paths") {
        for (method, json) in item.as_object().expect("an item") {
            let path = template.strip_prefix(BASE).unwrap_or(template);
            let shape = format!("{} {}", method.to_uppercase(), shape(path, '{', '}'));
            let mut json = json.clone();
            for (_, response) in json["responses"].as_object_mut().expect("responses") {
                *response = resolved(response).clone();
            }
            documented.insert(shape, (template.clone(), json));
        }
    }
    let mut known = Known { operations: Vec::new(), gone: Vec::new(), undeclared: Vec::new() };
    for declared in RESOURCES.iter().flat_map(|resource| with_first_names(resource())) {
        let shape = format!("{} {}", declared.method, shape(declared.path(), '<', '>'));
        match documented.remove(&shape) {
            Some((template, json)) => {
                let method = declared.method.parse().expect("a method");
                known.operations.push(Operation { method, template, json, declared });
            }
            None => known.gone.push(format!("{} {}", declared.method, declared.address)),
        }
    }
    let name = |(shape, (template, _)): (String, (String, Json))| {
        format!("{} {template}", shape.split(' ').next().unwrap_or_default())
    };
    known.undeclared = documented.into_iter().map(name).collect();
    known
});

/// The path with `*` for what is named in it.
fn shape(path: &str, open: char, close: char) -> String {
    let mut parts = path.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| format!("{path}*{}", part.split_once(close).map_or("", |(_, rest)| rest)))
}

/// What has a first name is called by it, too, and drawn half as often.
fn with_first_names(mut resource: Vec<Declaration>) -> Vec<Declaration> {
    for (first, today) in coulisses::app::FIRST_NAMES.0 {
        let (first, today) = (first.trim_start_matches(BASE), today.trim_start_matches(BASE));
        let named = resource.iter().filter(|declared| declared.address.starts_with(today)).cloned();
        let named: Vec<_> = named.map(|declared| declared.under(today, first, FIRST_NAME_TEST)).collect();
        resource.extend(named);
    }
    resource
}

/// All operations, in the order of their declarations.
pub fn declared() -> &'static [Operation] {
    &KNOWN.operations
}

/// All operations, in the order of the document.
pub fn operations() -> Vec<Operation> {
    let left = KNOWN.undeclared.join(", ");
    assert!(left.is_empty(), "declare in a file of backend/tests/it/operations/: {left}");
    let mut all = declared().to_vec();
    assert!(all.len() > 60, "{} operations", all.len());
    all.sort_by_key(|one| (one.template.clone(), one.method.to_string()));
    all
}

/// The ids that operations send, by the names of what they are of.
pub fn ids() -> BTreeSet<String> {
    declared().iter().flat_map(Operation::ids).collect()
}

/// The paths of all lists, as the document has them behind its base.
pub fn lists() -> impl Iterator<Item = &'static str> {
    let all = declared().iter().filter(|operation| operation.method == Method::GET && operation.lists());
    all.map(|operation| operation.template.trim_start_matches(BASE))
}

/// Those of an org's things, whoever's they are.
pub fn lists_of_an_org() -> impl Iterator<Item = &'static str> {
    lists().filter(|list| !list.contains('{') && !list.starts_with("/auth/"))
}

/// The names in the holes of a text.
fn holes(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|part| part.split_once('>')).map(|(name, _)| name)
}

/// What the document says.
impl Operation {
    /// Method and path, as the document has them.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// Whether one of its parameters has this name.
    pub fn takes(&self, parameter: &str) -> bool {
        self.json["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == parameter))
    }

    /// Whether it may answer with this status.
    pub fn may_answer(&self, status: &str) -> bool {
        !self.json["responses"][status].is_null()
    }

    /// Whether it answers with an array, page by page.
    pub fn lists(&self) -> bool {
        self.takes("cursor")
    }

    /// Whether it may change something.
    pub fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether the refresh cookie goes with it.
    pub fn reads_cookie(&self) -> bool {
        self.template.ends_with("/auth/refresh") || self.template.ends_with("/auth/logout")
    }

    /// Whether it is about signing in, or about the program itself.
    pub fn is_outside_orgs(&self) -> bool {
        matches!(self.json["tags"][0].as_str(), Some("auth" | "system"))
    }

    /// Whether nobody has to sign in.
    pub fn is_public(&self) -> bool {
        let ways = self.json["security"].as_array();
        ways.into_iter().flatten().all(|way| way.get("bearer").is_none())
    }

    /// The lowest role that may; none where a session suffices, or nothing is needed.
    fn role(&self) -> Option<Role> {
        let bearer = self.json["security"][0]["bearer"][0].as_str()?;
        Some(bearer.parse().expect("a role"))
    }
}

/// What the declaration says, and what follows from it.
impl Operation {
    /// Whether it lists what ids choose.
    pub fn filters_by_id(&self) -> bool {
        holes(self.declared.query()).any(|name| !VALUES.contains(&name))
    }

    /// The names of the ids that it sends, each once.
    pub fn ids(&self) -> BTreeSet<String> {
        let all = holes(&self.declared.address).chain(holes(self.declared.body));
        all.filter(|name| !VALUES.contains(name)).map(str::to_owned).collect()
    }

    /// Address and body of a call with which the owner succeeds; a list is asked for as a whole.
    pub fn sampled(&self) -> (&str, &'static str) {
        let declared = &self.declared;
        match &declared.sampled {
            Some((address, body)) => (address, body),
            None if self.lists() => (declared.path(), declared.body),
            None => (&declared.address, declared.body),
        }
    }

    /// The status in a column of docs/access.md; none where the column makes no sense.
    pub fn status(&self, column: &str) -> Option<u16> {
        let exception = self.declared.exceptions.iter().find(|(name, _)| *name == column);
        exception.map(|(_, status)| *status).or_else(|| self.usual_status(column))
    }

    /// By the rules: 401 without a sign-in that is needed, 403 below the role, 404 for what is another org's or a
    /// colleague's own. A filter by such a thing selects nothing: 200.
    fn usual_status(&self, column: &str) -> Option<u16> {
        let named: Vec<_> = holes(self.declared.path()).chain(holes(self.declared.body)).collect();
        let names_a_thing = named.iter().any(|name| !VALUES.contains(name));
        let names_the_own = named.iter().any(|name| PERSONAL.contains(name));
        let of_role = |role: Role| if self.role().is_none_or(|lowest| role >= lowest) { 200 } else { 403 };
        let if_there = |absent: bool| if absent { 404 } else { 200 };
        let status = match column {
            "colleague" if self.is_public() || !self.ids().iter().any(|id| PERSONAL.contains(&&**id)) => {
                return None;
            }
            _ if self.is_public() => 200,
            "anonymous" => 401,
            "colleague" if of_role(Role::Tech) == 403 => 403,
            "colleague" => if_there(names_the_own),
            "other org's owner" => if_there(names_a_thing),
            // An account outlives its memberships.
            "removed member" if self.role().is_some() => 403,
            "removed member" => 200,
            role => of_role(role.parse().expect("a role")),
        };
        Some(status)
    }

    /// Its largest answer: of a list a page, of a DELETE that it was done, of others what the resource says.
    pub fn bound(&self) -> Option<Bound> {
        let usual = match () {
            () if self.method == Method::DELETE => Some(WORDS),
            () if self.lists() => Some(PAGE),
            () => self.declared.bound_of_resource,
        };
        self.declared.bound.or(usual)
    }

    /// The same in bytes.
    pub fn largest_answer(&self) -> Option<usize> {
        let (number, unit) = self.bound()?.0.split_once(' ').expect("a number and a unit");
        let unit = match unit {
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            other => panic!("{other} is no unit of a bound"),
        };
        Some(number.parse::<usize>().expect("a number") * unit)
    }

    /// As a list: the query that finds what `statements` makes of it, and its statements. Usually two: the caller's
    /// authority, and the rows.
    pub fn list_statements(&self) -> Option<(&'static str, u64)> {
        let usual = self.lists().then(|| ("", self.declared.statements.unwrap_or(2)));
        self.declared.listed.or(usual).filter(|_| self.is_counted())
    }

    /// As one object: its statements. Usually two: the caller's authority, and the row.
    pub fn single_statements(&self) -> Option<u64> {
        let usual = (!self.lists()).then_some(2);
        let beside_a_list = self.declared.statements.filter(|_| self.declared.listed.is_some());
        let single = if self.lists() { beside_a_list } else { self.declared.statements.or(usual) };
        single.filter(|_| self.is_counted())
    }

    fn is_counted(&self) -> bool {
        !self.writes() && self.json["tags"][0] != "system"
    }

    /// How the replay draws it: whoever may, now and then, unless the declaration says more.
    pub fn draws(&self) -> Vec<Draw> {
        if self.is_outside_orgs() || !self.declared.draws.is_empty() {
            return self.declared.draws.clone();
        }
        let who = match self.role() {
            None => Who::Anonymous,
            Some(Role::Tech) => Who::Tech,
            Some(Role::Manager) => Who::Manager,
            Some(Role::Admin) => Who::Admin,
            Some(Role::Owner) => Who::Owner,
        };
        vec![Draw { weight: 2, who, body: None, query: None }]
    }
}

#[test]
fn every_operation_is_declared_once_and_none_that_is_gone() {
    let mut wrong = Vec::new();
    wrong.extend(KNOWN.undeclared.iter().map(|one| format!("{one}: declare it in the file of its resource")));
    wrong.extend(KNOWN.gone.iter().map(|one| {
        format!("{one}: the OpenAPI document has no such operation, or it is declared twice; remove it")
    }));
    for operation in declared() {
        let (name, declared) = (operation.name(), &operation.declared);
        let needs_body = operation.json["requestBody"]["required"] == true;
        let undrawn = operation.draws().iter().all(|draw| draw.body.is_none());
        let missing = [
            (declared.tested_by.is_empty(), "name the test about it: .tested_by(\"group::test\")"),
            (operation.bound().is_none(), "say how large its answer can be: .at_most(\"4 KiB\", \"a link\")"),
            (needs_body && declared.body.is_empty(), "say which body it accepts: .body(r#\"{}\"#)"),
            (
                needs_body && undrawn && !operation.is_outside_orgs(),
                "say which bodies the replay draws: .drawn(4, Manager).with(make)",
            ),
            (
                operation.template.ends_with(":bulk_create") && declared.statements.is_none(),
                "say what it costs: .statements(8)",
            ),
        ];
        wrong.extend(missing.into_iter().filter(|(is, _)| *is).map(|(_, what)| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "in backend/tests/it/operations/:\n{}", wrong.join("\n"));
}
