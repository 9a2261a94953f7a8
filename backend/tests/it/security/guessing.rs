//! Guessing passwords: slower with every try, on every instance, and never at the cost of whoever owns the account.

use super::{Session, TECH, browser, reset_token};
use crate::support::{Kind, Outcome, PASSWORD, Persona, Test, together};
use axum::{Extension, Router, extract::ConnectInfo};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use unicode_normalization::UnicodeNormalization;

/// security.md: per account at most 30 s.
pub(super) const LONGEST_WAIT: i64 = 30;

pub(super) async fn try_in(who: &Persona<'_>, email: &str, password: &str) -> Outcome {
    who.post("/auth/login", json!({ "email": email, "password": password })).await
}

pub(super) async fn guess(who: &Persona<'_>, email: &str) -> Outcome {
    try_in(who, email, WRONG).await
}

/// How long the answer says to wait, in seconds; none when the try counted.
pub(super) fn wait(outcome: &Outcome) -> Option<i64> {
    if outcome.status == 401 {
        outcome.refused(401, "invalid_credentials");
        return None;
    }
    outcome.refused(429, "too_many_tries");
    Some(outcome.header("retry-after").parse().expect("seconds"))
}

/// Tries until one is refused for coming too soon; how many counted.
pub(super) async fn exhaust(who: &Persona<'_>, email: &str) -> usize {
    let mut counted = 0;
    while wait(&guess(who, email).await).is_none() {
        counted += 1;
        assert!(counted < 100, "guessing is never slowed");
    }
    counted
}

/// Guesses so long that every further try waits for the longest time.
pub(super) async fn attack(test: &Test, who: &Persona<'_>, email: &str) {
    for _ in 0..100 {
        if let Some(seconds) = wait(&guess(who, email).await) {
            if seconds == LONGEST_WAIT {
                return;
            }
            test.pass_seconds(seconds);
        }
    }
    panic!("the wait never grew to {LONGEST_WAIT} s");
}

#[rstest]
#[tokio::test]
async fn the_wait_for_the_next_guess_grows_to_thirty_seconds(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let stranger = test.anonymous();
    // Known or not: the same waits.
    for email in [TECH, "nobody@rideau.example", "not an e-mail"] {
        let mut waits = Vec::new();
        for _ in 0..60 {
            match wait(&guess(&stranger, email).await) {
                None => continue,
                Some(seconds) => {
                    waits.push(seconds);
                    test.pass_seconds(seconds - 1);
                    assert!(
                        wait(&guess(&stranger, email).await).is_some(),
                        "{email}: a second before it is over"
                    );
                    test.pass_seconds(1);
                }
            }
        }
        assert!(waits.is_sorted(), "{email}: {waits:?}");
        assert_eq!((waits[0], waits.last()), (1, Some(&LONGEST_WAIT)), "{email}: {waits:?}");
    }
}

/// An e-mail as it is stored, and as someone might write it who wants more guesses than one account has.
pub(super) fn spellings(email: &str) -> Vec<String> {
    let wide: String = email.chars().map(|c| if c == 't' { '\u{ff54}' } else { c }).collect();
    let mut spellings = vec![email.to_owned(), email.to_uppercase(), email.nfd().collect(), wide];
    for blank in [" ", "\t", "\r\n", "\u{a0}", "\u{2003}", "\u{2028}", "\u{3000}"] {
        spellings.extend([
            format!("{blank}{email}"),
            format!("{email}{blank}"),
            format!("{blank}{email}{blank}{blank}"),
        ]);
    }
    for hidden in
        ["\u{200b}", "\u{feff}", "\u{2060}", "\u{ad}", "\u{202e}", "\u{200d}", "\u{fe0f}", "\u{e0001}"]
    {
        let (local, domain) = email.split_at(1);
        spellings.extend([
            format!("{hidden}{email}"),
            format!("{local}{hidden}{domain}"),
            format!("{email} {hidden}"),
        ]);
    }
    spellings
}

