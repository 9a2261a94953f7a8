//! Each kind of token opens its own doors and no other, whatever it is signed with.

use super::{Session, TECH, UNKNOWN_ID, browser, claims_of, dump, reset_token};
use crate::pages::unsubscribing::unsubscribe_token;
use crate::support::{Kind, Operation, Outcome, Test, operations};
use axum::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use sha2::Sha256;

/// A token of each kind that is good now.
struct Keyring {
    access: String,
    refresh: String,
    invite: String,
    unsubscribe: String,
    reset: String,
    welcome: String,
    user_feed: String,
    project_feed: String,
    invitation: String,
    assignment: String,
    project: String,
}

impl Keyring {
    async fn of(test: &Test) -> Self {
        let Session { access, refresh } = Session::start(test).await;
        let manager = test.manager().await;
        let mission = manager.mission("Montage", "08:00", "12:00").await;
        let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
        let (invitation, invite) = manager.invitation(&assignment).await;
        let new = json!({ "email": "lea@rideau.example", "role": "owner" });
        let added = test.owner().await.post("/orgs/members", new).await.ok();
        let url = added["password_url"].as_str().expect("a link");
        let welcome = url.rsplit('=').next().expect("a token").to_owned();
        let project = manager.project("Festival").await;
        let key = async |path: String| {
            let shown = manager.post_empty(&format!("{path}/calendar_key")).await.ok();
            shown["key"].as_str().expect("a key").to_owned()
        };
        Self {
            access,
            refresh,
            invite,
            unsubscribe: unsubscribe_token(test, TECH).await,
            reset: reset_token(test, TECH).await,
            welcome,
            user_feed: key(format!("/users/{}", test.tech_user)).await,
            project_feed: key(format!("/projects/{project}")).await,
            invitation,
            assignment,
            project,
        }
    }

    fn others(&self, kinds: &[&str]) -> Vec<(&'static str, &str)> {
        let all = [
            ("access", self.access.as_str()),
            ("refresh", &self.refresh),
            ("invite", &self.invite),
            ("unsubscribe", &self.unsubscribe),
            ("reset", &self.reset),
            ("welcome", &self.welcome),
            ("user feed", &self.user_feed),
            ("project feed", &self.project_feed),
        ];
        all.into_iter().filter(|(kind, _)| !kinds.contains(kind)).collect()
    }
}

/// Whether a sign-in opens it, or is at least looked at.
fn reads_a_sign_in(operation: &Operation) -> bool {
    operation.json["security"]
        .as_array()
        .is_some_and(|ways| ways.iter().any(|way| way.get("bearer").is_some()))
}

fn address(operation: &Operation) -> String {
    let Some((before, rest)) = operation.template.split_once('{') else { return operation.template.clone() };
    let (_, after) = rest.split_once('}').expect("a closing brace");
    format!("{before}{UNKNOWN_ID}{after}")
}

async fn form(test: &Test, path: &str, pairs: &[(&str, &str)]) -> Outcome {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let page = test.anonymous().with_header("content-type", "application/x-www-form-urlencoded");
    page.send(Method::POST, path, Some(form)).await
}

#[rstest]
#[tokio::test]
async fn no_kind_of_token_signs_in_but_an_access_token(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let keys = Keyring::of(&test).await;
    let before = dump(&test, db).await;
    let mut doors = 0;
    for operation in operations().iter().filter(|operation| reads_a_sign_in(operation)) {
        doors += 1;
        let body = (operation.method != Method::GET).then(|| "{}".to_owned());
        for (kind, token) in keys.others(&["access"]) {
            let holder = test.anonymous().with_token(token);
            let answer = holder.send(operation.method.clone(), &address(operation), body.clone()).await;
            assert_eq!(answer.status, 401, "{kind} at {} {}", operation.method, operation.template);
        }
        // Nor does the cookie, at any door but its own two.
        let with_cookie = browser(&test, &keys.refresh);
        let answer = with_cookie.send(operation.method.clone(), &address(operation), body).await;
        assert_eq!(answer.status, 401, "the cookie at {} {}", operation.method, operation.template);
    }
    assert!(doors > 60, "only {doors} doors");
    assert_eq!(dump(&test, db).await, before, "nothing has changed");
    test.anonymous().with_token(&keys.access).get("/auth/me").await.ok();
}

