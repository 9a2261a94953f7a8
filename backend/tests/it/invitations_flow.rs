//! From an invitation to an answer: by link, by page, and beside what a manager decides meanwhile.

use crate::support::{Kind, Outcome, Persona, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};

/// A call with an open link.
struct Asked {
    assignment: String,
    invitation: String,
    token: String,
}

async fn ask(manager: &Persona<'_>, user: &str, from: &str, to: &str) -> Asked {
    let mission = manager.mission("Montage", from, to).await;
    let assignment = manager.assignment(&mission, user).await;
    let (invitation, token) = manager.invitation(&assignment).await;
    Asked { assignment, invitation, token }
}

async fn ask_someone(manager: &Persona<'_>) -> Asked {
    let user = manager.user("Nina Simone").await;
    ask(manager, &user, "08:00", "12:00").await
}

impl Asked {
    async fn by_query(&self, who: &Persona<'_>, verb: &str) -> Outcome {
        who.post_empty(&format!("/invitations/{}/{verb}?token={}", self.invitation, self.token)).await
    }

    async fn by_body(&self, who: &Persona<'_>, verb: &str) -> Outcome {
        who.post(&format!("/invitations/{}/{verb}", self.invitation), json!({ "token": self.token })).await
    }

    fn answered(&self, status: &str, message: &str) -> Json {
        json!({
            "invitation_id": self.invitation, "assignment_id": self.assignment, "accepted": status == "ACCEPTED",
            "status": status, "message": message,
        })
    }
}

async fn set(manager: &Persona<'_>, asked: &Asked, status: &str) {
    manager
        .post(&format!("/assignments/{}:status", asked.assignment), json!({ "status": status }))
        .await
        .ok();
}

async fn page(who: &Persona<'_>, token: &str) -> Outcome {
    who.get(&format!("/invite?token={token}")).await
}

async fn click(who: &Persona<'_>, token: &str, answer: &str, reason: &str) -> Outcome {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("token", token), ("answer", answer), ("reason", reason)])
        .finish();
    let browser = who.clone().with_header("content-type", "application/x-www-form-urlencoded");
    browser.send(Method::POST, "/invite", Some(form)).await
}

const YES: &str = "Thank you, you are expected.";
const NO: &str = "Thank you for your answer.";

#[rstest]
#[tokio::test]
async fn an_answer_by_link_is_given_once_and_may_be_repeated(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    for (verb, opposite, status, message) in
        [("accept", "decline", "ACCEPTED", YES), ("decline", "accept", "DECLINED", NO)]
    {
        for by_query in [true, false] {
            let asked = ask_someone(&manager).await;
            let before = test.audit_count().await;
            let first = if by_query {
                asked.by_query(&anyone, verb).await
            } else {
                asked.by_body(&anyone, verb).await
            };
            assert_eq!(first.ok(), asked.answered(status, message));
            assert_eq!(manager.status_of(&asked.assignment).await, status);
            let after = test.audit_count().await;
            assert_eq!(after, before + 2, "the answer and what it did are on record");
            assert_eq!(asked.by_query(&anyone, verb).await.ok(), first.json());
            assert_eq!(asked.by_body(&anyone, verb).await.ok(), first.json());
            asked.by_body(&anyone, opposite).await.refused(409, "already_answered");
            assert_eq!(manager.status_of(&asked.assignment).await, status);
            assert_eq!(test.audit_count().await, after);
        }
    }
    assert!(test.audit("invitation.answer").await.iter().all(|entry| entry.actor_kind == "invitation"));
}

#[rstest]
#[tokio::test]
async fn a_reason_comes_with_a_no(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    let path = |verb: &str| format!("/invitations/{}/{verb}?token={}", asked.invitation, asked.token);
    assert_eq!(anyone.post(&path("accept"), json!({ "reason": "non" })).await.wrong_members(), ["/reason"]);
    anyone.post(&path("decline"), json!({ "reason": "déjà pris" })).await.ok();
    let declined = manager.get(&format!("/assignments/{}", asked.assignment)).await.ok();
    assert_eq!((&declined["status"], &declined["decline_reason"]), (&json!("DECLINED"), &json!("déjà pris")));
}

