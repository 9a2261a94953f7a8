//! Who may call what: every operation of the OpenAPI document is called as everyone, and answers as `docs/access.md`
//! says. What belongs to another org, and what is a colleague's own, answers as what does not exist.
//!
//! The table follows from the declarations of the operations (`operations/`).

mod apart;
mod people;
mod refusals;
mod table;

use crate::operations::{House, Operation, declared, fill, operations, tables};
use crate::support::{Kind, Outcome, Test};
use people::everyone;
use rstest::rstest;

/// The rows are walked in parts, side by side, each with a database of its own.
const PARTS: usize = 3;

/// The operations of a part.
fn part(part: usize) -> impl Iterator<Item = &'static Operation> {
    declared().iter().enumerate().filter(move |(i, _)| i % PARTS == part).map(|(_, operation)| operation)
}

/// All at once: whoever changes a rule wants to see everything that it changes.
#[track_caller]
fn none(differences: &[String]) {
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_operation_has_its_row_and_every_row_its_operation() {
    assert_eq!(operations().len(), declared().len());
    tables::assert_recorded("access.md", tables::access());
}

/// An id that no call sends would never be another org's.
#[test]
fn every_id_that_can_be_sent_is_sent() {
    let document = table::document();
    let mut differences = Vec::new();
    let mut taken = 0;
    for operation in declared() {
        let (query, body) = table::ids_taken(&document, &operation.json);
        taken += query.len() + body.len();
        let call = &operation.declared;
        let unsent = query.into_iter().filter(|name| !call.address.contains(&format!("{name}=<")));
        let missing = body.into_iter().filter(|name| !call.body.contains(&format!(r#""{name}":"<"#)));
        differences.extend(unsent.chain(missing).map(|name| format!("{}: {name}", operation.name())));
    }
    none(&differences);
    assert!(taken >= 26, "only {taken} ids in queries and bodies");
}

#[rstest]
#[tokio::test]
async fn everyone_gets_what_the_table_says(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(0, 1, 2)] number: usize,
) {
    let test = Test::start(db).await;
    let everyone = everyone(&test).await;
    let owner = &everyone.iter().find(|someone| someone.column == "owner").expect("an owner").persona;
    let mut own = House::of_tech(&test, owner);
    let mut colleagues = House::of_colleague(&test, owner).await;
    let mut differences = Vec::new();
    for call in part(number) {
        // What an earlier row was about may be in the way of this one.
        own.forget();
        colleagues.forget();
        if call.filters_by_id() {
            own.furnish().await;
            colleagues.furnish().await;
        }
        for someone in &everyone {
            let Some(expected) = call.status(someone.column) else { continue };
            let house = if someone.column == "colleague" { &mut colleagues } else { &mut own };
            let mut value = async |name: &str| match name {
                "own-email" => someone.email.to_owned(),
                name => house.id(name).await,
            };
            let address = fill(&call.declared.address, &mut value).await;
            let body = fill(call.declared.body, &mut value).await;
            let answer = someone.send(&test, call, &address, &body).await;
            let difference = difference(&answer, expected, someone.column)
                .or_else(|| call.filters_by_id().then(|| narrowed(&answer, someone.column)).flatten());
            if let Some(difference) = difference {
                differences.push(format!("{} as {}: {difference}", call.name(), someone.column));
            }
            if call.writes() && answer.status.is_success() {
                house.forget();
            }
        }
    }
    none(&differences);
}

/// How an answer differs from what the table and the rule of the three statuses say.
fn difference(answer: &Outcome, expected: u16, column: &str) -> Option<String> {
    let status = answer.status.as_u16();
    let wrong = |what: String| Some(format!("{what}: {}", answer.text));
    if status != expected {
        return wrong(format!("expected {expected}, got {status}"));
    }
    if status < 400 {
        return None;
    }
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    let fits = match status {
        401 => answer.header("www-authenticate") == "Bearer",
        403 if column == "removed member" => code == "not_a_member",
        403 => matches!(code.as_str(), "forbidden" | "not_your_call" | "org_mismatch"),
        _ => matches!(code.as_str(), "not_found" | "unknown_reference"),
    };
    if fits { None } else { wrong(format!("{status} {code} for another reason than access")) }
}

/// How a list differs from what its reader may see of what it was asked for.
fn narrowed(answer: &Outcome, column: &str) -> Option<String> {
    let items = answer.json().as_array().map(Vec::len)?;
    let sees_nothing = matches!(column, "colleague" | "other org's owner");
    (sees_nothing != (items == 0)).then(|| format!("{items} items: {}", answer.text))
}
