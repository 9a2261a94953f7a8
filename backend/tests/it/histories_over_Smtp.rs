//! What happens to a call, and the mails that its person and a planner get of it.

use crate::support::{Kind, Smtp, Test, at, calendars};
use coulisses::resources::{invitations, mails};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::{fmt::Write as _, task::Poll};

/// What happens, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A manager asks the person.
    Invite,
    /// The mails that gather are sent.
    Sent,
    Days(i64),
    Minutes(i64),
    /// The mission starts so many minutes later than planned, as long as before.
    MoveTo(i64),
    Place(&'static str),
    /// By the link.
    Accept,
    Decline,
    /// A manager accepts the person without asking.
    PutOn,
    /// By the link.
    Confirm,
    Remind,
    CancelAssignment,
    AskAgain,
    /// A manager sets the assignment accepted.
    SetAccepted,
    CancelMission,
    Revoke,
    Delete,
    Archive,
    Restart,
}
use Step::*;

const MISSION: &str = "2026-07-11T12:00:00Z";
const SETTLED: Step = Minutes(11);

struct History {
    name: &'static str,
    steps: &'static [Step],
    person: &'static [&'static str],
    planner: &'static [&'static str],
}

const fn history(
    name: &'static str,
    steps: &'static [Step],
    person: &'static [&'static str],
    planner: &'static [&'static str],
) -> History {
    History { name, steps, person, planner }
}

const HISTORIES: [History; 35] = [
    history("asked", &[Invite, Sent], &["calls"], &[]),
    history("asked, yes", &[Invite, Sent, Accept], &["calls"], &[]),
    history("asked, no", &[Invite, Sent, Decline], &["calls"], &["answers"]),
    history("asked, yes, moved", &[Invite, Sent, Accept, MoveTo(120), SETTLED], &["calls", "moved"], &[]),
    history(
        "asked, yes, moved ten times in an hour and back",
        &[
            Invite,
            Sent,
            Accept,
            MoveTo(60),
            Minutes(6),
            MoveTo(120),
            Minutes(6),
            MoveTo(30),
            Minutes(6),
            MoveTo(90),
            Minutes(6),
            MoveTo(15),
            Minutes(6),
            MoveTo(240),
            Minutes(6),
            MoveTo(45),
            Minutes(6),
            MoveTo(75),
            Minutes(6),
            MoveTo(600),
            Minutes(5),
            MoveTo(0),
            Minutes(120),
        ],
        &["calls"],
        &[],
    ),
    history(
        "asked, yes, moved, told, moved back",
        &[Invite, Sent, Accept, MoveTo(120), SETTLED, MoveTo(0), SETTLED],
        &["calls", "moved", "moved"],
        &[],
    ),
    history("asked, moved", &[Invite, Sent, MoveTo(120), SETTLED], &["calls", "moved"], &[]),
    history("moved before the first mail left", &[Invite, MoveTo(120), Sent, SETTLED], &["calls"], &[]),
    history("asked, no answer", &[Invite, Sent, Days(9)], &["calls", "reminder"], &[]),
    history("asked, no answer, until it is over", &[Invite, Sent, Days(12)], &["calls", "reminder"], &[]),
    history("asked, yes, until it is over", &[Invite, Sent, Accept, Days(12)], &["calls"], &[]),
    history(
        "reminded, then moved",
        &[Invite, Sent, Days(9), MoveTo(120), SETTLED],
        &["calls", "reminder", "moved"],
        &[],
    ),
    history(
        "moved, then no reminder",
        &[Invite, Sent, MoveTo(120), SETTLED, Days(10)],
        &["calls", "moved"],
        &[],
    ),
    history("asked, called off", &[Invite, Sent, CancelAssignment], &["calls", "called_off"], &[]),
    history("yes, mission cancelled", &[Invite, Sent, Accept, CancelMission], &["calls", "called_off"], &[]),
    history("asked, taken back", &[Invite, Sent, Revoke], &["calls", "called_off"], &[]),
    history("taken back before it was sent", &[Invite, Revoke, Sent], &[], &[]),
    history("called off before it was sent", &[Invite, CancelMission, Sent], &[], &[]),
    history(
        "called off and asked again at once",
        &[Invite, Sent, Accept, CancelAssignment, AskAgain, Invite, Sent],
        &["calls", "calls"],
        &[],
    ),
    history("put on without being asked, moved", &[PutOn, MoveTo(120), SETTLED, Confirm], &["moved"], &[]),
    history("put on without being asked, called off", &[PutOn, CancelMission], &["called_off"], &[]),
    history("yes, deleted", &[Invite, Sent, Accept, Delete], &["calls", "called_off"], &[]),
    history("project archived", &[Invite, Sent, Archive, Days(12)], &["calls"], &[]),
    history(
        "reminded by hand, then by itself",
        &[Invite, Sent, Days(2), Remind, Sent, Days(7)],
        &["calls", "reminder", "reminder"],
        &[],
    ),
    history("asked in the last two days", &[Days(9), Invite, Sent, Days(1)], &["calls"], &[]),
    history("yes, moved by ten minutes", &[Invite, Sent, Accept, MoveTo(10), SETTLED], &["calls"], &[]),
    history(
        "yes, moved by ten minutes twice",
        &[Invite, Sent, Accept, MoveTo(10), SETTLED, MoveTo(20), SETTLED],
        &["calls", "moved"],
        &[],
    ),
    history(
        "yes, another place, confirmed, cancelled",
        &[Invite, Sent, Accept, Place("Olympia"), SETTLED, Confirm, CancelAssignment],
        &["calls", "moved", "called_off"],
        &[],
    ),
    history(
        "yes, moved, withdrawn",
        &[Invite, Sent, Accept, MoveTo(120), SETTLED, Restart, Decline],
        &["calls", "moved"],
        &["answers"],
    ),
    history(
        "moved into the reminder's hours",
        &[Invite, Sent, Days(5), MoveTo(-4 * 24 * 60), SETTLED, Days(1)],
        &["calls", "moved"],
        &[],
    ),
    history(
        "moved into the reminder's hours by mistake",
        &[Invite, Sent, Days(5), MoveTo(-4 * 24 * 60), Minutes(5), MoveTo(0), Minutes(60)],
        &["calls"],
        &[],
    ),
    history(
        "moved, set accepted before it is told",
        &[Invite, Sent, MoveTo(120), SetAccepted, SETTLED],
        &["calls", "moved"],
        &[],
    ),
    history(
        "no, set accepted, moved",
        &[Invite, Sent, Decline, SetAccepted, MoveTo(120), SETTLED],
        &["calls", "moved"],
        // What a planner has set since is not the person's answer.
        &[],
    ),
    history(
        "moved, taken back while that is mailed",
        &[Invite, Sent, MoveTo(120), Minutes(10), Revoke, Minutes(2)],
        &["calls", "called_off"],
        &[],
    ),
    history(
        "moved, mission cancelled while that is mailed",
        &[Invite, Sent, Accept, MoveTo(120), Minutes(10), CancelMission, Minutes(2)],
        &["calls", "called_off"],
        &[],
    ),
];

