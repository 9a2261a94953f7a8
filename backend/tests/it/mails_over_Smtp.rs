//! From a cause to a mail that has arrived.

use crate::support::{Kind, PASSWORD, Persona, Received, Smtp, Test, together};
use coulisses::outbox::{SendMail, claim};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// A test whose mail goes to a server of its own.
async fn start(db: Kind, smtp: &Smtp) -> Test {
    start_with(db, smtp, &[]).await
}

async fn start_with(db: Kind, smtp: &Smtp, more: &[(&str, &str)]) -> Test {
    let url = smtp.url();
    let settings = [
        ("SMTP_URL", &*url),
        ("MAIL_FROM", "crew@coulisses.example"),
        ("PUBLIC_URL", "https://crew.example.org/plan"),
    ];
    Test::start_with(db, &[&settings[..], more].concat()).await
}

/// Lets the time pass that mails gather, and sends what is due.
async fn send(test: &Test) -> u64 {
    test.pass_seconds(30);
    test.app.worker.work_off().await.expect("what is due")
}

fn id(of: &Json) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

async fn user(manager: &Persona<'_>, name: &str, email: &str) -> String {
    id(&manager.post("/users", json!({ "name": name, "email": email })).await.ok())
}

async fn mission(manager: &Persona<'_>, title: &str, day: u32) -> String {
    let body = json!({
        "title": title, "location": "Bobino", "roles": [{ "role_name": "son" }], "note": "Badge à l'accueil",
        "start_at": format!("2026-07-{day:02}T12:00:00Z"), "end_at": format!("2026-07-{day:02}T16:00:00Z"),
    });
    id(&manager.post("/missions", body).await.ok())
}

/// An invitation to a mission on a day of July: its id and its link.
async fn invite(manager: &Persona<'_>, user: &str, title: &str, day: u32) -> (String, String) {
    let mission = mission(manager, title, day).await;
    let assignment = manager.assignment(&mission, user).await;
    let created = manager.post("/invitations", json!({ "assignment_id": assignment })).await.ok();
    assert_eq!(created["delivery"], "queued");
    (id(&created), created["url"].as_str().expect("a link").to_owned())
}

async fn delivery(manager: &Persona<'_>, invitation: &str) -> Json {
    manager.get(&format!("/invitations/{invitation}")).await.ok()["delivery"].clone()
}

fn to(mail: &Received) -> String {
    mail.get("to")[0].as_str().expect("an address").to_owned()
}

#[rstest]
#[tokio::test]
async fn what_is_asked_within_half_a_minute_is_one_mail(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let (nina, ella) = (
        user(&manager, "Nina Simone", "nina@example.org").await,
        user(&manager, "Ella Fitzgerald", "ella@example.org").await,
    );
    let (first, link) = invite(&manager, &nina, "Montage", 11).await;
    test.pass_seconds(29);
    let (second, other_link) = invite(&manager, &nina, "Concert", 10).await;
    let (third, _) = invite(&manager, &ella, "Concert", 12).await;
    assert_eq!(test.app.worker.work_off().await.expect("nothing"), 0, "it still gathers");
    test.pass_seconds(1);
    test.app.worker.work_off().await.expect("the first mail");
    let [mail] = &smtp.mails()[..] else { panic!("{:?}", smtp.mails()) };
    assert_eq!(to(mail), "nina@example.org");
    for text in [mail.text(), mail.html()] {
        assert!(text.contains(&link) && text.contains(&other_link), "both links: {text}");
        for said in ["Montage", "Concert", "son", "Bobino", "Badge", "11 juillet 2026", "14 h – 18 h"] {
            assert!(text.replace(['\u{a0}', '\u{202f}'], " ").contains(said), "{said} in {text}");
        }
        assert!(text.find("Concert") < text.find("Montage"), "by their start");
    }
    assert_eq!(delivery(&manager, &first).await, "sent");
    assert_eq!(delivery(&manager, &second).await, "sent");
    assert_eq!(delivery(&manager, &third).await, "queued");
    send(&test).await;
    assert_eq!(smtp.mails().len(), 2, "what went along is not sent again");
    assert_eq!(delivery(&manager, &third).await, "sent");
    // What comes later is another mail.
    invite(&manager, &nina, "Démontage", 13).await;
    send(&test).await;
    let mails = smtp.mails();
    assert_eq!((mails.len(), to(&mails[2])), (3, "nina@example.org".into()));
    assert!(!mails[2].text().contains("Montage\n"));
}

