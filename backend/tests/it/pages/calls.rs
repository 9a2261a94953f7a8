//! The calls of one mail on one page.

use super::{form, hidden, shows};
use crate::support::{Kind, Outcome, Test, at};
use rstest::rstest;
use serde_json::{Value as Json, json};

pub const ADDRESS: &str = "nina@example.org";

/// A mail of three calls, of which the second overlaps the first.
pub struct Mailed {
    pub user: String,
    pub token: String,
    pub assignments: Vec<String>,
    pub invitations: Vec<String>,
}

impl Mailed {
    pub async fn to(test: &Test) -> Self {
        let manager = test.manager().await;
        let user = json!({ "name": "Nina Simone", "email": ADDRESS });
        let user = id(&manager.post("/users", user).await.ok());
        let (mut assignments, mut invitations) = (Vec::new(), Vec::new());
        for (title, start) in [
            ("Montage", "2026-07-10T08:00:00Z"),
            ("Réglages", "2026-07-10T10:00:00Z"),
            ("Concert", "2026-07-11T18:00:00Z"),
        ] {
            let mission = json!({
                "title": title, "location": "Grande salle", "start_at": start,
                "end_at": at(start).plus_seconds(4 * 3600),
            });
            let mission = id(&manager.post("/missions", mission).await.ok());
            let assignment = manager.assignment(&mission, &user).await;
            invitations.push(manager.invitation(&assignment).await.0);
            assignments.push(assignment);
        }
        let all: Vec<_> = invitations.iter().map(String::as_str).collect();
        test.queue_mails(&test.org.to_string(), &all, &user, ADDRESS).await;
        let mail = id(&manager.get("/mails?limit=1").await.ok()[0]);
        let mail = mail.parse().expect("an id");
        let token = test.app.tokens.calls(test.org, mail).expect("a token");
        Self { user, token, assignments, invitations }
    }

    pub fn path(&self) -> String {
        format!("/calls?token={}", self.token)
    }

    /// What a page says that it shows of a call: its id, and its `seen`.
    fn seen_of(&self, page: &Outcome, number: usize) -> (String, String) {
        let id = &self.invitations[number];
        let seen = page.text.rsplit_once(&format!("{id}.")).expect("it is shown").1;
        (id.clone(), seen.split([' ', '"']).next().expect("a text").to_owned())
    }

    pub async fn statuses(&self, test: &Test) -> Vec<String> {
        let manager = test.manager().await;
        let mut statuses = Vec::new();
        for assignment in &self.assignments {
            statuses.push(manager.status_of(assignment).await);
        }
        statuses
    }
}

fn id(of: &Json) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

const ALL: &str = "value=\"all\"";

#[rstest]
#[tokio::test]
async fn all_that_fit_are_accepted_and_what_does_not_is_named(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (anyone, mailed) = (test.anonymous(), Mailed::to(&test).await);
    let page = anyone.get(&mailed.path()).await;
    assert_eq!(page.status, 200);
    shows(&page, &["3 calls for you", "Montage", "Réglages", "Concert", ALL, "Grande salle"]);
    let fields = [("token", &*mailed.token), ("answer", "all"), ("shown", &hidden(&page, "shown"))];
    let sent = form(&anyone, "/calls", &fields).await;
    assert_eq!(sent.status, 303);
    assert_eq!(mailed.statuses(&test).await, ["ACCEPTED", "INVITED", "ACCEPTED"]);
    let page = anyone.get(sent.header("location")).await;
    shows(&page, &["What fits is accepted.", "Réglages", "<strong>Montage</strong>", "value=\"decline\""]);
    assert!(!page.text.contains(ALL) && !page.text.contains("value=\"accept\""), "{}", page.text);
    // The other one is declined by itself.
    let fields = [("token", &*mailed.token), ("answer", "decline"), ("shown", &hidden(&page, "shown"))];
    let sent = form(&anyone, "/calls", &fields).await;
    assert_eq!(sent.status, 303);
    assert_eq!(mailed.statuses(&test).await, ["ACCEPTED", "DECLINED", "ACCEPTED"]);
    assert!(!anyone.get(sent.header("location")).await.text.contains("<button"));
}

#[rstest]
#[tokio::test]
async fn what_has_changed_since_it_was_shown_is_not_accepted(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (anyone, manager, mailed) = (test.anonymous(), test.manager().await, Mailed::to(&test).await);
    let shown = hidden(&anyone.get(&mailed.path()).await, "shown");
    let mission =
        manager.get(&format!("/assignments/{}", mailed.assignments[2])).await.ok()["mission_id"].clone();
    let mission = format!("/missions/{}", mission.as_str().expect("an id"));
    manager.patch(&mission, json!({ "location": "Olympia" })).await.ok();
    let sent =
        form(&anyone, "/calls", &[("token", &mailed.token), ("answer", "all"), ("shown", &shown)]).await;
    assert_eq!(mailed.statuses(&test).await, ["ACCEPTED", "INVITED", "INVITED"]);
    let page = anyone.get(sent.header("location")).await;
    shows(
        &page,
        &[
            "A call has changed since you looked",
            "Before: </span>Grande salle</del> Olympia",
            "value=\"accept\"",
        ],
    );
    assert!(!page.text.contains("your answers are saved"), "{}", page.text);
    // The same in the other language.
    let (_, french) = page.text.split_once("href=\"?").expect("the languages");
    let french = french.split('"').next().expect("an address").replace("&#38;", "&");
    shows(&anyone.get(&format!("/calls?{french}")).await, &["Avant : </span>Grande salle</del> Olympia"]);
    // What it shows now can be accepted.
    let (id, seen) = mailed.seen_of(&page, 2);
    let shown = format!("{id}.{seen}");
    form(&anyone, "/calls", &[("token", &mailed.token), ("answer", "accept"), ("shown", &shown)]).await;
    assert_eq!(mailed.statuses(&test).await, ["ACCEPTED", "INVITED", "ACCEPTED"]);
}