#[rstest]
#[tokio::test]
async fn no_kind_of_token_renews_or_ends_a_session_but_a_refresh_token(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let keys = Keyring::of(&test).await;
    let before = dump(&test, db).await;
    for (kind, token) in keys.others(&["refresh"]) {
        let answer = browser(&test, token).post_empty("/auth/refresh").await;
        answer.refused(401, "unauthenticated");
        assert_eq!(answer.header("set-cookie"), "", "{kind}");
        // Signing out is harmless with anything: it ends nothing.
        browser(&test, token).post_empty("/auth/logout").await.ok();
    }
    // The right token in the wrong place is not looked at either.
    let elsewhere = test.anonymous().with_token(&keys.refresh);
    elsewhere.post_empty("/auth/refresh").await.refused(401, "unauthenticated");
    elsewhere.post_empty("/auth/logout").await.ok();
    assert_eq!(dump(&test, db).await, before, "nothing has changed");
    Session::of(&browser(&test, &keys.refresh).post_empty("/auth/refresh").await);
}

#[rstest]
#[tokio::test]
async fn no_kind_of_token_answers_a_call_but_an_invitations(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let keys = Keyring::of(&test).await;
    let before = dump(&test, db).await;
    let anyone = test.anonymous();
    for (kind, token) in keys.others(&["invite"]) {
        anyone.get(&format!("/invitations/verify?token={token}")).await.refused(400, "invalid_token");
        assert_eq!(anyone.get(&format!("/invite?token={token}")).await.status, 400, "{kind}");
        for verb in ["accept", "decline"] {
            let answered = form(&test, "/invite", &[("token", token), ("answer", verb)]).await;
            assert_eq!(answered.status, 400, "{kind}: {}", answered.text);
            for path in [
                format!("/invitations/{}/{verb}", keys.invitation),
                format!("/assignments/{}/{verb}", keys.assignment),
            ] {
                anyone.post_empty(&format!("{path}?token={token}")).await.refused(400, "invalid_token");
                anyone.post(&path, json!({ "token": token })).await.refused(400, "invalid_token");
            }
        }
    }
    assert_eq!(dump(&test, db).await, before, "nothing has changed");
    let yes = json!({ "token": keys.invite });
    anyone.post(&format!("/invitations/{}/accept", keys.invitation), yes).await.ok();
}

#[rstest]
#[tokio::test]
async fn no_kind_of_token_sets_a_password_but_those_made_for_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let keys = Keyring::of(&test).await;
    let before = dump(&test, db).await;
    let new = "cinq actes et un prologue";
    for (kind, token) in keys.others(&["reset", "welcome"]) {
        let set = json!({ "token": token, "new_password": new });
        test.anonymous().post("/auth/reset/confirm", set).await.refused(400, "invalid_token");
        assert_eq!(test.anonymous().get(&format!("/password?token={token}")).await.status, 400, "{kind}");
        let page = form(&test, "/password", &[("token", token), ("new_password", new)]).await;
        assert_eq!(page.status, 400, "{kind}: {}", page.text);
    }
    assert_eq!(dump(&test, db).await, before, "nothing has changed");
    for token in [&keys.reset, &keys.welcome] {
        let set = json!({ "token": token, "new_password": new });
        test.anonymous().post("/auth/reset/confirm", set).await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn no_kind_of_token_stops_mails_but_the_one_made_for_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let keys = Keyring::of(&test).await;
    let before = dump(&test, db).await;
    let claims = claims_of(&keys.unsubscribe);
    assert!(claims.get("exp").is_none(), "{claims}");
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let key = |secret: &secrecy::SecretString| secret.expose_secret().to_owned();
    let (sessions, links) = (key(&test.app.config.secret_key), key(&test.app.config.invites_secret));
    let with = |member: &str, value: Json| {
        let mut claims = claims.clone();
        claims[member] = value;
        claims
    };
    let forgeries = [
        ("another key", forged(&header, &claims, &sessions)),
        ("another typ", forged(&header, &with("typ", json!("invite")), &links)),
        ("no account", forged(&header, &with("account", Json::Null), &links)),
        ("no org", forged(&header, &with("org", Json::Null), &links)),
        ("no signature", keys.unsubscribe.rsplit_once('.').expect("a signature").0.to_owned() + "."),
    ];
    let forgeries = forgeries.iter().map(|(what, token)| (*what, token.as_str()));
    for (what, token) in keys.others(&["unsubscribe"]).into_iter().chain(forgeries) {
        let path = format!("/unsubscribe?token={token}");
        let answers = [
            test.anonymous().get(&path).await,
            form(&test, "/unsubscribe", &[("token", token)]).await,
            form(&test, &path, &[("List-Unsubscribe", "One-Click")]).await,
        ];
        assert!(answers.iter().all(|answer| answer.status == 400), "{what}: {answers:?}");
    }
    assert_eq!(dump(&test, db).await, before, "nothing has changed");
    assert_eq!(form(&test, "/unsubscribe", &[("token", &*keys.unsubscribe)]).await.status, 303);
}