#[rstest]
#[tokio::test]
async fn what_is_no_longer_true_is_not_sent(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    let (revoked, _) = invite(&manager, &nina, "Repris", 11).await;
    let (answered, link) = invite(&manager, &nina, "Répondu", 12).await;
    let (open, _) = invite(&manager, &nina, "Ouvert", 13).await;
    manager.delete(&format!("/invitations/{revoked}")).await.ok();
    let token = link.rsplit('=').next().expect("a token");
    anyone.post(&format!("/invitations/{answered}/accept"), json!({ "token": token })).await.ok();
    send(&test).await;
    let [mail] = &smtp.mails()[..] else { panic!("{:?}", smtp.mails()) };
    assert!(mail.text().contains("Ouvert"));
    assert!(!mail.text().contains("Repris") && !mail.text().contains("Répondu"), "{}", mail.text());
    assert_eq!(delivery(&manager, &revoked).await, "none");
    assert_eq!(delivery(&manager, &open).await, "sent");
    // Nothing is left: no mail.
    let (undone, _) = invite(&manager, &nina, "Annulé", 14).await;
    manager.delete(&format!("/invitations/{undone}")).await.ok();
    send(&test).await;
    assert_eq!(smtp.mails().len(), 1);
    let states: Vec<_> = manager
        .get("/mails")
        .await
        .ok()
        .as_array()
        .expect("mails")
        .iter()
        .map(|mail| mail["state"].clone())
        .collect();
    assert_eq!(states, ["dropped", "sent"]);
}

#[rstest]
#[tokio::test]
async fn nothing_is_sent_for_what_was_rolled_back(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    let assignment = manager.assignment(&mission(&manager, "Montage", 11).await, &nina).await;
    let items = json!([{ "assignment_id": assignment }, { "assignment_id": nina }]);
    manager.post("/invitations:bulk_create", items).await.refused(404, "unknown_reference");
    send(&test).await;
    assert_eq!((smtp.mails().len(), test.count("SELECT count(*) AS n FROM mails").await), (0, 0));
}

#[rstest]
#[tokio::test]
async fn five_hundred_invitations_to_forty_people_are_forty_mails(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let mut users = Vec::new();
    for number in 0..40 {
        users.push(user(&manager, &format!("Personne {number}"), &format!("p{number}@example.org")).await);
    }
    let mut asked = Vec::new();
    for round in 0..13 {
        let mission = mission(&manager, &format!("Mission {round}"), round + 2).await;
        let people = users
            .iter()
            .take(500 - asked.len())
            .map(|user| json!({ "mission_id": mission, "user_id": user }));
        let made = manager.post("/assignments:bulk_create", people.collect()).await.ok();
        asked.extend(made["ids"].as_array().expect("ids").iter().map(|id| json!({ "assignment_id": id })));
    }
    assert_eq!(asked.len(), 500);
    manager.post("/invitations:bulk_create", json!(asked)).await.ok();
    send(&test).await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), 40);
    let links: usize = mails.iter().map(|mail| mail.text().matches("/invite?token=").count()).sum();
    assert_eq!(links, 500);
    assert_eq!(test.count("SELECT count(*) AS n FROM invitations WHERE delivery = 'sent'").await, 500);
}