/// One person, one mission.
struct Play<'t> {
    test: &'t Test,
    mission: String,
    project: String,
    user: String,
    assignment: Option<String>,
    invitation: Option<String>,
    /// Of the links that were made, in order.
    tokens: Vec<String>,
}

impl<'t> Play<'t> {
    async fn begin(test: &'t Test) -> Self {
        let manager = test.manager().await;
        let user = json!({ "name": "Nina Simone", "email": "nina@example.org" });
        let user = id(&manager.post("/users", user).await.ok());
        let project = manager.project("Festival").await;
        let mission = json!({
            "title": "Montage", "location": "Bobino", "project_id": project, "start_at": MISSION,
            "end_at": at(MISSION).plus_seconds(4 * 3600),
        });
        let mission = id(&manager.post("/missions", mission).await.ok());
        Self { test, mission, project, user, assignment: None, invitation: None, tokens: Vec::new() }
    }

    fn assignment(&self) -> &str {
        self.assignment.as_deref().expect("an assignment")
    }

    async fn step(&mut self, step: Step) {
        let (manager, anyone) = (self.test.manager().await, self.test.anonymous());
        let mission = format!("/missions/{}", self.mission);
        match step {
            Invite => {
                if self.assignment.is_none() {
                    self.assignment = Some(manager.assignment(&self.mission, &self.user).await);
                }
                let body = json!({ "assignment_id": self.assignment() });
                let created = manager.post("/invitations", body).await.ok();
                self.invitation = Some(id(&created));
                self.tokens.extend(created["token"].as_str().map(Into::into));
            }
            Sent => live(self.test, 30).await,
            Days(days) => live(self.test, days * 86_400).await,
            Minutes(minutes) => live(self.test, minutes * 60).await,
            MoveTo(minutes) => {
                let start = at(MISSION).plus_seconds(60 * minutes);
                let body = json!({ "start_at": start, "end_at": start.plus_seconds(4 * 3600) });
                manager.patch(&mission, body).await.ok();
            }
            Place(place) => drop(manager.patch(&mission, json!({ "location": place })).await.ok()),
            Accept | Decline | Confirm => {
                let verb = match step {
                    Accept => "accept",
                    Decline => "decline",
                    _ => "confirm",
                };
                let path = format!("/assignments/{}/{verb}", self.assignment());
                match self.tokens.last() {
                    Some(token) => drop(anyone.post(&path, json!({ "token": token })).await.ok()),
                    None => drop(manager.post_empty(&path).await.ok()),
                }
            }
            PutOn => {
                let body = json!({ "mission_id": self.mission, "user_id": self.user, "status": "ACCEPTED" });
                self.assignment = Some(id(&manager.post("/assignments", body).await.ok()));
            }
            Remind => {
                let invitation = self.invitation.as_deref().expect("an invitation");
                manager.post_empty(&format!("/invitations/{invitation}:remind")).await.ok();
            }
            CancelAssignment | AskAgain | SetAccepted => {
                let status = match step {
                    AskAgain => "INVITED",
                    SetAccepted => "ACCEPTED",
                    _ => "CANCELLED",
                };
                let path = format!("/assignments/{}:status", self.assignment());
                manager.post(&path, json!({ "status": status })).await.ok();
            }
            CancelMission => drop(manager.post_empty(&format!("{mission}:cancel")).await.ok()),
            Revoke => {
                let invitation = self.invitation.as_deref().expect("an invitation");
                manager.delete(&format!("/invitations/{invitation}")).await.ok();
            }
            Delete => drop(manager.delete(&format!("/assignments/{}", self.assignment())).await.ok()),
            Archive => {
                let project = format!("/projects/{}", self.project);
                manager.patch(&project, json!({ "status": "ARCHIVED" })).await.ok();
            }
            // Nothing is kept in memory.
            Restart => drop(self.test.second_instance().await),
        }
    }
}

