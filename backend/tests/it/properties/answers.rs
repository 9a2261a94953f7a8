//! The states of an assignment, by every way that changes them, beside the product's table.

use super::for_all;
use crate::support::{Kind, Test, at};
use proptest::{collection::vec, prelude::*, sample::select};
use rstest::rstest;
use serde_json::json;
use std::cell::Cell;

type Statuses = &'static [&'static str];

/// From each status: what a planner's `:status` may lead to, what the person's session may, what an unanswered link may.
const TABLE: [(&str, Statuses, Statuses, Statuses); 4] = [
    ("INVITED", &["ACCEPTED", "DECLINED", "CANCELLED"], &["ACCEPTED", "DECLINED"], &["ACCEPTED", "DECLINED"]),
    ("ACCEPTED", &["DECLINED", "CANCELLED"], &["DECLINED"], &["DECLINED"]),
    ("DECLINED", &["INVITED", "ACCEPTED"], &["ACCEPTED"], &[]),
    ("CANCELLED", &["INVITED"], &[], &[]),
];

#[derive(Debug, Clone, Copy)]
enum Way {
    Planner(&'static str),
    Session(&'static str),
    Link(&'static str),
}

fn way() -> impl Strategy<Value = Way> {
    let answer = select(vec!["ACCEPTED", "DECLINED"]);
    prop_oneof![
        3 => select(vec!["INVITED", "ACCEPTED", "DECLINED", "CANCELLED"]).prop_map(Way::Planner),
        2 => answer.clone().prop_map(Way::Session),
        1 => answer.prop_map(Way::Link),
    ]
}

/// What a link says when it is not let: nothing of what was decided meanwhile is undone.
fn refusal_of_link(status: &str) -> &'static str {
    if status == "CANCELLED" { "invalid_token" } else { "already_answered" }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_assignment_goes_where_the_table_says_by_every_way(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech, anonymous) = (test.manager().await, test.tech().await, test.anonymous());
    let user = test.tech_user.to_string();
    let day = Cell::new(0);
    for_all(10, vec(way(), 8..20), async |ways| {
        // Another day for each case: where a case before ended does not matter.
        let start = at("2027-01-01T08:00:00Z").plus_seconds(86_400 * day.replace(day.get() + 1));
        let body = json!({ "title": "Montage", "start_at": start, "end_at": start.plus_seconds(3600) });
        let mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
        let assignment = manager.assignment(&mission, &user).await;
        let (invitation, token) = manager.invitation(&assignment).await;
        let (mut status, mut answered, mut ended) = ("INVITED", None, false);
        for way in ways {
            let row = TABLE.iter().find(|(from, ..)| *from == status).expect("a row");
            let (outcome, to, allowed) = match way {
                Way::Planner(to) => {
                    let body = json!({ "status": to });
                    (manager.post(&format!("/assignments/{assignment}:status"), body).await, to, row.1)
                }
                Way::Session(to) => {
                    let verb = if to == "ACCEPTED" { "accept" } else { "decline" };
                    (tech.post_empty(&format!("/assignments/{assignment}/{verb}")).await, to, row.2)
                }
                Way::Link(to) => {
                    let verb = if to == "ACCEPTED" { "accept" } else { "decline" };
                    let path = format!("/invitations/{invitation}/{verb}");
                    (anonymous.post(&path, json!({ "token": token })).await, to, row.3)
                }
            };
            let link = matches!(way, Way::Link(_));
            let may = status == to || allowed.contains(&to);
            match (link, answered) {
                // Whoever was asked again was asked anew.
                (true, None) if ended => drop(outcome.refused(400, "invalid_token")),
                // A link that was answered repeats its answer while that is what counts, and says no to the other.
                (true, Some(given)) if given != to => drop(outcome.refused(409, "already_answered")),
                (true, Some(_)) if status != to => {
                    assert_eq!(outcome.json()["code"], refusal_of_link(status), "{way:?} from {status}");
                }
                (true, None) if !may => {
                    assert_eq!(outcome.json()["code"], refusal_of_link(status), "{way:?} from {status}");
                }
                (false, _) if !may => drop(outcome.refused(409, "invalid_transition")),
                _ => {
                    assert_eq!(outcome.ok()["status"], to, "{way:?} from {status}");
                    ended |= to == "INVITED" && status != to;
                    status = to;
                    if link {
                        answered = Some(to);
                    }
                }
            }
            assert_eq!(manager.status_of(&assignment).await, status, "{way:?}");
        }
    });
}
