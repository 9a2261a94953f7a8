//! What calendar programs rely on, whatever planners and people do: an entry keeps its UID, and its SEQUENCE does not fall. And
//! a key opens a calendar exactly when it is that one's.

use super::for_all;
use crate::feeds::{events, subscribe};
use crate::support::{Kind, Persona, Test};
use coulisses::{
    auth::{Feed, Tokens},
    ids::{MembershipId, OrgId, ProjectId, UserId},
    locale::Locale,
    resources::feeds::entries_of,
};
use proptest::{collection::vec, prelude::*};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that happens to a mission and the person on it.
#[derive(Debug, Clone)]
enum Act {
    Move { hours: u32, length: u32 },
    Place(&'static str),
    Note(&'static str),
    Status(&'static str),
    Role(&'static str),
    Wait,
}

fn act() -> impl Strategy<Value = Act> {
    let any = |words: &[&'static str]| prop::sample::select(words.to_vec());
    prop_oneof![
        3 => (0..12_u32, 1..8_u32).prop_map(|(hours, length)| Act::Move { hours, length }),
        1 => any(&["Cour", "Grande salle", ""]).prop_map(Act::Place),
        1 => any(&["Tôt", "Tard"]).prop_map(Act::Note),
        5 => any(&["INVITED", "INVITED", "ACCEPTED", "DECLINED", "CANCELLED"]).prop_map(Act::Status),
        1 => any(&["son", "lumiere"]).prop_map(Act::Role),
        1 => Just(Act::Wait),
    ]
}

/// A mission with one person, and how calendars have seen them.
struct Stage<'t> {
    test: &'t Test,
    manager: &'t Persona<'t>,
    mission: String,
    assignment: String,
    feeds: [String; 2],
    /// The last SEQUENCE of each event that a feed has shown, by its UID.
    seen: BTreeMap<String, i64>,
    /// The last SEQUENCE of the entry.
    last: i64,
}

impl<'t> Stage<'t> {
    async fn set(test: &'t Test, manager: &'t Persona<'t>) -> Self {
        let text = |json: &Json| json["id"].as_str().expect("an id").to_owned();
        let project = manager.project(&format!("Festival {}", test.number())).await;
        let user = manager.user("Nina Simone").await;
        let body = json!({
            "title": "Montage", "project_id": project, "roles": [{ "role_name": "son" }, { "role_name": "lumiere" }],
            "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        });
        let mission = text(&manager.post("/missions", body).await.ok());
        let assignment = manager.assignment(&mission, &user).await;
        let feeds = [format!("/users/{user}"), format!("/projects/{project}")];
        let feeds = [subscribe(manager, &feeds[0]).await, subscribe(manager, &feeds[1]).await];
        Self { test, manager, mission, assignment, feeds, seen: BTreeMap::new(), last: 0 }
    }

    /// Whether it was done.
    async fn run(&self, act: &Act) -> bool {
        let mission = format!("/missions/{}", self.mission);
        let assignment = format!("/assignments/{}", self.assignment);
        let outcome = match act {
            Act::Move { hours, length } => {
                let at = |hour: u32| format!("2026-07-10T{hour:02}:00:00Z");
                let times = json!({ "start_at": at(*hours), "end_at": at(hours + length) });
                self.manager.patch(&mission, times).await
            }
            Act::Place(place) => {
                let place = if place.is_empty() { Json::Null } else { json!(place) };
                self.manager.patch(&mission, json!({ "location": place })).await
            }
            Act::Note(note) => self.manager.patch(&assignment, json!({ "note": note })).await,
            Act::Status(status) => {
                self.manager.post(&format!("{assignment}:status"), json!({ "status": status })).await
            }
            Act::Role(role) => self.manager.patch(&assignment, json!({ "role_name": role })).await,
            Act::Wait => {
                self.test.pass_seconds(60);
                return false;
            }
        };
        outcome.status.is_success()
    }

    /// What a change of which is one of the entry: where it stands, when, where and as what.
    async fn shown(&self) -> (i64, Json) {
        let shown = self.manager.get(&format!("/assignments/{}", self.assignment)).await.ok();
        let members =
            ["status", "start_at", "end_at", "location", "role_name"].map(|name| shown[name].clone());
        let id = self.assignment.parse().expect("an id");
        let entries = entries_of(&self.test.app.db, self.test.org, vec![id]).await.expect("entries");
        assert_eq!((entries.len(), entries[0].id), (1, id));
        let event = entries[0].event(Locale::French, &Default::default(), None);
        assert_eq!(event.id, id.0);
        (event.sequence, json!(members))
    }

    async fn assert_feeds(&mut self, after: &Act) {
        for (feed, uid) in self.feeds.iter().zip([&self.assignment, &self.mission]) {
            for (shown, event) in events(&self.test.anonymous().get(feed).await.text) {
                assert_eq!(shown, *uid, "after {after:?}");
                let sequence = event["SEQUENCE"].parse().expect("a number");
                let before = self.seen.insert(shown, sequence).unwrap_or_default();
                assert!(before <= sequence, "{before} became {sequence} after {after:?}");
            }
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_entry_keeps_its_uid_and_its_sequence_does_not_fall(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for_all(12, vec(act(), 5..25), async |acts| {
        let mut stage = Stage::set(&test, &manager).await;
        for act in &acts {
            let (before, was) = stage.shown().await;
            let done = stage.run(act).await;
            let (after, is) = stage.shown().await;
            assert!(stage.last <= after, "{} became {after} after {act:?}", stage.last);
            assert!(done || (before, was) == (after, is), "{act:?} was refused");
            stage.last = after;
            stage.assert_feeds(act).await;
        }
        assert!(stage.seen.contains_key(&stage.mission), "the project's feed shows the mission");
    });
}

fn id<T: From<Uuid>>(number: u8) -> T {
    Uuid::from_u128(number.into()).into()
}

/// Few ids, so that two feeds often have some in common.
fn feed() -> impl Strategy<Value = (OrgId, Feed, i32)> {
    let user = (0..3_u8).prop_map(|user| Feed::User(id::<UserId>(user)));
    let project = (0..3_u8, 0..3_u8)
        .prop_map(|(one, two)| Feed::Project(id::<ProjectId>(one), id::<MembershipId>(two)));
    ((0..3_u8).prop_map(id::<OrgId>), prop_oneof![user, project], prop_oneof![0..3_i32, Just(i32::MAX)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_key_opens_its_own_feed_at_its_own_version_and_nothing_else() {
    let test = Test::start(Kind::Sqlite).await;
    let tokens: &Tokens = &test.app.tokens;
    for_all(2000, (feed(), feed()), async |(one, other)| {
        let (org, feed, version) = one;
        let key = tokens.feed_key(org, feed, version);
        let said = Tokens::read_feed_key(&key).expect("a key");
        let membership = match feed {
            Feed::User(_) => None,
            Feed::Project(_, membership) => Some(membership),
        };
        assert_eq!((said.org, said.membership), (org, membership));
        assert!(tokens.opens_feed(&key, org, feed, version));
        assert_eq!(tokens.opens_feed(&key, other.0, other.1, other.2), one == other, "{one:?} at {other:?}");
    });
}