fn id(of: &Json) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

/// Lets time pass as the program spends it: what is due is done, what recurs recurs.
async fn live(test: &Test, seconds: i64) {
    let end = test.clock.now().plus_seconds(seconds);
    // What recurs each minute is done each quarter of an hour.
    while test.clock.now() < end {
        let left = i64::try_from(end.since(test.clock.now()).as_secs()).expect("seconds");
        test.pass_seconds(left.min(if seconds > 86_400 { 3 * 3600 } else { 60 }));
        invitations::remind_due(&test.app).await.expect("reminders");
        mails::queue_digests(&test.app).await.expect("digests");
        test.app.worker.work_off().await.expect("what is due");
    }
}

#[rstest]
#[tokio::test]
async fn each_history_sends_its_mails_and_no_other(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let mut wrong = Vec::new();
    let mut table = String::from("| what happens | mails to the person | to the planner |\n|---|---|---|\n");
    for History { name, steps, person, planner } in &HISTORIES {
        let smtp = Smtp::start();
        let test =
            Test::start_with(db, &[("SMTP_URL", &smtp.url()), ("MAIL_FROM", "crew@coulisses.example")]).await;
        test.execute("UPDATE org_memberships SET notify = 'none' WHERE role <> 'manager'").await;
        let mut play = Play::begin(&test).await;
        for step in *steps {
            play.step(*step).await;
        }
        live(&test, 120).await;
        let (mut got, mut told) = (Vec::new(), Vec::new());
        for mail in smtp.mails() {
            let address = mail.get("to")[0].as_str().expect("an address").to_owned();
            let id = mail.header("Message-ID").expect("an id").trim_start_matches('<').to_owned();
            let id = id.split('@').next().expect("an id").to_owned();
            let kind = test.manager().await.get(&format!("/mails/{id}")).await.ok()["kind"].clone();
            let kind = kind.as_str().expect("a kind").to_owned();
            match address == "nina@example.org" {
                true => got.push(kind),
                // Digests are looked at elsewhere.
                false if kind != "digest" => told.push(kind),
                false => {}
            }
        }
        writeln!(table, "| {name} | {} | {} |", got.join(", "), told.join(", ")).expect("a text grows");
        if got != *person || told != *planner {
            wrong.push(format!("{name}: person {got:?}, not {person:?}; planner {told:?}, not {planner:?}"));
        }
    }
    // For people to read.
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("histories-{db:?}.md"));
    std::fs::write(file, table).expect("it is written");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rstest]