#[rstest]
#[tokio::test]
async fn a_refused_address_fails_alone_and_a_server_that_is_away_is_tried_again(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let (nina, ella) = (
        user(&manager, "Nina Simone", "nina@example.org").await,
        user(&manager, "Ella Fitzgerald", "ella@example.org").await,
    );
    let (dead, _) = invite(&manager, &nina, "Montage", 11).await;
    let (slow, _) = invite(&manager, &ella, "Montage", 12).await;
    smtp.rules(&["rcpt@nina@example.org 550 5.1.1 unknown", "rcpt@ella@example.org 451 4.7.1 later"]);
    send(&test).await;
    let invitation = manager.get(&format!("/invitations/{dead}")).await.ok();
    assert_eq!(invitation["delivery"], "failed");
    assert!(invitation["delivery_error"].as_str().expect("a reason").contains("550"), "{invitation}");
    assert_eq!(delivery(&manager, &slow).await, "queued");
    smtp.rules(&[]);
    assert_eq!(test.app.worker.work_off().await.expect("nothing"), 0, "not at once");
    test.pass_seconds(10);
    test.app.worker.work_off().await.expect("the second try");
    assert_eq!(smtp.mails().iter().map(to).collect::<Vec<_>>(), ["ella@example.org"]);
    assert_eq!(delivery(&manager, &slow).await, "sent");
}

#[rstest]
#[tokio::test]
async fn a_mail_whose_receipt_is_lost_is_repeated_with_its_message_id(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    invite(&manager, &nina, "Montage", 11).await;
    smtp.rules(&["data drop"]);
    send(&test).await;
    smtp.rules(&[]);
    test.pass_seconds(10);
    test.app.worker.work_off().await.expect("the second try");
    let ids: Vec<_> = smtp.mails().iter().map(|mail| mail.header("Message-ID").map(str::to_owned)).collect();
    assert_eq!(ids.len(), 2, "it arrived, and arrived again");
    assert_eq!(ids[0], ids[1]);
}

#[rstest]
#[tokio::test]
async fn a_mail_is_given_up_after_a_day(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    let (invitation, _) = invite(&manager, &nina, "Montage", 11).await;
    smtp.rules(&["rcpt 451 4.7.1 later"]);
    send(&test).await;
    test.pass_seconds(23 * 3600);
    test.app.worker.work_off().await.expect("another try");
    let manager = test.manager().await;
    assert_eq!(delivery(&manager, &invitation).await, "queued");
    test.pass_seconds(2 * 3600);
    test.app.worker.work_off().await.expect("the last try");
    let manager = test.manager().await;
    assert_eq!(delivery(&manager, &invitation).await, "failed");
}

#[rstest]
#[tokio::test]
async fn what_was_sent_to_whom_is_listed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    let (invitation, link) = invite(&manager, &nina, "Montage", 11).await;
    let listed = manager.get("/mails?state=queued").await.ok();
    assert_eq!((&listed[0]["kind"], &listed[0]["user_id"]), (&json!("calls"), &json!(nina)));
    send(&test).await;
    let listed = manager.get("/mails?kind=calls&state=sent").await;
    let mail = listed.ok()[0].clone();
    assert_eq!((&mail["address"], &mail["error"]), (&json!("nina@example.org"), &Json::Null));
    let details = manager.get(&format!("/mails/{}", mail["id"].as_str().expect("an id"))).await;
    assert_eq!(details.ok()["calls"][0]["invitation_id"], invitation.as_str());
    assert_eq!(details.ok()["calls"][0]["mission_title"], "Montage");
    let token = link.rsplit('=').next().expect("a token");
    assert!(!details.text.contains(token) && !listed.text.contains(token), "no link is shown");
    assert_eq!(manager.get("/mails?state=failed").await.ok(), json!([]));
    test.other_owner()
        .await
        .get(&format!("/mails/{}", mail["id"].as_str().expect("an id")))
        .await
        .refused(404, "not_found");
    test.tech().await.get("/mails").await.refused(403, "forbidden");
}