/// One that is refused is not silent, be it alone.
#[rstest]
#[tokio::test]
async fn an_answer_that_is_refused_is_said(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (anyone, manager, mailed) = (test.anonymous(), test.manager().await, Mailed::to(&test).await);
    let page = anyone.get(&mailed.path()).await;
    let one = |number: usize| {
        let (id, seen) = mailed.seen_of(&page, number);
        format!("{id}.{seen}")
    };
    let answer = async |answer: &str, shown: &str| {
        let fields = [("token", &*mailed.token), ("answer", answer), ("shown", shown)];
        let sent = form(&anyone, "/calls", &fields).await;
        anyone.get(sent.header("location")).await
    };
    let took = answer("accept", &one(0)).await;
    assert!(!took.text.contains("not saved"), "{}", took.text);
    shows(&answer("accept", &one(1)).await, &["Your answer was not saved.", "<strong>Montage</strong>"]);
    // Taken back by a planner in the meantime.
    manager.delete(&format!("/invitations/{}", mailed.invitations[2])).await.ok();
    shows(&answer("accept", &one(2)).await, &["Your answer was not saved."]);
    shows(&answer("all", &one(2)).await, &["Some calls do not fit"]);
    assert_eq!(mailed.statuses(&test).await, ["ACCEPTED", "INVITED", "INVITED"]);
}

/// From the move until the mail that tells of it, the page of the first mail tells.
#[rstest]
#[tokio::test]
async fn whoever_is_asked_sees_what_they_were_told_before(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (anyone, manager, mailed) = (test.anonymous(), test.manager().await, Mailed::to(&test).await);
    test.execute("UPDATE assignments SET told_at = created_at").await;
    let mission =
        manager.get(&format!("/assignments/{}", mailed.assignments[2])).await.ok()["mission_id"].clone();
    let mission = format!("/missions/{}", mission.as_str().expect("an id"));
    manager.patch(&mission, json!({ "location": "Olympia", "note": "Badge" })).await.ok();
    let page = anyone.get(&mailed.path()).await;
    let told = ["has changed since our message", "Before: </span>Grande salle</del> Olympia"];
    shows(&page, &told);
    shows(&page, &["Badge", ALL]);
    let call = page.text.split("href=\"/invite?").nth(3).expect("its own page").split('"').next();
    let call = call.expect("an address").replace("&#38;", "&");
    shows(
        &anyone.get(&format!("/invite?{call}")).await,
        &[told[0], "Before: </span>Grande salle</del>", "Olympia"],
    );
    // Back where it was there is nothing to tell.
    manager.patch(&mission, json!({ "location": "Grande salle" })).await.ok();
    let page = anyone.get(&mailed.path()).await;
    assert!(!page.text.contains(told[0]) && !page.text.contains("<del>"), "{}", page.text);
    test.pass_seconds(660);
    test.settle().await;
}

#[rstest]
#[tokio::test]
async fn the_link_shows_its_mail_and_no_more(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (anyone, manager, mailed) = (test.anonymous(), test.manager().await, Mailed::to(&test).await);
    // A call of the same person in another mail.
    let mission = manager.mission("Démontage", "16:00", "20:00").await;
    let assignment = manager.assignment(&mission, &mailed.user).await;
    let (other, token) = manager.invitation(&assignment).await;
    assert!(!anyone.get(&mailed.path()).await.text.contains("Démontage"));
    let seen = anyone.get(&format!("/invitations/verify?token={token}")).await.ok()["seen"].clone();
    let shown = format!("{other}.{}", seen.as_str().expect("a text"));
    let sent =
        form(&anyone, "/calls", &[("token", &mailed.token), ("answer", "accept"), ("shown", &shown)]).await;
    assert_eq!(sent.status, 303);
    assert_eq!(manager.status_of(&assignment).await, "INVITED", "it is not in that mail");
    // Neither token passes for the other.
    for path in [format!("/calls?token={token}"), format!("/invite?token={}", mailed.token)] {
        let page = anyone.get(&path).await;
        shows(&page, &["This link is not valid."]);
    }
    for wrong in ["", "x", &mailed.token[1..]] {
        let page = anyone.get(&format!("/calls?token={wrong}")).await;
        assert_eq!(page.status, 400);
    }
    let nothing = form(&anyone, "/calls", &[("token", &mailed.token), ("answer", "maybe")]).await;
    assert_eq!(nothing.status, 400);
    for shown in ["", "x", "x.y", &format!("{}.", mailed.invitations[0]), &mailed.invitations[0]] {
        let fields = [("token", &*mailed.token), ("answer", "all"), ("shown", shown)];
        assert_eq!(form(&anyone, "/calls", &fields).await.status, 303, "{shown}");
    }
    assert_eq!(mailed.statuses(&test).await, ["INVITED", "INVITED", "INVITED"], "nothing was shown");
    // A call that is taken back goes from it; with another address, all do.
    manager.patch(&format!("/users/{}", mailed.user), json!({ "email": "ella@example.org" })).await.ok();
    let page = anyone.get(&mailed.path()).await;
    assert_eq!(page.status, 400);
    shows(&page, &["This link is not valid."]);
}