#[tokio::test]
async fn a_mission_that_moved_is_confirmed_by_whoever_may(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech, anyone) = (test.manager().await, test.tech().await, test.anonymous());
    let mission = json!({
        "title": "Montage", "location": "Bobino", "start_at": MISSION, "end_at": at(MISSION).plus_seconds(3600),
    });
    let mission = format!("/missions/{}", id(&manager.post("/missions", mission).await.ok()));
    let body = json!({ "mission_id": mission.rsplit('/').next(), "user_id": test.tech_user });
    let assignment = id(&manager.post("/assignments", body).await.ok());
    let token =
        manager.post("/invitations", json!({ "assignment_id": assignment })).await.ok()["token"].clone();
    let confirm = format!("/assignments/{assignment}/confirm");
    let refused = manager.post_empty(&confirm).await.refused(409, "invalid_transition");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("INVITED")), "{refused}");
    tech.post_empty(&format!("/assignments/{assignment}/accept")).await.ok();
    let needs = async || {
        let listed = manager.get("/assignments?needs_confirmation=true").await.ok();
        let others = manager.get("/assignments?needs_confirmation=false").await.ok();
        let count = |list: &Json| list.as_array().expect("a list").len();
        assert_eq!(count(&listed) + count(&others), 1);
        assert_eq!(
            listed.get(0).map_or(Json::Bool(false), |one| one["needs_confirmation"].clone()),
            count(&listed) == 1
        );
        count(&listed) == 1
    };
    let place = async |place: &str| drop(manager.patch(&mission, json!({ "location": place })).await.ok());
    place("Olympia").await;
    assert!(needs().await);
    // Back to what they agreed to: nothing to confirm.
    place("Bobino").await;
    assert!(!needs().await);
    let verify = format!("/invitations/verify?token={}", token.as_str().expect("a token"));
    let old = anyone.get(&verify).await.ok();
    assert_eq!(old["agreed"], Json::Null);
    for who in ["person", "link", "manager"] {
        place("Olympia").await;
        assert!(needs().await, "{who}");
        let opened = anyone.get(&verify).await.ok();
        assert_eq!(
            (&opened["agreed"]["location"], &opened["location"]),
            (&json!("Bobino"), &json!("Olympia"))
        );
        let events = test.audit("assignment.confirm").await.len();
        let stale = json!({ "token": token, "seen": old["seen"] });
        anyone.post(&confirm, stale).await.refused(409, "changed_since_seen");
        match who {
            "person" => tech.post_empty(&confirm).await.ok(),
            "link" => anyone.post(&confirm, json!({ "token": token, "seen": opened["seen"] })).await.ok(),
            _ => manager.post_empty(&confirm).await.ok(),
        };
        assert!(!needs().await, "{who}");
        tech.post_empty(&confirm).await.ok();
        assert_eq!(test.audit("assignment.confirm").await.len(), events + 1, "again writes nothing");
        place("Bobino").await;
        tech.post_empty(&format!("/assignments/{assignment}/accept")).await.ok();
        assert!(!needs().await, "a yes again confirms, too");
    }
    anyone.post_empty(&confirm).await.refused(401, "unauthenticated");
    anyone.post(&confirm, json!({ "token": "no" })).await.refused(400, "invalid_token");
    let colleague = test.signed_in("admin@rideau.example").await;
    colleague.post_empty(&confirm).await.ok();
}

/// The link that a mail to the person has last carried.
fn last_link(smtp: &Smtp) -> String {
    let mails = smtp.mails();
    let last = mails.iter().rfind(|mail| mail.get("to")[0] == "nina@example.org").expect("a mail");
    let text = last.get("text").as_str().expect("a text").to_owned();
    let link = text.split_once("/invite?token=").expect("a link").1;
    link.split_whitespace().next().expect("a token").to_owned()
}