#[rstest]
#[tokio::test]
async fn dead_and_foreign_links_answer_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let user = manager.user("Nina Simone").await;
    let first = ask(&manager, &user, "08:00", "12:00").await;
    let second = ask(&manager, &user, "14:00", "16:00").await;
    let foreign = Asked {
        token: second.token.clone(),
        invitation: first.invitation.clone(),
        assignment: first.assignment.clone(),
    };
    foreign.by_body(&anyone, "accept").await.refused(400, "invalid_token");
    let elsewhere = format!("/assignments/{}/accept?token={}", first.assignment, second.token);
    anyone.post_empty(&elsewhere).await.refused(400, "invalid_token");
    let unknown = format!("/invitations/{}/accept?token={}", first.assignment, first.token);
    anyone.post_empty(&unknown).await.refused(404, "not_found");
    anyone.post_empty("/invitations/1/accept").await.refused(404, "not_found");
    anyone
        .post_empty(&format!("/invitations/{}/accept", first.invitation))
        .await
        .refused(400, "invalid_token");

    let (newer, token) = manager.invitation(&first.assignment).await;
    first.by_body(&anyone, "accept").await.refused(400, "invalid_token");
    let newer = Asked { assignment: first.assignment.clone(), invitation: newer, token };
    test.tech().await.delete(&format!("/invitations/{}", newer.invitation)).await.refused(403, "forbidden");
    test.other_owner()
        .await
        .delete(&format!("/invitations/{}", newer.invitation))
        .await
        .refused(404, "not_found");
    let before = test.audit_count().await;
    for _ in 0..2 {
        assert_eq!(
            manager.delete(&format!("/invitations/{}", newer.invitation)).await.ok(),
            json!({ "status": "ok" })
        );
    }
    assert_eq!(test.audit_count().await, before + 1);
    newer.by_query(&anyone, "accept").await.refused(400, "invalid_token");
    newer.by_query(&anyone, "decline").await.refused(400, "invalid_token");
    test.pass_seconds(604_800);
    second.by_body(&anyone, "accept").await.refused(400, "invalid_token");
    let manager = test.manager().await;
    for asked in [&first, &second] {
        assert_eq!(manager.status_of(&asked.assignment).await, "INVITED");
    }
}

#[rstest]
#[tokio::test]
async fn a_clash_or_a_full_role_leaves_the_link_open_for_a_no(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let user = manager.user("Nina Simone").await;
    let first = ask(&manager, &user, "08:00", "12:00").await;
    let second = ask(&manager, &user, "11:00", "13:00").await;
    first.by_body(&anyone, "accept").await.ok();
    let before = test.audit_count().await;
    let refused = second.by_body(&anyone, "accept").await.refused(400, "schedule_conflict");
    assert_eq!(refused["conflicts"][0]["assignment_id"], first.assignment);
    let clicked = click(&anyone, &second.token, "accept", "").await;
    assert_eq!(clicked.status, 303);
    let page = anyone.get(clicked.header("location")).await;
    assert!(
        page.text.contains("You are already taken at that time.") && page.text.contains("<form"),
        "{}",
        page.text
    );
    assert_eq!(test.audit_count().await, before);
    second.by_body(&anyone, "decline").await.ok();

    let body = json!({
        "title": "Poursuite", "start_at": "2026-07-11T08:00:00Z", "end_at": "2026-07-11T12:00:00Z", "roles": [{ "role_name": "son", "quota": 1 }],
    });
    let mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
    let mut asked = Vec::new();
    for name in ["Nina Simone", "Ella Fitzgerald"] {
        let assignment = manager.assignment(&mission, &manager.user(name).await).await;
        let (invitation, token) = manager.invitation(&assignment).await;
        asked.push(Asked { assignment, invitation, token });
    }
    asked[0].by_body(&anyone, "accept").await.ok();
    asked[1].by_body(&anyone, "accept").await.refused(409, "quota_reached");
    asked[1].by_body(&anyone, "decline").await.ok();
}