/// A token with any header at all, signed with HMAC-SHA-256.
fn forged(header: &Json, claims: &Json, secret: &str) -> String {
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[rstest]
#[tokio::test]
async fn no_kind_of_token_opens_a_calendar_but_its_key(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let keys = Keyring::of(&test).await;
    let feeds = [
        ("user feed", &keys.user_feed, format!("/users/{}/calendar.ics", test.tech_user)),
        ("project feed", &keys.project_feed, format!("/projects/{}/calendar.ics", keys.project)),
    ];
    for (own, key, path) in feeds {
        for (_, token) in keys.others(&[own]) {
            test.anonymous().get(&format!("{path}?key={token}")).await.refused(404, "not_found");
        }
        // A session is no key either, the owner's included.
        test.owner().await.get(&path).await.refused(404, "not_found");
        test.anonymous().with_token(key).get(&path).await.refused(404, "not_found");
        assert_eq!(test.anonymous().get(&format!("{path}?key={key}")).await.status, 200, "{own}");
    }
}

#[rstest]
#[tokio::test]
async fn the_header_of_a_token_chooses_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let session = Session::start(&test).await;
    let secret = test.app.config.secret_key.expose_secret();
    let claims = claims_of(&session.access);
    let me = async |token: String| test.anonymous().with_token(&token).get("/auth/me").await;
    for algorithm in ["none", "None", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", ""] {
        let header = json!({ "alg": algorithm, "typ": "JWT" });
        me(forged(&header, &claims, secret)).await.refused(401, "unauthenticated");
        let cookie = forged(&header, &claims_of(&session.refresh), secret);
        let renewal = browser(&test, &cookie).post_empty("/auth/refresh").await;
        renewal.refused(401, "unauthenticated");
    }
    // Nor another algorithm that is carried out rightly, with the right key.
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).expect("a token");
        me(token).await.refused(401, "unauthenticated");
    }
    // A key that comes along is not used.
    let own = "an attacker's own key 0123456789abcdef";
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(own) });
    for header in [
        json!({ "alg": "HS256", "jwk": jwk }),
        json!({ "alg": "HS256", "jku": "https://evil.example/keys", "kid": "1" }),
        json!({ "alg": "HS256", "kid": "../../../dev/null" }),
    ] {
        me(forged(&header, &claims, own)).await.refused(401, "unauthenticated");
    }
    me(forged(&json!({ "alg": "HS256" }), &claims, secret)).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_token_says_when_it_ends_and_thirty_seconds_are_forgiven(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let session = Session::start(&test).await;
    let secret = test.app.config.secret_key.expose_secret();
    let now = test.clock.now().as_seconds();
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let ends = |token: &str, exp: Option<Json>| {
        let mut claims = claims_of(token);
        match exp {
            Some(exp) => claims["exp"] = exp,
            None => drop(claims.as_object_mut().expect("an object").remove("exp")),
        }
        forged(&header, &claims, secret)
    };
    for exp in [
        None,
        Some(json!(null)),
        Some(json!("never")),
        Some(json!(1e300)),
        Some(json!(now - 30)),
        Some(json!(-1)),
    ] {
        let answer = test.anonymous().with_token(&ends(&session.access, exp.clone())).get("/auth/me").await;
        assert_eq!(answer.status, 401, "{exp:?}");
        let renewal = browser(&test, &ends(&session.refresh, exp.clone())).post_empty("/auth/refresh").await;
        assert_eq!(renewal.status, 401, "{exp:?}");
    }
    let just_over = json!(now - 29);
    test.anonymous().with_token(&ends(&session.access, Some(just_over.clone()))).get("/auth/me").await.ok();
    Session::of(&browser(&test, &ends(&session.refresh, Some(just_over))).post_empty("/auth/refresh").await);
}