#[rstest]
#[tokio::test]
async fn a_members_link_is_mailed_and_sent_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let (owner, anyone) = (test.owner().await, test.anonymous());
    let body = json!({ "email": "neuve@example.org", "role": "manager" });
    let added = owner.post("/orgs/members", body).await.ok();
    assert_eq!((added.get("password_url"), &added["delivery"]), (None, &json!("queued")), "{added}");
    let account = added["account_id"].as_str().expect("an id").to_owned();
    send(&test).await;
    let link = |mail: &Received| {
        let at = mail.text().find("https://crew.example.org/plan/password?token=").expect("a link");
        mail.text()[at..]
            .split_whitespace()
            .next()
            .expect("a link")
            .rsplit('=')
            .next()
            .expect("a token")
            .to_owned()
    };
    let first = link(&smtp.mails()[0]);
    let member = async || owner.get(&format!("/orgs/members/{account}")).await.ok();
    assert_eq!(member().await["delivery"], "sent");
    let resend = format!("/orgs/members/{account}:resend");
    owner.post_empty(&resend).await.ok();
    send(&test).await;
    let second = link(&smtp.mails()[1]);
    let confirm = |token: &str| json!({ "token": token, "new_password": "une-longue-phrase-secrète" });
    anyone.post("/auth/reset/confirm", confirm(&first)).await.refused(400, "invalid_token");
    anyone.post("/auth/reset/confirm", confirm(&second)).await.ok();
    assert_eq!(member().await["pending"], false);
    owner.post_empty(&resend).await.refused(409, "nothing_to_send");
    send(&test).await;
    assert_eq!(smtp.mails().len(), 2, "a first password is not told as changed");
}

#[rstest]
#[tokio::test]
async fn passwords_are_reset_by_mail_and_changes_are_told(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let anyone = test.anonymous();
    let asked = anyone.post("/auth/reset/request", json!({ "email": "manager@rideau.example" })).await.ok();
    assert_eq!(asked, json!({ "status": "ok" }), "no token where others can come");
    anyone.post("/auth/reset/request", json!({ "email": "nobody@rideau.example" })).await.ok();
    smtp.rules(&["data drop"]);
    test.settle().await;
    smtp.rules(&[]);
    test.pass_seconds(10);
    test.app.worker.work_off().await.expect("a second try");
    let mails = smtp.mails();
    let tokens: Vec<_> = mails
        .iter()
        .map(|mail| {
            let at = mail.text().find("token=").expect("a link") + 6;
            mail.text()[at..].split_whitespace().next().expect("a token").to_owned()
        })
        .collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1], "whichever copy is kept, its link works");
    let confirm = json!({ "token": tokens[0], "new_password": "une-longue-phrase-secrète" });
    anyone.post("/auth/reset/confirm", confirm).await.ok();
    test.app.worker.work_off().await.expect("it is told");
    let mails = smtp.mails();
    assert_eq!((mails.len(), to(&mails[2])), (3, "manager@rideau.example".into()));
    assert!(!mails[2].text().contains("token="));
}

#[rstest]
#[tokio::test]
async fn people_are_written_to_in_their_language(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let (owner, manager) = (test.owner().await, test.manager().await);
    let settings = json!({ "locale": "en", "reply_to": "planning@rideau.example", "contact": { "name": "Karim", "phone": "01 99 00 12 34" } });
    owner.patch("/orgs/current", settings).await.ok();
    let (nina, ella) = (
        user(&manager, "Nina Simone", "nina@example.org").await,
        user(&manager, "Ella Fitzgerald", "ella@example.org").await,
    );
    manager.patch(&format!("/users/{nina}"), json!({ "locale": "fr" })).await.ok();
    invite(&manager, &nina, "Montage", 11).await;
    invite(&manager, &ella, "Montage", 12).await;
    send(&test).await;
    let mails = smtp.mails();
    let of = |address: &str| mails.iter().find(|mail| to(mail) == address).expect("a mail");
    assert!(of("nina@example.org").text().contains("samedi 11 juillet 2026"));
    assert!(of("ella@example.org").text().contains("Sunday 12 July 2026"));
    for mail in &mails {
        assert_eq!(mail.header("Reply-To"), Some("planning@rideau.example"));
        assert!(mail.text().contains("Karim") && mail.text().contains("01 99 00 12 34"));
    }
}