#[rstest]
#[tokio::test]
async fn what_a_manager_set_meanwhile_decides(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let cancelled = ask_someone(&manager).await;
    set(&manager, &cancelled, "CANCELLED").await;
    for verb in ["accept", "decline"] {
        cancelled.by_body(&anyone, verb).await.refused(400, "invalid_token");
    }
    assert_eq!(manager.status_of(&cancelled.assignment).await, "CANCELLED");
    let accepted = ask_someone(&manager).await;
    set(&manager, &accepted, "ACCEPTED").await;
    accepted.by_body(&anyone, "decline").await.ok();
    assert_eq!(manager.status_of(&accepted.assignment).await, "DECLINED");
    let declined = ask_someone(&manager).await;
    set(&manager, &declined, "DECLINED").await;
    declined.by_body(&anyone, "accept").await.refused(409, "already_answered");
    assert_eq!(manager.status_of(&declined.assignment).await, "DECLINED");
    let refused = manager.post("/invitations", json!({ "assignment_id": declined.assignment })).await;
    refused.refused(409, "not_invited");
    // An answer is confirmed again only as long as it is what counts.
    let kept = ask_someone(&manager).await;
    kept.by_body(&anyone, "accept").await.ok();
    kept.by_body(&anyone, "accept").await.ok();
    set(&manager, &kept, "DECLINED").await;
    kept.by_body(&anyone, "accept").await.refused(409, "already_answered");
    let called_off = ask_someone(&manager).await;
    called_off.by_body(&anyone, "accept").await.ok();
    set(&manager, &called_off, "CANCELLED").await;
    called_off.by_body(&anyone, "accept").await.refused(400, "invalid_token");
}

/// Whoever is asked again is asked by a new link; those from before stay dead.
#[rstest]
#[tokio::test]
async fn asking_again_takes_a_new_link(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech, anyone) = (test.manager().await, test.tech().await, test.anonymous());
    let user = test.tech_user.to_string();
    for (case, out) in ["CANCELLED", "DECLINED by the planner", "DECLINED by the person", "ACCEPTED first"]
        .iter()
        .enumerate()
    {
        let (from, to) = (format!("{:02}:00", 2 * case), format!("{:02}:00", 2 * case + 1));
        let old = ask(&manager, &user, &from, &to).await;
        match *out {
            "DECLINED by the person" => {
                drop(tech.post_empty(&format!("/assignments/{}/decline", old.assignment)).await.ok())
            }
            "ACCEPTED first" => {
                set(&manager, &old, "ACCEPTED").await;
                set(&manager, &old, "CANCELLED").await;
            }
            planned => set(&manager, &old, planned.split(' ').next().unwrap()).await,
        }
        set(&manager, &old, "INVITED").await;
        for verb in ["accept", "decline"] {
            old.by_body(&anyone, verb).await.refused(400, "invalid_token");
            let by_assignment = format!("/assignments/{}/{verb}?token={}", old.assignment, old.token);
            anyone.post_empty(&by_assignment).await.refused(400, "invalid_token");
            assert_eq!(click(&anyone, &old.token, verb, "").await.status, 303, "{out}");
        }
        let shown = page(&anyone, &old.token).await;
        assert!(shown.text.contains("taken back") && !shown.text.contains("<form"), "{}", shown.text);
        let seen = anyone.get(&format!("/invitations/verify?token={}", old.token)).await.ok();
        assert_eq!(
            (&seen["status"], &seen["invitation_status"]),
            (&json!("INVITED"), &json!("revoked")),
            "{out}"
        );
        assert_eq!(manager.status_of(&old.assignment).await, "INVITED", "{out}");
        // Nothing of a link that is dead comes back when the next one goes.
        let (invitation, token) = manager.invitation(&old.assignment).await;
        let new = Asked { assignment: old.assignment.clone(), invitation, token };
        manager.delete(&format!("/invitations/{}", new.invitation)).await.ok();
        old.by_body(&anyone, "accept").await.refused(400, "invalid_token");
        new.by_body(&anyone, "accept").await.refused(400, "invalid_token");
        let (invitation, token) = manager.invitation(&old.assignment).await;
        let newest = Asked { assignment: old.assignment.clone(), invitation, token };
        newest.by_body(&anyone, "accept").await.ok();
        assert_eq!(manager.status_of(&old.assignment).await, "ACCEPTED", "{out}");
    }
    let revoked = test.audit("invitation.revoke").await;
    assert_eq!(revoked.len(), 8, "each dead link is on record once: {revoked:#?}");
}