#[rstest]
#[tokio::test]
async fn an_e_mail_is_one_account_however_it_is_written(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let stranger = test.anonymous();
    // Known, unknown, with an accent, and no e-mail at all.
    for email in [TECH, "nobody@rideau.example", "th\u{e9}o@rideau.example", "tout sauf une adresse"] {
        let mut counted = 0;
        for spelling in spellings(email) {
            counted += usize::from(wait(&guess(&stranger, &spelling).await).is_none());
        }
        assert_eq!(counted, 5, "{email}");
    }
    // What is counted as one is looked up as one.
    for spelling in spellings(TECH) {
        test.pass_seconds(LONGEST_WAIT);
        try_in(&stranger, &spelling, PASSWORD).await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn nobody_gets_an_account_beside_anothers(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (stranger, anonymous) = (test.other_owner().await, test.anonymous());
    let accounts = "SELECT count(*) AS n FROM accounts";
    let before = test.count(accounts).await;
    for email in spellings("owner@rideau.example") {
        let added = stranger.post("/orgs/members", json!({ "email": email, "role": "tech" })).await;
        let asked = anonymous.post("/auth/reset/request", json!({ "email": email })).await;
        match added.status.as_u16() {
            // It is theirs, not another one.
            200 => {
                let id = added.ok()["account_id"].as_str().unwrap().to_owned();
                stranger.delete(&format!("/orgs/members/{id}")).await.ok();
                asked.ok();
            }
            _ => {
                assert_eq!(added.wrong_members(), ["/email"], "{email:?}");
                assert_eq!(asked.wrong_members(), ["/email"], "{email:?}");
            }
        }
    }
    assert_eq!(test.count(accounts).await, before);
}

#[rstest]
#[tokio::test]
async fn a_thousand_failures_neither_end_a_session_nor_lock_the_owner_out(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (stranger, session) =
        (test.anonymous().at(&from(&test.router, "203.0.113.7")), Session::start(&test).await);
    attack(&test, &stranger, TECH).await;
    let mut counted = 0;
    for _ in 0..1000 {
        counted += usize::from(wait(&guess(&stranger, TECH).await).is_none());
        // It never stops, and goes at the pace that its address is allowed.
        test.pass_seconds(1);
    }
    assert!((32..=34).contains(&counted), "{counted} guesses in a thousand seconds");
    let victim = test.anonymous().with_token(&session.access);
    victim.get("/auth/me").await.ok();
    browser(&test, &session.refresh).post_empty("/auth/refresh").await.ok();
    // Elsewhere, on a device that was never signed in, the owner has five mistakes free as ever, and gets in.
    let owner = test.anonymous().at(&from(&test.router, "198.51.100.1"));
    for _ in 0..4 {
        assert_eq!(wait(&guess(&owner, TECH).await), None);
    }
    try_in(&owner, TECH, PASSWORD).await.ok();
    // Beside the stranger, behind the same address, they wait for their turn.
    let beside = test.anonymous().at(&from(&test.router, "203.0.113.7"));
    let wait = wait(&try_in(&beside, TECH, PASSWORD).await).expect("a wait");
    assert!(wait <= LONGEST_WAIT, "{wait}");
    test.pass_seconds(wait);
    try_in(&beside, TECH, PASSWORD).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_crowd_is_slowed_and_a_new_password_lets_its_owner_through(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let session = Session::start(&test).await;
    let guesser =
        |i: usize| test.anonymous().at(&from(&test.router, &format!("203.0.{}.{}", i / 250, i % 250)));
    let mut counted = 0;
    while wait(&guess(&guesser(counted / 4), TECH).await).is_none() {
        counted += 1;
        assert!(counted < 200, "a crowd is never slowed");
    }
    assert_eq!(counted, 100 + 3, "the last of them came late, and had not tried before");
    let owner = test.anonymous().at(&from(&test.router, "198.51.100.1"));
    for _ in 0..10 {
        try_in(&owner, TECH, PASSWORD).await.ok();
    }
    // A crowd that has not tried before, either.
    let counted = async |i: usize| wait(&guess(&guesser(i), TECH).await).is_none();
    for i in 100..100 + 50 - 3 {
        assert!(counted(i).await, "{i}");
    }
    assert!(!counted(200).await);
    assert_eq!(
        wait(&try_in(&owner, TECH, PASSWORD).await),
        Some(1),
        "one of the crowd, as far as anyone knows"
    );
    let known = browser(&test, &session.refresh).at(&from(&test.router, "198.51.100.1"));
    try_in(&known, TECH, PASSWORD).await.ok();
    let token = reset_token(&test, TECH).await;
    for i in 0..300 {
        guess(&guesser(i), TECH).await;
    }
    let set = json!({ "token": token, "new_password": "cinq actes et un prologue" });
    owner.post("/auth/reset/confirm", set).await.ok();
    try_in(&owner, TECH, "cinq actes et un prologue").await.ok();
}

/// Tries at once, from one address.
pub(super) async fn at_once(who: &[Persona<'_>], email: &str, passwords: &[&str]) -> Vec<Outcome> {
    let tries = passwords.iter().zip(who.iter().cycle()).map(|(password, who)| try_in(who, email, password));
    together(tries).await
}

pub(super) const WRONG: &str = "le mauvais mot de passe";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_passwords_do_not_slow_each_other_and_wrong_ones_gain_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let session = Session::start(&test).await;
    let here = test.anonymous().at(&from(&test.router, "203.0.113.7"));
    let known = browser(&test, &session.refresh).at(&from(&test.router, "203.0.113.7"));
    for who in [[here.clone()], [known]] {
        for answer in at_once(&who, TECH, &[PASSWORD; 10]).await {
            answer.ok();
        }
        // Some mistakes among them cost nothing either, whoever comes first.
        let mixed = [PASSWORD, WRONG, PASSWORD, WRONG, WRONG, PASSWORD, WRONG, PASSWORD, PASSWORD, PASSWORD];
        for (answer, password) in at_once(&who, TECH, &mixed).await.iter().zip(mixed) {
            assert_eq!(answer.status.as_u16(), if password == WRONG { 401 } else { 200 }, "{}", answer.text);
        }
        try_in(&who[0], TECH, PASSWORD).await.ok();
        // Guessed at once they are as many as one after the other; and after them the right one waits as well.
        let counted =
            at_once(&who, TECH, &[WRONG; 10]).await.iter().filter(|answer| wait(answer).is_none()).count();
        assert_eq!(counted, 5);
        assert_eq!(wait(&try_in(&who[0], TECH, PASSWORD).await), Some(1));
        test.pass_seconds(1);
        try_in(&who[0], TECH, PASSWORD).await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn nobody_can_fill_a_mailbox_or_keep_its_links_dead(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let asked = async || {
        test.anonymous().post("/auth/reset/request", json!({ "email": TECH })).await.ok()["reset_token"]
            .clone()
    };
    let mut last = Json::Null;
    for _ in 0..5 {
        last = asked().await;
        assert!(last.is_string());
    }
    for _ in 0..20 {
        assert_eq!(asked().await, Json::Null, "the answer is the same, but there is no new link");
    }
    let set = json!({ "token": last, "new_password": "cinq actes et un prologue" });
    test.anonymous().post("/auth/reset/confirm", set).await.ok();
    test.pass_seconds(600);
    assert!(asked().await.is_string());
}

#[rstest]
#[tokio::test]
async fn a_browser_that_was_signed_in_before_does_not_wait_for_strangers(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let known = Session::start(&test).await;
    let other = try_in(&test.anonymous(), "admin@rideau.example", PASSWORD).await;
    // An earlier cookie: its session has ended.
    test.tech().await.delete(&format!("/auth/sessions/{}", session_of(&test, &known).await)).await.ok();
    attack(&test, &test.anonymous(), TECH).await;
    let here = browser(&test, &known.refresh);
    for refused in [
        test.anonymous(),
        browser(&test, &other.refresh_cookie().expect("a cookie")),
        browser(&test, &format!("{}x", known.refresh)),
        here.clone().with_header("origin", "https://elsewhere.example"),
    ] {
        assert_eq!(wait(&try_in(&refused, TECH, PASSWORD).await), Some(LONGEST_WAIT));
    }
    // Its own mistakes count for it alone.
    assert_eq!(exhaust(&here, TECH).await, 5);
    test.pass_seconds(1);
    try_in(&here, TECH, PASSWORD).await.ok();
    // And its success forgives nobody else.
    assert!(wait(&guess(&test.anonymous(), TECH).await).is_some());
}

pub(super) async fn session_of(test: &Test, session: &Session) -> String {
    let holder = test.anonymous().with_token(&session.access);
    let all = holder.get("/auth/sessions").await.ok();
    let own = all.as_array().unwrap().iter().find(|one| one["current"] == true).expect("the own session");
    own["id"].as_str().unwrap().to_owned()
}

/// The router as the peer at this address reaches it.
pub(super) fn from(router: &Router, peer: &str) -> Router {
    router.clone().layer(Extension(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 4711))))
}

/// Tries one account until the address has no more tries, whatever becomes of them. Each claims another origin.
pub(super) async fn exhaust_address(test: &Test, router: impl Fn(usize) -> Router) {
    for i in 0..300 {
        let sender =
            test.anonymous().at(&router(i)).with_header("x-forwarded-for", &format!("192.0.2.{}", i % 250));
        guess(&sender, "nobody@rideau.example").await;
    }
}

#[rstest]
#[tokio::test]
async fn guessing_is_slowed_per_address_whatever_an_untrusted_one_claims(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    let sign_in =
        async |peer: &str| try_in(&test.anonymous().at(&from(&test.router, peer)), TECH, PASSWORD).await;
    exhaust_address(&test, |_| from(&test.router, "203.0.113.7")).await;
    // It is the address that waits: for every account, and nobody else.
    assert_eq!(wait(&sign_in("203.0.113.7").await), Some(1));
    sign_in("203.0.113.8").await.ok();
    // A customer's IPv6 network is one address.
    exhaust_address(&test, |i| from(&test.router, &format!("2001:db8:1:2:{i:x}::1"))).await;
    assert_eq!(wait(&sign_in("2001:db8:1:2:ffff::1").await), Some(1));
    sign_in("2001:db8:1:3::1").await.ok();
    // Behind a proxy that was named, it is the client that counts.
    exhaust_address(&test, |_| from(&test.router, "10.1.2.3")).await;
    sign_in("10.1.2.3").await.ok();
    test.pass_seconds(1);
    sign_in("203.0.113.7").await.ok();
    // Whoever has an account of their own there does not get the others' tries back by signing in to it.
    assert_eq!(wait(&sign_in("203.0.113.7").await), Some(1));
}

#[rstest]
#[tokio::test]
async fn common_passwords_and_ones_own_e_mail_are_refused_wherever_one_is_set(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (tech, anonymous) = (test.tech().await, test.anonymous());
    let token =
        anonymous.post("/auth/reset/request", json!({ "email": TECH })).await.ok()["reset_token"].clone();
    for refused in ["motdepasse", "Password1", "azertyuiop", "aaaaaaaa", TECH] {
        let change = json!({ "current_password": PASSWORD, "new_password": refused });
        assert_eq!(tech.post("/auth/password", change).await.wrong_members(), ["/new_password"], "{refused}");
        let reset = json!({ "token": token, "new_password": refused });
        assert_eq!(
            anonymous.post("/auth/reset/confirm", reset).await.wrong_members(),
            ["/new_password"],
            "{refused}"
        );
    }
    // A refused one does not use the link up.
    anonymous
        .post("/auth/reset/confirm", json!({ "token": token, "new_password": "cinq actes et un prologue" }))
        .await
        .ok();
    try_in(&anonymous, TECH, "cinq actes et un prologue").await.ok();
}

/// How often one of the first takes longer than one of the second: 0.5 where they cannot be told apart.
fn longer(first: &[Duration], second: &[Duration]) -> f64 {
    let pairs = first.iter().flat_map(|a| second.iter().map(move |b| a > b));
    let wins = pairs.filter(|wins| *wins).count();
    wins as f64 / (first.len() * second.len()) as f64
}

#[track_caller]
fn assert_alike(what: &str, emails: &[&str], times: &[Vec<Duration>]) {
    for (email, others) in emails.iter().zip(times).skip(1) {
        let longer = longer(&times[0], others);
        assert!(
            (0.25..0.75).contains(&longer),
            "{what}: {} takes longer than {email} {longer:.2} of the time",
            emails[0]
        );
    }
}

#[rstest]
#[tokio::test]
async fn an_unknown_e_mail_takes_as_long_as_a_wrong_password(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    test.execute("UPDATE accounts SET password_hash = NULL WHERE email_key = 'admin@rideau.example'").await;
    test.execute("UPDATE accounts SET is_active = false WHERE email_key = 'manager@rideau.example'").await;
    let stranger = test.anonymous();
    // 200 tries, in turn, so that whatever slows the machine down slows all of them.
    let emails = [TECH, "nobody@rideau.example", "admin@rideau.example", "manager@rideau.example"];
    let mut times = vec![Vec::new(); emails.len()];
    for _ in 0..50 {
        for (email, times) in emails.iter().zip(&mut times) {
            let started = Instant::now();
            assert_eq!(wait(&guess(&stranger, email).await), None);
            times.push(started.elapsed());
        }
        test.pass_seconds(LONGEST_WAIT);
    }
    assert_alike("a wrong password", &emails, &times);

    // The same of a try that comes too soon, which costs no hash, from a browser with a cookie of someone else.
    let cookie = Session::start(&test).await.refresh;
    let emails = ["owner@rideau.example", "nobody@rideau.example"];
    let mut times = vec![Vec::new(); emails.len()];
    for email in emails {
        exhaust(&stranger, email).await;
    }
    for _ in 0..200 {
        for (email, times) in emails.iter().zip(&mut times) {
            let started = Instant::now();
            assert!(wait(&guess(&browser(&test, &cookie), email).await).is_some());
            times.push(started.elapsed());
        }
    }
    assert_alike("a try that comes too soon", &emails, &times);
}

/// Whether a request is answered before those who queue for a turn to hash: a hash of its own would come after theirs.
async fn overtakes_the_queue(test: &Test, request: impl AsyncFn()) -> bool {
    const LENGTH: usize = 400;
    // A machine that stands still lets everyone give up: then once more.
    for _ in 0..3 {
        let done = Arc::new(AtomicUsize::new(0));
        let mut queue = JoinSet::new();
        for _ in 0..LENGTH {
            let (passwords, done) = (test.app.passwords.clone(), Arc::clone(&done));
            queue.spawn(async move {
                let _ = passwords.verify("le mauvais mot de passe", None, None).await;
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        queue.join_next().await;
        request().await;
        if done.load(Ordering::SeqCst) < LENGTH / 2 {
            return true;
        }
    }
    false
}

#[rstest]
#[tokio::test]
async fn what_is_refused_anyway_costs_no_hash(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let stranger = test.anonymous();
    attack(&test, &stranger, TECH).await;
    let too_soon =
        async || assert_eq!(wait(&try_in(&stranger, TECH, PASSWORD).await), Some(LONGEST_WAIT), "too soon");
    assert!(overtakes_the_queue(&test, too_soon).await, "a guess that comes too soon");
    let set = json!({ "token": "nonsense", "new_password": "cinq actes et un prologue" });
    let bad_token = async || {
        stranger.post("/auth/reset/confirm", set.clone()).await.refused(400, "invalid_token");
    };
    assert!(overtakes_the_queue(&test, bad_token).await, "a bad token");
}