/// What the clock says while the mail server is away is not what it said when the password was changed.
#[rstest]
#[tokio::test]
async fn a_changed_password_is_told_with_the_time_of_the_change(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let change = json!({ "current_password": PASSWORD, "new_password": "une-longue-phrase-secrète" });
    manager.post("/auth/password", change).await.ok();
    smtp.rules(&["rcpt 451 4.7.1 later"]);
    test.app.worker.work_off().await.expect("a first try");
    smtp.rules(&[]);
    test.pass_seconds(2 * 3600);
    test.app.worker.work_off().await.expect("another try");
    let mails = smtp.mails();
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    let text = mail.text().replace(['\u{a0}', '\u{202f}'], " ");
    assert!(text.contains("10 h") && !text.contains("12 h"), "8 h UTC in Paris: {text}");
}

#[rstest]
#[tokio::test]
async fn two_instances_send_each_mail_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let other = test.instance_at(test.clock.clone()).await;
    let mission = mission(&manager, "Montage", 11).await;
    let mut asked = Vec::new();
    for number in 0..20 {
        let user = user(&manager, &format!("Personne {number}"), &format!("p{number}@example.org")).await;
        asked.push(json!({ "assignment_id": manager.assignment(&mission, &user).await }));
    }
    manager.post("/invitations:bulk_create", json!(asked)).await.ok();
    test.pass_seconds(30);
    let done = together([&test.app, &other].map(|app| app.worker.work_off())).await;
    let done: Vec<_> = done.into_iter().map(|done| done.expect("what is due")).collect();
    assert_eq!(done.iter().sum::<u64>(), 20, "each job once: {done:?}");
    let mails = smtp.mails();
    let mut ids: Vec<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((mails.len(), ids.len()), (20, 20));
    assert_eq!(test.count("SELECT count(*) AS n FROM invitations WHERE delivery = 'sent'").await, 20);
}

/// Two mails to one person are due, and each instance begins with another one.
#[rstest]
#[tokio::test]
async fn of_two_mails_that_are_claimed_at_once_one_gathers_the_other(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let other = test.instance_at(test.clock.clone()).await;
    for number in 0..10 {
        let user = user(&manager, &format!("Personne {number}"), &format!("p{number}@example.org")).await;
        let mut asked = Vec::new();
        for day in [11, 12] {
            asked.push(invite(&manager, &user, "Montage", day).await.0);
        }
        let listed = manager.get(&format!("/mails?user_id={user}")).await.ok();
        let mails: Vec<_> = listed.as_array().expect("mails").iter().map(id).collect();
        let [first, second] = &mails[..] else { panic!("{listed}") };
        let job = |mail: &str| SendMail { org: test.org, mail: mail.parse().expect("an id") };
        let claims =
            together([claim(&test.app.db, job(first)), claim(&other.db, job(second))].map(Box::pin)).await;
        let claimed: Vec<_> = claims.into_iter().filter_map(|claim| claim.expect("it is claimed")).collect();
        let [one] = &claimed[..] else { panic!("one of them: {claimed:?}") };
        assert_eq!(one.carried.invitations.len(), 2);
        // Whoever comes again finds what was frozen.
        let again = claim(&other.db, job(&one.mail.id.to_string())).await.expect("it is claimed");
        assert_eq!(again.expect("it is still to be sent").carried, one.carried);
    }
    send(&test).await;
    assert_eq!(smtp.mails().len(), 10);
    assert!(smtp.mails().iter().all(|mail| mail.text().matches("/invite?token=").count() == 2));
}

