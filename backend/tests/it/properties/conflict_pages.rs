//! Pages of conflicts, beside a loop over every pair: whatever the limit, whoever is asked for, in any window.

use super::for_all;
use crate::support::{Kind, Persona, Test, at};
use coulisses::timestamp::Timestamp;
use proptest::{collection::vec, prelude::*};
use rstest::rstest;
use serde_json::Value as Json;
use uuid::Uuid;

/// Hours of a case's own: first, and first after.
type Hours = (i64, i64);

/// Something that a person has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    from: i64,
    assignment: Uuid,
    until: i64,
    person: usize,
    overridden: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    limit: usize,
    person: Option<usize>,
    from: Option<i64>,
    to: Option<i64>,
}

const PEOPLE: usize = 3;
/// Hours apart, so that no case sees another's.
const APART: i64 = 50;

fn asked() -> impl Strategy<Value = Asked> {
    let hour = || proptest::option::weighted(0.2, 0..14_i64);
    (1..5_usize, proptest::option::weighted(0.3, 0..PEOPLE), hour(), hour())
        .prop_map(|(limit, person, from, to)| Asked { limit, person, from, to })
}

/// Person, hours, and whether there is a reason although nothing is in the way.
fn calls() -> impl Strategy<Value = Vec<(usize, Hours, bool)>> {
    // Many begin together.
    let hours = (0..8_i64, 1..6_i64).prop_map(|(from, lasts)| (from, from + lasts));
    vec((0..PEOPLE, hours, any::<bool>()), 0..18)
}

/// Where the rows of a case go.
struct World<'t> {
    test: &'t Test,
    kind: Kind,
    manager: Persona<'t>,
    people: Vec<String>,
}

impl World<'_> {
    fn id(&self, id: Uuid) -> String {
        match self.kind {
            Kind::Sqlite => format!("x'{}'", id.simple()),
            Kind::Postgres => format!("'{id}'"),
        }
    }

    /// Written past the API, which would take a minute; the database checks each all the same.
    async fn write(&self, base: Timestamp, call: Call) {
        let (org, person) = (self.id(self.test.org.0), self.id(self.people[call.person].parse().unwrap()));
        let (id, mission) =
            (self.id(call.assignment), self.id(Uuid::from_u128(call.assignment.as_u128() ^ 1)));
        let [from, until] = [call.from, call.until].map(|hour| instant(base, hour).as_micros());
        let reason = if call.overridden { "'renfort'" } else { "NULL" };
        self.test
            .execute(&format!(
                "INSERT INTO missions
                    (org_id, id, title, search, starts_at, ends_at, timezone, created_at, updated_at)
                VALUES ({org}, {mission}, 'Appel', 'appel', {from}, {until}, 'UTC', 0, 0)"
            ))
            .await;
        self.test
            .execute(&format!(
                "INSERT INTO assignments (org_id, id, mission_id, user_id, status, conflict_override, starts_at, ends_at,
                    created_at, updated_at)
                VALUES ({org}, {id}, {mission}, {person}, 'ACCEPTED', {reason}, {from}, {until}, 0, 0)"
            ))
            .await;
    }

    /// All pages of what is asked for: the pairs, as the list has them.
    async fn read(&self, base: Timestamp, asked: Asked) -> Vec<(Uuid, Uuid)> {
        let list = match asked.person {
            Some(person) => format!("/conflicts/user/{}", self.people[person]),
            None => "/conflicts".into(),
        };
        // Without a window of its own a case would see the others'.
        let from = instant(base, asked.from.unwrap_or(0));
        let to = instant(base, asked.to.unwrap_or(APART));
        let (mut found, mut next) =
            (Vec::new(), Some(format!("{list}?limit={}&from={from}&to={to}", asked.limit)));
        while let Some(path) = next {
            let page = self.manager.get(&path).await;
            let shown = page.ok();
            let pairs = shown.get("conflicts").unwrap_or(&shown).as_array().unwrap();
            assert!(pairs.len() == asked.limit || page.next_page().is_none(), "{path}: {pairs:?}");
            let id = |id: &Json| id.as_str().unwrap().parse().unwrap();
            found.extend(pairs.iter().map(|pair| (id(&pair["a1"]), id(&pair["a2"]))));
            next = page.next_page();
        }
        found
    }
}

fn instant(base: Timestamp, hour: i64) -> Timestamp {
    base.plus_seconds(hour * 3600)
}

/// The same by a loop over every pair.
fn oracle(calls: &[Call], asked: Asked) -> Vec<(Uuid, Uuid)> {
    let mut pairs = Vec::new();
    for a in calls {
        for b in calls.iter().filter(|b| a < *b && a.person == b.person && b.from < a.until) {
            let ends = a.until.min(b.until);
            let within = asked.from.is_none_or(|from| ends > from) && asked.to.is_none_or(|to| b.from < to);
            if within && asked.person.is_none_or(|person| person == a.person) {
                pairs.push((*b, *a));
            }
        }
    }
    pairs.sort();
    pairs.into_iter().map(|(b, a)| (a.assignment, b.assignment)).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn pages_of_conflicts_are_those_of_a_loop_over_every_pair(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(manager.user(&format!("Personne {number}")).await);
    }
    let world = World { test: &test, kind: db, manager, people };
    let cases = std::cell::Cell::new(0_i64);
    for_all(80, (calls(), vec(asked(), 1..6), any::<u64>()), async |(wanted, all_asked, seed)| {
        let case = cases.replace(cases.get() + 1);
        let base = at("2026-01-01T00:00:00Z").plus_seconds(case * APART * 3600);
        let mut calls: Vec<Call> = Vec::new();
        for (number, (person, (from, until), reason)) in wanted.into_iter().enumerate() {
            let busy = calls.iter().any(|one| one.person == person && one.from < until && from < one.until);
            // Ids in no order of time: they decide between those that start together.
            let random =
                seed.wrapping_mul(number as u64 + 1).wrapping_add(case.cast_unsigned()).rotate_left(17);
            let assignment = Uuid::from_u128(
                (u128::from(random) << 64 | u128::from(case.cast_unsigned()) << 16) + 2 * number as u128,
            );
            let call = Call { from, until, person, assignment, overridden: busy || reason };
            world.write(base, call).await;
            calls.push(call);
        }
        for asked in all_asked {
            assert_eq!(world.read(base, asked).await, oracle(&calls, asked), "{asked:?} of {calls:#?}");
        }
    });
}
