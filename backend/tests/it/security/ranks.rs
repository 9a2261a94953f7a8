//! Nobody rises by themselves, and an org always keeps an owner, however two of them turn on each other.

use super::{account_of, system, until_waiting};
use crate::support::{Kind, Outcome, Persona, Test, together};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;

const RANKS: [&str; 4] = ["tech", "manager", "admin", "owner"];

#[rstest]
#[tokio::test]
async fn nobody_grants_above_their_rank_or_edits_a_superior(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let mut wrong = Vec::new();
    let mut number = 0;
    for (own, caller) in RANKS.iter().enumerate() {
        for (theirs, target) in RANKS.iter().enumerate() {
            for (granted, role) in RANKS.iter().enumerate() {
                number += 1;
                // Everyone of their own, so that nobody is the last of anything.
                let by = member(&test, &format!("par-{number}@rideau.example"), caller).await;
                let of = member(&test, &format!("pour-{number}@rideau.example"), target).await;
                let who = test.signed_in(&format!("par-{number}@rideau.example")).await;
                let may = own >= 2 && theirs <= own && granted <= own;
                let patched = who.patch(&format!("/orgs/members/{of}"), json!({ "role": role })).await;
                let email = format!("neuf-{number}@rideau.example");
                let added = who.post("/orgs/members", json!({ "email": email, "role": role })).await;
                let own_role = who.patch(&format!("/orgs/members/{by}"), json!({ "role": role })).await;
                let outcomes = [
                    (patched, may, "changes a"),
                    (added, own >= 2 && granted <= own, "adds beside a"),
                    (own_role, own >= 2 && granted <= own, "becomes beside a"),
                ];
                for (outcome, may, what) in outcomes {
                    if (outcome.status == 200) != may {
                        wrong.push(format!("{caller} {what} {target} {role}: {}", outcome.text));
                    }
                }
                if granted == 0 {
                    let who = test.signed_in(&format!("par-{number}@rideau.example")).await;
                    test.owner()
                        .await
                        .patch(&format!("/orgs/members/{by}"), json!({ "role": caller }))
                        .await
                        .ok();
                    test.owner()
                        .await
                        .patch(&format!("/orgs/members/{of}"), json!({ "role": target }))
                        .await
                        .ok();
                    let removed = who.delete(&format!("/orgs/members/{of}")).await;
                    if (removed.status == 200) != (own >= 2 && theirs <= own) {
                        wrong.push(format!("{caller} removes {target}: {}", removed.text));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rstest]
#[tokio::test]
async fn nobody_sends_a_superior_their_link(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let body = json!({ "email": "nouvelle@rideau.example", "role": "owner" });
    let added = test.owner().await.post("/orgs/members", body).await.ok();
    let resend = format!("/orgs/members/{}:resend", added["account_id"].as_str().expect("an id"));
    test.admin().await.post_empty(&resend).await.refused(403, "superior");
    test.owner().await.post_empty(&resend).await.ok();
}

async fn member(test: &Test, email: &str, role: &str) -> String {
    let added = test.owner().await.post("/orgs/members", json!({ "email": email, "role": role })).await.ok();
    test.prove(email).await;
    added["account_id"].as_str().expect("an id").to_owned()
}

const OWNERS: &str = "SELECT count(*) AS n FROM org_memberships m JOIN orgs o ON o.id = m.org_id
    WHERE m.role = 'owner' AND m.is_active AND m.proven_at IS NOT NULL AND o.name <> 'Other House'";

/// What one owner does to the other.
async fn turn_on(who: &Persona<'_>, whom: &str, how: &str) -> Outcome {
    let path = format!("/orgs/members/{whom}");
    match how {
        "demotes" => who.patch(&path, json!({ "role": "tech" })).await,
        "deactivates" => who.patch(&path, json!({ "is_active": false })).await,
        _ => who.delete(&path).await,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_turn_on_each_other_from_two_instances_one_stays(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let instance = test.second_instance().await;
    test.open_all_connections().await;
    let (one, two) = (test.owner().await, test.admin().await.at(&instance));
    let both = [(&one, "owner@rideau.example"), (&two, "admin@rideau.example")];
    let accounts = [account_of(&one).await, account_of(&two).await];
    one.patch(&format!("/orgs/members/{}", accounts[1]), json!({ "role": "owner" })).await.ok();
    let ways = ["demotes", "deactivates", "removes"];
    for round in 0..18 {
        assert_eq!(test.count(OWNERS).await, 2, "round {round}");
        let (first, second) = (ways[round % 3], ways[round / 3 % 3]);
        let acts = [(both[0].0, &accounts[1], first), (both[1].0, &accounts[0], second)];
        let answers = together(acts.map(|(who, whom, how)| turn_on(who, whom, how))).await;
        assert_eq!(test.count(OWNERS).await, 1, "round {round}: {first}, {second}: {answers:?}");
        let winner = answers.iter().position(|answer| answer.status == 200).expect("a winner");
        assert_ne!(answers[1 - winner].status, 200, "{answers:?}");
        assert!(answers[1 - winner].status.is_client_error(), "{answers:?}");
        // The winner forgives.
        let (who, other) = (both[winner].0, 1 - winner);
        let back = json!({ "role": "owner", "is_active": true });
        if who.patch(&format!("/orgs/members/{}", accounts[other]), back).await.status == 404 {
            who.post("/orgs/members", json!({ "email": both[other].1, "role": "owner" })).await.ok();
            test.prove(both[other].1).await;
        }
    }
}

/// Their role is looked at again when it is their turn, whatever they want to do to the members.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn who_is_demoted_while_they_wait_acts_by_their_new_rank_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let (owner, admin) = (test.owner().await, test.admin().await);
    let (of_admin, of_manager) = (account_of(&admin).await, account_of(&test.manager().await).await);
    let held = test.app.db.write(system()).await.expect("a transaction");
    let hold = format!("SELECT 1 FROM orgs WHERE id = '{}' FOR UPDATE", test.org);
    held.execute_unprepared(&hold).await.expect("the org is held");
    let path = format!("/orgs/members/{of_admin}");
    let demote = owner.patch(&path, json!({ "role": "tech" }));
    // Those who wait for a row get it in the order in which they came.
    let acts = async {
        until_waiting(&test, 1).await;
        let new = json!({ "email": "lea@rideau.example", "role": "tech" });
        let path = format!("/orgs/members/{of_manager}");
        let release = async {
            until_waiting(&test, 3).await;
            held.commit().await.expect("the org is free");
        };
        tokio::join!(release, admin.post("/orgs/members", new), admin.delete(&path))
    };
    let (demoted, ((), added, removed)) = tokio::join!(demote, acts);
    demoted.ok();
    added.refused(403, "forbidden");
    removed.refused(403, "forbidden");
}
