//! What happens to a call, and the mails that its person and a planner get of it.

use crate::support::{Kind, NOW, Smtp, Test, at};
use coulisses::resources::{invitations, mails};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// What happens, in order.
#[derive(Debug, Clone, Copy)]
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

const HISTORIES: [History; 29] = [
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
];

/// One person, one mission.
struct Play<'t> {
    test: &'t Test,
    mission: String,
    project: String,
    user: String,
    assignment: Option<String>,
    invitation: Option<String>,
    token: Option<String>,
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
        Self { test, mission, project, user, assignment: None, invitation: None, token: None }
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
                self.token = created["token"].as_str().map(Into::into);
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
                match &self.token {
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
            CancelAssignment | AskAgain => {
                let status = if matches!(step, AskAgain) { "INVITED" } else { "CANCELLED" };
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
        println!("{name}: person {got:?}, planner {told:?}");
        if got != *person || told != *planner {
            wrong.push(format!("{name}: person {got:?}, not {person:?}; planner {told:?}, not {planner:?}"));
        }
    }
    assert!(wrong.is_empty(), "{NOW}\n{}", wrong.join("\n"));
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