/// What a link said before is no yes that it could confirm: the mail brings one that can.
#[rstest]
#[tokio::test]
async fn the_mail_of_a_move_has_a_link_that_confirms_and_withdraws(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(&[Invite, Sent, Decline, SetAccepted][..],
        &[Invite, Sent, Accept, CancelAssignment, AskAgain, Invite, Sent, SetAccepted],
        &[Invite, Sent, Accept, MoveTo(30), Decline, SetAccepted],
        &[PutOn])]
    before: &[Step],
    #[values("accept", "decline")] answer: &str,
) {
    let smtp = Smtp::start();
    let test =
        Test::start_with(db, &[("SMTP_URL", &smtp.url()), ("MAIL_FROM", "crew@coulisses.example")]).await;
    let mut play = Play::begin(&test).await;
    for step in before.iter().chain(&[MoveTo(120), SETTLED]) {
        play.step(*step).await;
    }
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let link = last_link(&smtp);
    let path = format!("/assignments/{}", play.assignment());
    let status = async || {
        let row = manager.get(&path).await.ok();
        (row["status"].clone(), row["needs_confirmation"].clone())
    };
    assert_eq!(status().await, (json!("ACCEPTED"), json!(true)));
    for old in play.tokens.iter().filter(|old| **old != link) {
        let said_no = before.contains(&Decline);
        let refused = anyone.post(&format!("{path}/confirm"), json!({ "token": old })).await;
        match said_no {
            true => drop(refused.refused(409, "already_answered")),
            false => drop(refused.refused(400, "invalid_token")),
        }
        anyone.post(&format!("{path}/decline"), json!({ "token": old })).await;
        assert_eq!(status().await, (json!("ACCEPTED"), json!(true)), "an older link changes nothing");
    }
    anyone.post(&format!("{path}/{answer}"), json!({ "token": link })).await.ok();
    let wanted = if answer == "accept" { "ACCEPTED" } else { "DECLINED" };
    assert_eq!(status().await, (json!(wanted), json!(false)));
    live(&test, 120).await;
}

/// Accepted otherwise than by the link, which is still open when the mission is cancelled.
#[rstest]
#[tokio::test]
async fn who_was_set_accepted_is_taken_out_of_their_calendar(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test =
        Test::start_with(db, &[("SMTP_URL", &smtp.url()), ("MAIL_FROM", "crew@coulisses.example")]).await;
    let mut play = Play::begin(&test).await;
    for step in [Invite, Sent, SetAccepted, CancelMission, Minutes(2)] {
        play.step(step).await;
    }
    let mails = smtp.mails();
    let last = mails.iter().rfind(|mail| mail.get("to")[0] == "nina@example.org").expect("a mail");
    let calendar = last.get("calendar").as_str().expect("a calendar");
    assert!(calendar.contains("METHOD:CANCEL"), "{calendar}");
}

#[rstest]
#[tokio::test]
async fn what_is_over_is_confirmed_by_nobody(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let mut play = Play::begin(&test).await;
    for step in [Invite, Accept, MoveTo(600)] {
        play.step(step).await;
    }
    let needs = async || test.manager().await.get("/assignments?needs_confirmation=true").await.ok();
    assert_eq!(needs().await.as_array().map(Vec::len), Some(1));
    test.pass_seconds(12 * 86_400);
    // What took place is put right.
    play.step(MoveTo(300)).await;
    assert_eq!(needs().await, json!([]));
    live(&test, 660).await;
}