/// What is queued while a mail goes out is another mail, and the invitation is queued until that is sent, too.
#[rstest]
#[tokio::test]
async fn a_reminder_during_the_first_mail_is_another_one(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    let (invitation, link) = invite(&manager, &nina, "Montage", 11).await;
    smtp.rules(&["data hold"]);
    let remind = async {
        smtp.until_it_hangs().await;
        let reminded = manager.post_empty(&format!("/invitations/{invitation}:remind")).await.ok();
        assert_eq!(reminded["delivery"], "queued");
        smtp.rules(&[]);
    };
    let (sent, ()) = tokio::join!(send(&test), remind);
    assert_eq!((sent, smtp.mails().len()), (1, 1), "the reminder gathers");
    assert_eq!(delivery(&manager, &invitation).await, "queued", "the reminder is still to be sent");
    send(&test).await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), 2);
    assert_ne!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    assert!(mails.iter().all(|mail| mail.text().contains(&link)));
    assert_eq!(delivery(&manager, &invitation).await, "sent");
}

#[rstest]
#[tokio::test]
async fn a_reminder_that_is_overtaken_by_the_answer_leaves_the_mail_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    let (invitation, link) = invite(&manager, &nina, "Montage", 11).await;
    send(&test).await;
    manager.post_empty(&format!("/invitations/{invitation}:remind")).await.ok();
    assert_eq!(delivery(&manager, &invitation).await, "queued");
    let token = link.rsplit('=').next().expect("a token");
    anyone.post(&format!("/invitations/{invitation}/accept"), json!({ "token": token })).await.ok();
    send(&test).await;
    assert_eq!(smtp.mails().len(), 1, "no reminder after an answer");
    assert_eq!(delivery(&manager, &invitation).await, "sent");
}

#[rstest]
#[tokio::test]
async fn a_members_first_mail_that_comes_too_late_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let owner = test.owner().await;
    let added =
        owner.post("/orgs/members", json!({ "email": "neuve@example.org", "role": "tech" })).await.ok();
    let path = format!("/orgs/members/{}", added["account_id"].as_str().expect("an id"));
    smtp.rules(&["rcpt 451 4.7.1 later"]);
    send(&test).await;
    // Its next try comes after the second mail, whose link ends that of the first.
    test.execute("UPDATE jobs SET due_at = due_at + 1200000000").await;
    owner.post_empty(&format!("{path}:resend")).await.ok();
    smtp.rules(&[]);
    send(&test).await;
    assert_eq!(smtp.mails().len(), 1);
    test.pass_seconds(1300);
    test.app.worker.work_off().await.expect("the first one's next try");
    assert_eq!(smtp.mails().len(), 1);
    assert_eq!(owner.get(&path).await.ok()["delivery"], "sent");
}

#[rstest]
#[tokio::test]
async fn who_cannot_be_planned_is_not_asked(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let nina = user(&manager, "Nina Simone", "nina@example.org").await;
    invite(&manager, &nina, "Montage", 11).await;
    manager.patch(&format!("/users/{nina}"), json!({ "active": false })).await.ok();
    send(&test).await;
    assert_eq!(smtp.mails().len(), 0);
}

#[rstest]
#[tokio::test]
async fn a_reset_link_lives_half_an_hour_however_late_its_mail_is(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let anyone = test.anonymous();
    anyone.post("/auth/reset/request", json!({ "email": "manager@rideau.example" })).await.ok();
    // A first try, which arrives.
    smtp.rules(&["data drop"]);
    test.settle().await;
    smtp.rules(&[]);
    test.pass_seconds(31 * 60);
    test.app.worker.work_off().await.expect("a late try");
    let token = |mail: &Received| {
        let at = mail.text().find("token=").expect("a link") + 6;
        mail.text()[at..].split_whitespace().next().expect("a token").to_owned()
    };
    let mails = smtp.mails();
    let (first, second) = (token(&mails[0]), token(&mails[1]));
    let confirm = |token: &str| json!({ "token": token, "new_password": "une-longue-phrase-secrète" });
    anyone.post("/auth/reset/confirm", confirm(&first)).await.refused(400, "invalid_token");
    anyone.post("/auth/reset/confirm", confirm(&second)).await.ok();
    test.app.worker.work_off().await.expect("it is told");
}
