//! What people are paid, as the first clients set it.

use crate::support::{Kind, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};

#[rstest]
#[tokio::test]
async fn rates_are_replaced_whole_by_put_and_post(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let path = format!("/rates/user/{user}");
    assert_eq!(manager.get(&path).await.ok(), json!({ "rate_profile": null }));
    for (method, rates) in [
        (Method::PUT, json!({ "jour": 250 })),
        (Method::POST, json!({ "heure": 31.25, "nuit": 0 })),
        (Method::PUT, json!({})),
        (Method::PUT, Json::Null),
    ] {
        let body = json!({ "rate_profile": rates });
        assert_eq!(manager.send(method, &path, Some(body.to_string())).await.ok(), body);
        assert_eq!(manager.get(&path).await.ok(), body);
        assert_eq!(manager.get(&format!("/users/{user}/profile")).await.ok()["rate_profile"], rates);
    }
}

#[rstest]
#[tokio::test]
async fn a_daily_rate_may_stand_in_the_query(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let path = format!("/rates/user/{}", manager.user("Nina Simone").await);
    manager.put(&path, json!({ "rate_profile": { "heure": 30 } })).await.ok();
    for (text, amount) in [
        ("250", json!(250)),
        ("250.50", json!(250.5)),
        ("250.5", json!(250.5)),
        ("19.99", json!(19.99)),
        ("0.1", json!(0.1)),
        ("0", json!(0)),
        ("1000000", json!(1_000_000)),
        ("1000000.00", json!(1_000_000)),
    ] {
        for method in [Method::PUT, Method::POST] {
            let answer = manager.send(method, &format!("{path}?daily_eur={text}"), None).await;
            assert_eq!(answer.ok(), json!({ "rate_profile": { "jour": amount } }), "{text}");
        }
        assert_eq!(manager.get(&path).await.ok()["rate_profile"], json!({ "jour": amount }), "{text}");
    }
    let last = manager.get(&path).await.text;
    for text in [
        "",
        "1e3",
        "-1",
        "-0",
        "%2B1",
        "250.005",
        "1000000.01",
        "1000001",
        "NaN",
        "inf",
        "1,5",
        "250%20",
        "1_000",
        "0x10",
        ".",
        "1.2.3",
        "%D9%A3",
    ] {
        let refused = manager.send(Method::PUT, &format!("{path}?daily_eur={text}"), None).await;
        assert_eq!(refused.wrong_members(), ["/daily_eur"], "{text}");
    }
    for query in ["daily_eur=1&daily_eur=2", "daily=1&daily_eur=1"] {
        let refused = manager.send(Method::PUT, &format!("{path}?{query}"), None).await;
        assert_eq!(refused.wrong_members().len(), 1, "{query}");
    }
    assert_eq!(manager.get(&path).await.text, last);
}

#[rstest]
#[tokio::test]
async fn it_is_the_query_or_the_body(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let path = format!("/rates/user/{}", manager.user("Nina Simone").await);
    let query = format!("{path}?daily_eur=250");
    for rates in [json!({ "jour": 250 }), json!(null)] {
        let both = manager.put(&query, json!({ "rate_profile": rates })).await;
        assert_eq!(both.wrong_members(), ["/daily_eur"]);
    }
    let neither = manager.send(Method::PUT, &path, None).await;
    assert_eq!(neither.wrong_members(), ["/rate_profile"]);
    assert_eq!(neither.json()["errors"][0]["code"], "missing");
    assert_eq!(manager.put(&path, json!({})).await.wrong_members(), ["/rate_profile"]);
    assert_eq!(manager.put(&path, json!({ "rates": {} })).await.wrong_members(), ["/rates"]);
    assert_eq!(manager.get(&path).await.ok()["rate_profile"], json!(null));
    // An empty object is no body.
    manager.put(&query, json!({})).await.ok();
}

#[rstest]
#[tokio::test]
async fn amounts_are_exact_to_the_cent(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let path = format!("/rates/user/{user}");
    let amounts = json!({ "a": 0.1, "b": 19.99, "c": 1_000_000, "d": 0.07, "e": 1.15, "f": 999_999.99, "g": 0, "h": 8.2 });
    manager.put(&path, json!({ "rate_profile": amounts })).await.ok();
    assert_eq!(manager.get(&path).await.ok()["rate_profile"], amounts);
    let rows = test
        .rows("SELECT CAST(rate_profile AS text) AS cents FROM users WHERE rate_profile IS NOT NULL")
        .await;
    let cents: Json = serde_json::from_str(rows[0]["cents"].as_str().unwrap()).unwrap();
    let wanted =
        json!({ "a": 10, "b": 1999, "c": 100_000_000, "d": 7, "e": 115, "f": 99_999_999, "g": 0, "h": 820 });
    assert_eq!(cents, wanted);
    for wrong in [
        json!(-1),
        json!(-0.01),
        json!(250.005),
        json!(0.30000000000000004),
        json!(1_000_000.01),
        json!("250"),
        json!(null),
        json!([1]),
        json!(1e300),
    ] {
        let refused = manager.put(&path, json!({ "rate_profile": { "jour": wrong } })).await;
        assert_eq!(refused.wrong_members(), ["/rate_profile/jour"], "{wrong}");
    }
    assert_eq!(manager.get(&path).await.ok()["rate_profile"], amounts);
}

#[rstest]
#[tokio::test]
async fn planners_set_them_and_the_person_reads_them(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let own = format!("/rates/user/{}", test.tech_user);
    let rates = json!({ "rate_profile": { "jour": 250 } });
    manager.put(&own, rates.clone()).await.ok();
    assert_eq!(tech.get(&own).await.ok(), rates);
    for method in [Method::PUT, Method::POST] {
        let refused =
            tech.send(method, &own, Some(json!({ "rate_profile": { "jour": 999 } }).to_string())).await;
        refused.refused(403, "forbidden");
    }
    let colleague = manager.user("Nina Simone").await;
    tech.get(&format!("/rates/user/{colleague}")).await.refused(404, "not_found");
    let foreign = test.other_owner().await.user("Leur Personne").await;
    for user in ["019f0000-0000-7000-8000-000000000000", &foreign, "1"] {
        let path = format!("/rates/user/{user}");
        manager.get(&path).await.refused(404, "not_found");
        manager.put(&path, rates.clone()).await.refused(404, "not_found");
        manager.post_empty(&format!("{path}?daily_eur=1")).await.refused(404, "not_found");
    }
    assert_eq!(manager.get(&own).await.ok(), rates);
}

#[rstest]
#[tokio::test]
async fn a_change_is_on_record_and_none_is_not(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let path = format!("/rates/user/{}", manager.user("Nina Simone").await);
    for daily in ["250", "250", "250.00", "300"] {
        test.pass_seconds(1);
        manager.send(Method::PUT, &format!("{path}?daily_eur={daily}"), None).await.ok();
    }
    let entries = test.audit("user.rates").await;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].before["rate_profile"], json!({ "jour": 250 }));
    assert_eq!(entries[1].after["rate_profile"], json!({ "jour": 300 }));
}
