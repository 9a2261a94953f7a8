//! Secrets are stored as hashes, and carried as types that do not print.

use super::{Session, TECH, claims_of, dump, hex, reset_token};
use crate::support::source::sources;
use crate::support::{Kind, PASSWORD, Test};
use coulisses::{auth::entity::account, config::Config, secret::Secret};
use rstest::rstest;
use sea_orm::EntityTrait;
use secrecy::ExposeSecret;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn no_password_and_no_token_is_in_the_database(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (first, second) = (Session::start(&test).await, Session::start(&test).await);
    let renewed = super::browser(&test, &second.refresh).post_empty("/auth/refresh").await;
    let renewed = Session::of(&renewed);
    let reset = reset_token(&test, TECH).await;
    // Answers that carry a token and are kept for whoever asks again.
    let keyed = |key: &str| [("idempotency-key", key.to_owned())];
    let owner = test.owner().await;
    let with = |[(name, value)]: [(&'static str, String); 1]| owner.clone().with_header(name, &value);
    let new = json!({ "email": "lea@rideau.example", "role": "tech" });
    let added = with(keyed("one")).post("/orgs/members", new).await.ok();
    let welcome =
        added["password_url"].as_str().expect("a link").rsplit('=').next().expect("a token").to_owned();
    let mission = owner.mission("Montage", "08:00", "12:00").await;
    let assignment = owner.assignment(&mission, &test.tech_user.to_string()).await;
    let asked = with(keyed("two")).post("/invitations", json!({ "assignment_id": assignment })).await.ok();
    let invite = asked["token"].as_str().expect("a token").to_owned();
    let no = json!({ "token": invite, "reason": "absent" });
    let decline = format!("/invitations/{}/decline", asked["id"].as_str().expect("an id"));
    test.anonymous().with_header("idempotency-key", "three").post(&decline, no).await.ok();
    let chosen = "cinq actes et un prologue";
    let set = json!({ "token": welcome, "new_password": chosen });
    test.anonymous().post("/auth/reset/confirm", set).await.ok();

    let lines = dump(&test, db).await;
    let kept = lines.iter().filter(|line| line.starts_with("idempotency_keys: ")).count();
    assert_eq!(kept, 3, "the answers are kept");
    let everything = lines.join("\n").to_lowercase();
    let part = |token: &str, n: usize| token.split('.').nth(n).expect("three parts").to_owned();
    let jti = |token: &str| claims_of(token)["jti"].as_str().expect("a jti").to_owned();
    let mut secrets = vec![
        ("password", PASSWORD.to_owned()),
        ("chosen password", chosen.into()),
        ("reset token", reset),
        ("welcome token", welcome),
        ("invitation's jti", jti(&invite)),
        ("access jti", jti(&first.access)),
        ("SECRET_KEY", test.app.config.secret_key.expose_secret().to_owned()),
        ("INVITES_SECRET", test.app.config.invites_secret.expose_secret().to_owned()),
    ];
    for (what, token) in [
        ("access", &first.access),
        ("refresh", &first.refresh),
        ("refresh", &renewed.refresh),
        ("invite", &invite),
    ] {
        secrets.extend([(what, part(token, 1)), (what, part(token, 2))]);
    }
    for (what, secret) in secrets {
        assert!(secret.len() >= 16, "{what}: {secret}");
        for form in [secret.to_lowercase(), hex(secret.as_bytes())] {
            assert!(!everything.contains(&form), "the {what} is in the database");
        }
    }
    assert!(everything.contains("$argon2id$"), "the hashes are");
}

#[tokio::test]
async fn what_holds_a_secret_does_not_print_it() {
    let test = Test::start(Kind::Sqlite).await;
    let hush = [
        ("SECRET_KEY", "hush-hush-hush-hush-hush-hush-hush"),
        ("INVITES_SECRET", "hush-too-hush-too-hush-too-hush-too"),
        ("DATABASE_URL", "postgresql://crew:hush@db.example/crew?password=hush"),
        ("REDIS_URL", "redis://crew:hush@cache.example"),
    ];
    let find =
        |name: &str| hush.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let config = format!("{:?}", Config::from_lookup(&find).expect("a configuration"));
    assert!(!config.contains("hush") && config.contains("db.example"), "{config}");
    let secret = format!("{:?}", Some(Secret::from("hush".to_owned())));
    assert!(!secret.contains("hush"), "{secret}");
    let password = format!("{:?}", coulisses::auth::NewPassword::parse("hush hush hush"));
    assert!(!password.contains("hush"), "{password}");

    let (invite, _) = test.app.tokens.invite(test.org, super::UNKNOWN_ID.parse().unwrap(), 1).unwrap();
    let jti = claims_of(&invite)["jti"].as_str().expect("a jti").to_owned();
    let claims = test.app.tokens.read_invite(&invite).expect("claims");
    assert_eq!(*claims.jti, jti);
    assert!(!format!("{claims:?}").contains(&jti), "{claims:?}");
    let row = account::Entity::find().one(&test.app.db).await.unwrap().expect("an account");
    let hash = row.password_hash.clone().expect("a hash");
    assert!(!format!("{row:?}").contains(&hash), "{row:?}");
}

/// Members that say something about a secret without being one.
const HARMLESS: [&str; 3] = ["token_type", "access_token_ttl", "refresh_token_ttl"];
/// Rows hold hashes: of tokens too long to guess, and of passwords in a row with its own `Debug`.
const HASHED: [&str; 2] = ["token_hash", "password_hash"];

#[test]
fn every_member_named_like_a_secret_has_a_type_that_does_not_print() {
    let mut checked = 0;
    for (path, source) in sources("src") {
        for line in source.lines().filter(|line| line.starts_with([' ']) && line.ends_with(',')) {
            let member = line.trim().trim_start_matches("pub ").trim_start_matches("pub(super) ");
            let Some((name, kind)) = member.trim_end_matches(',').split_once(": ") else { continue };
            let secret =
                ["password", "token", "secret", "jti", "cookie"].iter().any(|word| name.contains(word));
            let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if !secret || !plain || HARMLESS.contains(&name) || HASHED.contains(&name) {
                continue;
            }
            checked += 1;
            let prints = ["String", "Option<String>", "Vec<u8>", "Bytes", "Box<str>"].contains(&kind);
            assert!(!prints, "{}: {member}", path.display());
        }
    }
    assert!(checked >= 15, "only {checked} members");
}