/// As an instance that is killed in the middle: its transaction is never committed.
async fn torn_away<F: Future>(work: F, after: usize) {
    let mut work = Box::pin(work);
    for _ in 0..after {
        let once = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready()));
        if once.await {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// How many mails of this kind each address was queued.
async fn queued(test: &Test, kind: &str) -> Vec<i64> {
    let count =
        format!("SELECT count(*) AS n FROM mails WHERE kind = '{kind}' GROUP BY address ORDER BY address");
    let rows = test.rows(&count).await;
    rows.iter().map(|row| row["n"].as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn of_two_instances_one_sends_each_reminder_and_digest_on_Postgres() {
    const PEOPLE: usize = 100;
    let smtp = Smtp::start();
    let settings = [("SMTP_URL", &*smtp.url()), ("MAIL_FROM", "crew@coulisses.example")];
    let test = Test::start_with(Kind::Postgres, &settings).await;
    let other = test.instance_at(test.clock.clone()).await;
    let manager = test.manager().await;
    let mission =
        json!({ "title": "Montage", "start_at": MISSION, "end_at": at(MISSION).plus_seconds(3600) });
    let mission = id(&manager.post("/missions", mission).await.ok());
    let mut items = Vec::new();
    for number in 0..PEOPLE {
        let user = json!({ "name": format!("Nina {number}"), "email": format!("nina-{number}@example.org") });
        items.push(json!({ "mission_id": mission, "user_id": id(&manager.post("/users", user).await.ok()) }));
    }
    let created = manager.post("/assignments:bulk_create", json!(items)).await.ok();
    let ids = created["ids"].as_array().expect("ids").iter().map(|id| json!({ "assignment_id": id }));
    manager.post("/invitations:bulk_create", json!(ids.collect::<Vec<_>>())).await.ok();
    // Since then it is known when the next morning is.
    mails::queue_digests(&test.app).await.expect("mornings");
    live(&test, 60).await;
    assert_eq!(smtp.mails().len(), PEOPLE);

    test.pass_seconds(
        at("2026-07-09T13:00:00Z").since(test.clock.now()).as_secs().try_into().expect("seconds"),
    );
    for after in [1, 3, 8, 20, 60] {
        torn_away(invitations::remind_due(&other), after).await;
    }
    let (one, two) = tokio::join!(invitations::remind_due(&test.app), invitations::remind_due(&other));
    one.and(two).expect("reminders");
    assert_eq!(queued(&test, "reminder").await, [1; PEOPLE]);

    mails::queue_digests(&test.app).await.expect("too late for that morning");
    assert_eq!(queued(&test, "digest").await, [0; 0]);
    test.pass_seconds(
        at("2026-07-10T06:00:01Z").since(test.clock.now()).as_secs().try_into().expect("seconds"),
    );
    for after in [1, 3, 8, 20, 60] {
        torn_away(mails::queue_digests(&other), after).await;
    }
    let (one, two) = tokio::join!(mails::queue_digests(&test.app), mails::queue_digests(&other));
    one.and(two).expect("digests");
    assert_eq!(queued(&test, "digest").await, [1; 3], "of the owner, the admin and the manager");

    test.pass_seconds(30);
    let (one, two) = tokio::join!(test.app.worker.work_off(), other.worker.work_off());
    one.and(two).expect("what is due");
    let mut to: Vec<_> =
        smtp.mails().iter().map(|mail| mail.get("to")[0].as_str().expect("one").to_owned()).collect();
    to.sort();
    let each = to.chunk_by(|one, next| one == next).map(<[String]>::len);
    let times: Vec<_> = each.collect();
    assert_eq!(
        times,
        [vec![1, 1], vec![2; PEOPLE], vec![1]].concat(),
        "admin, manager, each person twice, owner"
    );
}

#[rstest]
#[tokio::test]
async fn the_calendars_of_a_call_agree_for_Readers(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test =
        Test::start_with(db, &[("SMTP_URL", &smtp.url()), ("MAIL_FROM", "crew@coulisses.example")]).await;
    let mut play = Play::begin(&test).await;
    let mut files = Vec::new();
    for step in [Invite, Sent, Accept] {
        play.step(step).await;
    }
    let page = format!("/invite.ics?token={}", play.tokens.last().expect("a token"));
    let page = test.anonymous().get(&page).await;
    assert_eq!(page.header("content-type"), "text/calendar; charset=utf-8; method=PUBLISH");
    for step in [MoveTo(120), SETTLED, Confirm, CancelMission, Minutes(2)] {
        play.step(step).await;
    }
    for mail in smtp.mails().iter().filter(|mail| mail.get("to")[0] == "nina@example.org") {
        assert_eq!(mail.get("defects"), &json!([]));
        files.push(mail.get("calendar").as_str().expect("a calendar").to_owned());
    }
    files.insert(1, page.text.clone());
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let read = calendars::read_all(&files);
    let shown: Vec<_> = read
        .iter()
        .map(|file| {
            let [event] = &file.events[..] else { panic!("{:?}", file.events) };
            assert_eq!(event.uid, play.assignment());
            let text = |value: &Option<String>| value.clone().expect("a value");
            (text(&file.method), text(&event.status), event.start.to_string())
        })
        .collect();
    let moved = at(MISSION).plus_seconds(2 * 3600).to_string();
    let wanted = [
        ("PUBLISH", "TENTATIVE", MISSION),
        ("PUBLISH", "CONFIRMED", MISSION),
        ("PUBLISH", "CONFIRMED", &*moved),
        ("CANCEL", "CANCELLED", &*moved),
    ];
    assert_eq!(
        shown,
        wanted.map(|(method, status, at)| (method.to_owned(), status.to_owned(), at.to_owned()))
    );
    let sequences: Vec<_> = read.iter().map(|file| file.events[0].sequence).collect();
    assert!(sequences.is_sorted() && sequences[0] < sequences[3], "{sequences:?}");
}
