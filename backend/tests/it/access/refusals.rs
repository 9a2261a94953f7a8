//! What every operation refuses alike, because of its form: a body that is not JSON, is not said to be JSON or is too
//! large, and an `Idempotency-Key` that is none, or was used for another request. Each operation that documents such a code
//! answers with it.

use super::{
    part,
    people::{Someone, everyone},
};
use crate::operations::{House, Operation, fill};
use crate::support::{Kind, Outcome, Test};
use coulisses::http::MAX_BULK_BODY;
use rstest::rstest;
use serde_json::Value as Json;

/// Whoever may: the owner, the technician for an answer of their own, or nobody where a sign-in is not asked for.
fn may<'a, 't>(everyone: &'a [Someone<'t>], call: &Operation) -> &'a Someone<'t> {
    let of_members = ["owner", "tech"].into_iter().find(|column| call.status(column) == Some(200));
    let column = if call.is_public() { "anonymous" } else { of_members.expect("someone who may") };
    everyone.iter().find(|someone| someone.column == column).expect("a column")
}

fn documents(operation: &Json, status: &str, code: &str) -> bool {
    !operation["responses"][status]["content"]["application/problem+json"]["examples"][code].is_null()
}

fn answers(answer: &Outcome, code: &str) -> bool {
    answer.json()["code"] == code
}

#[rstest]
#[tokio::test]
async fn every_operation_refuses_what_is_no_body_and_no_key(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(0, 1, 2)] number: usize,
) {
    let test = Test::start(db).await;
    let everyone = everyone(&test).await;
    let owner = everyone.iter().find(|someone| someone.column == "owner").expect("an owner");
    let mut house = House::of_tech(&test, &owner.persona);
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for call in part(number).filter(|call| call.writes()) {
        house.forget();
        let operation = &call.json;
        let mut value = async |hole: &str| match hole {
            "own-email" => "owner@rideau.example".to_owned(),
            hole => house.id(hole).await,
        };
        let address = fill(&call.declared.address, &mut value).await;
        let body = fill(call.declared.body, &mut value).await;
        let mut expect = |answer: &Outcome, code: &str| {
            tried += 1;
            if !answers(answer, code) {
                wrong.push(format!("{}: {} instead of {code}", call.name(), answer.text));
            }
        };
        let someone = may(&everyone, call);
        let as_who = someone.persona.clone();
        let large = "x".repeat(MAX_BULK_BODY + 1);
        if documents(operation, "400", "malformed_json") {
            expect(&someone.send(&test, call, &address, "{").await, "malformed_json");
        }
        if documents(operation, "413", "too_large") {
            expect(&someone.send(&test, call, &address, &large).await, "too_large");
        }
        if documents(operation, "415", "unsupported_media_type") {
            let plain = as_who.clone().with_header("content-type", "text/plain");
            let answer = plain.send(call.method.clone(), &address, Some("{}".into())).await;
            expect(&answer, "unsupported_media_type");
        }
        if documents(operation, "422", "idempotency_key_reused") {
            let two_words = as_who.clone().with_header("idempotency-key", "two words");
            let answer = two_words.send(call.method.clone(), &address, None).await;
            expect(&answer, "validation_failed");
            let keyed = as_who.with_header("idempotency-key", "once");
            let another = if body.is_empty() { "{}".to_owned() } else { format!("{body} ") };
            let first = keyed.send(call.method.clone(), &address, Some(body)).await;
            assert!(first.status.is_success(), "{}: {}", call.name(), first.text);
            let answer = keyed.send(call.method.clone(), &address, Some(another)).await;
            expect(&answer, "idempotency_key_reused");
        }
    }
    super::none(&wrong);
    assert!(tried > 40, "only {tried} were tried");
}