/// A link that was answered says so, whatever becomes of the assignment, and answers nothing more.
#[rstest]
#[tokio::test]
async fn an_answered_link_does_not_answer_the_next_question(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let old = ask_someone(&manager).await;
    old.by_body(&anyone, "decline").await.ok();
    set(&manager, &old, "INVITED").await;
    for verb in ["accept", "decline"] {
        old.by_body(&anyone, verb).await.refused(409, "already_answered");
    }
    assert_eq!(manager.status_of(&old.assignment).await, "INVITED");
    let listed = manager.get(&format!("/invitations?assignment_id={}", old.assignment)).await.ok();
    assert_eq!((&listed[0]["status"], &listed[0]["revoked_at"]), (&json!("answered"), &Json::Null));
}

/// Cancelling a mission kills its links for good; cancelling one person's call only until a new one is made.
#[rstest]
#[tokio::test]
async fn the_links_of_a_cancelled_mission_stay_dead(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    let mission = manager.get(&format!("/assignments/{}", asked.assignment)).await.ok()["mission_id"].clone();
    manager.post_empty(&format!("/missions/{}:cancel", mission.as_str().unwrap())).await.ok();
    let path = format!("/assignments/{}:status", asked.assignment);
    manager.post(&path, json!({ "status": "INVITED" })).await.refused(409, "mission_cancelled");
    for verb in ["accept", "decline"] {
        asked.by_body(&anyone, verb).await.refused(400, "invalid_token");
    }
    let shown = page(&anyone, &asked.token).await;
    assert!(shown.text.contains("called off") && !shown.text.contains("<form"), "{}", shown.text);
    manager
        .post("/invitations", json!({ "assignment_id": asked.assignment }))
        .await
        .refused(409, "mission_cancelled");
}

/// Somebody deactivated keeps their calls: they stay INVITED all the while, and so does their link; only a yes has to wait.
#[rstest]
#[tokio::test]
async fn the_link_of_someone_deactivated_waits_for_them(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let user = manager.user("Nina Simone").await;
    let first = ask(&manager, &user, "08:00", "12:00").await;
    let second = ask(&manager, &user, "14:00", "16:00").await;
    let path = format!("/users/{user}");
    manager.patch(&path, json!({ "active": false })).await.ok();
    first.by_body(&anyone, "accept").await.refused(409, "user_inactive");
    second.by_body(&anyone, "decline").await.ok();
    manager.patch(&path, json!({ "active": true })).await.ok();
    first.by_body(&anyone, "accept").await.ok();
    // An assignment that is made anew is another one: the link of the one before is nobody's.
    let third = ask(&manager, &user, "18:00", "19:00").await;
    let mission = manager.get(&format!("/assignments/{}", third.assignment)).await.ok()["mission_id"].clone();
    manager.delete(&format!("/assignments/{}", third.assignment)).await.ok();
    let anew = manager.assignment(mission.as_str().unwrap(), &user).await;
    third.by_body(&anyone, "accept").await.refused(400, "invalid_token");
    let by_assignment = format!("/assignments/{anew}/accept?token={}", third.token);
    anyone.post_empty(&by_assignment).await.refused(400, "invalid_token");
}

#[rstest]
#[tokio::test]
async fn an_assignment_is_answered_by_its_token_or_its_person(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone, tech) = (test.manager().await, test.anonymous(), test.tech().await);
    let asked = ask(&manager, &test.tech_user.to_string(), "08:00", "12:00").await;
    let path = |verb: &str| format!("/assignments/{}/{verb}", asked.assignment);
    anyone.post_empty(&path("accept")).await.refused(401, "unauthenticated");
    assert_eq!(anyone.post_empty(&path("accept")).await.header("www-authenticate"), "Bearer");
    manager.post_empty(&path("accept")).await.refused(403, "not_your_call");
    let by_token = format!("{}?token={}", path("accept"), asked.token);
    assert_eq!(anyone.post_empty(&by_token).await.ok(), json!({ "status": "ACCEPTED" }));
    anyone.post(&path("decline"), json!({ "token": asked.token })).await.refused(409, "already_answered");
    assert_eq!(tech.post_empty(&path("decline")).await.ok(), json!({ "status": "DECLINED" }));
    anyone.post_empty(&by_token).await.refused(409, "already_answered");
    assert_eq!(test.audit("assignment.status").await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn the_page_shows_the_call_by_its_own_wall_clock(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let project = manager.project("Éclats & Cie").await;
    let body = json!({
        "project_id": project, "title": "Montage lumière", "location": "<script>alert(2)</script>",
        "start_at": "2026-07-10T22:00:00Z", "end_at": "2026-07-11T00:30:00Z",
    });
    let mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
    let assignment = manager.assignment(&mission, &manager.user("Nina Simone").await).await;
    let (_, token) = manager.invitation(&assignment).await;
    let english = page(&anyone, &token).await;
    assert_eq!(english.status, 200);
    assert_eq!(english.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        (english.header("cache-control"), english.header("referrer-policy")),
        ("no-store", "no-referrer")
    );
    for shown in [
        "<html lang=\"en\">",
        "<p class=\"org\">Théâtre du Rideau</p>",
        "for Nina Simone",
        "Montage lumière",
        "Éclats",
        "Saturday 11\u{a0}July 2026",
        "00:00\u{a0}– 02:30",
        "Can you come?",
        "</svg>Accept<span class=\"unseen\"> this call</span></button>",
        "</svg>Decline<span class=\"unseen\"> this call</span></button>",
        "alert(2)",
    ] {
        assert!(english.text.contains(shown), "{shown} is not in {}", english.text);
    }
    assert!(!english.text.contains("<script") && !english.text.contains("& Cie"), "{}", english.text);
    let french = page(&anyone.clone().with_header("accept-language", "fr-FR,en;q=0.5"), &token).await;
    for shown in [
        "<html lang=\"fr\">",
        "Êtes-vous disponible\u{a0}?",
        "</svg>Accepter<span class=\"unseen\"> cette mission</span></button>",
        "</svg>Refuser<span class=\"unseen\"> cette mission</span></button>",
    ] {
        assert!(french.text.contains(shown), "{shown} is not in {}", french.text);
    }
    manager.delete(&format!("/invitations/{}", claims_id(&token))).await.ok();
    let revoked = page(&anyone, &token).await;
    assert!(revoked.text.contains("taken back") && !revoked.text.contains("<form"), "{}", revoked.text);
    let bad = page(&anyone, "x").await;
    assert_eq!(bad.status, 400);
    assert!(bad.text.contains("This link is not valid.") && !bad.text.contains("<form"), "{}", bad.text);
}

/// The invitation that a token is of.
fn claims_id(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("three parts")).expect("base64");
    let claims: Json = serde_json::from_slice(&payload).expect("JSON");
    claims["inv"].as_str().expect("an id").to_owned()
}
