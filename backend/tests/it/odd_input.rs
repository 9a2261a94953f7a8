//! Input that no honest client sends: it is refused by name, on both databases alike, and never a 5xx.

use crate::support::{Kind, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};
use tower::ServiceExt;

#[rstest]
#[tokio::test]
async fn a_search_has_at_most_100_characters(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for list in ["/users", "/projects", "/missions"] {
        let long = manager.get(&format!("{list}?q={}", "x".repeat(101))).await;
        assert_eq!(long.wrong_members(), ["/q"]);
        // One character of these becomes eighteen when it is folded.
        manager.get(&format!("{list}?q={}", "%EF%B7%BA".repeat(100))).await.ok();
    }
    let words = manager.get(&format!("/users?skill={0}&tag={0}", "x".repeat(101))).await;
    assert_eq!(words.wrong_members(), ["/skill", "/tag"]);
}

#[rstest]
#[tokio::test]
async fn a_cursor_that_was_made_up_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let id = test.tech_user;
    manager.user("Zoé").await;
    for key in ["", "[]", "null", "[\"a\"]", &format!("[\"a\\u0000b\",\"{id}\"]"), &format!("[1,\"{id}\"]")] {
        let cursor = manager.forged_cursor("/users", key).await;
        let refused = manager.get(&format!("/users?cursor={cursor}")).await;
        refused.refused(400, "invalid_cursor");
        assert_eq!(refused.wrong_members(), ["/cursor"], "{key}");
    }
    let both = manager.get("/users?cursor=x&limit=x").await;
    both.refused(400, "validation_failed");
    assert_eq!(both.wrong_members(), ["/cursor", "/limit"]);
}

/// There the same key is somewhere in the middle, and what is before it would be missing.
#[rstest]
#[tokio::test]
async fn a_cursor_belongs_to_one_list_with_its_filters(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, admin, other) = (test.manager().await, test.admin().await, test.other_owner().await);
    for name in ["Festival A", "Festival B", "Festival C"] {
        let project = manager.project(name).await;
        manager.patch(&format!("/projects/{project}"), json!({ "status": "ACTIVE" })).await.ok();
        other.project(name).await;
        test.pass_seconds(1);
    }
    let next =
        manager.get("/projects?status=ACTIVE&q=festival&limit=1").await.next_page().expect("another page");
    let (_, cursor) = next.split_once("cursor=").expect("a cursor");
    for same in [
        "/projects?status=ACTIVE&q=festival&limit=1",
        "/projects?q=festival&status=ACTIVE",
        "/projects?limit=7&q=%66estival&status=ACTIVE",
    ] {
        let rest = manager.get(&format!("{same}&cursor={cursor}")).await.ok();
        assert_eq!(rest[0]["name"], "Festival B", "{same}");
        admin.get(&format!("{same}&cursor={cursor}")).await.ok();
    }
    for different in [
        "/projects?status=ACTIVE&q=festiva",
        "/projects?status=ACTIVE",
        "/projects?status=ACTIVE&status=DRAFT&q=festival",
        "/projects?q=festival",
        "/projects?limit=1",
        "/missions?q=festival",
        "/assignments?limit=1",
        "/availabilities?limit=1",
    ] {
        let refused = manager.get(&format!("{different}&cursor={cursor}")).await;
        refused.refused(400, "invalid_cursor");
    }
    other
        .get(&format!("/projects?status=ACTIVE&q=festival&cursor={cursor}"))
        .await
        .refused(400, "invalid_cursor");
    for damaged in [&cursor[1..], &cursor[..cursor.len() - 1], "", "."] {
        manager
            .get(&format!("/projects?status=ACTIVE&q=festival&cursor={damaged}"))
            .await
            .refused(400, "invalid_cursor");
    }
}

#[rstest]
#[tokio::test]
async fn every_bad_item_of_a_bulk_is_named_whatever_is_wrong(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    let bulk = format!("/projects/{project}/missions:bulk_create");
    let (from, to) = ("2026-08-01T10:00:00Z", "2026-08-01T12:00:00Z");
    let mixed = json!([
        { "titel": "shape", "start_at": from, "end_at": to, "title": "ok" },
        { "title": "rule", "start_at": to, "end_at": from },
        { "title": "fine", "start_at": from, "end_at": to },
        { "title": "nul\0", "start_at": from, "end_at": to },
        7,
    ]);
    assert_eq!(manager.post(&bulk, mixed).await.wrong_members(), ["/0/titel", "/1/end_at", "/3/title", "/4"]);
    let many: Vec<Json> =
        (0..1000).map(|_| json!({ "title": "late", "start_at": to, "end_at": from })).collect();
    let named = manager.post(&bulk, json!(many)).await.wrong_members();
    assert_eq!((named.len(), named[999].as_str()), (1000, "/999/end_at"));
    assert_eq!(test.count("SELECT count(*) AS n FROM missions").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_member_that_is_there_twice_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let twice = manager.send(Method::POST, "/projects", Some(r#"{"name":"a","name":"b"}"#.into())).await;
    let problem = twice.refused(400, "malformed_json");
    assert!(problem["detail"].as_str().unwrap().contains("\"name\" is there twice"), "{problem}");
    let user = manager.user("Nina Simone").await;
    let rates = json!({ "rate_profile": { "jour": 1, " jour ": 2 } });
    let refused = manager.put(&format!("/users/{user}/profile"), rates).await.wrong_members();
    assert_eq!(refused.len(), 1, "{refused:?}");
}

#[rstest]
#[tokio::test]
async fn nothing_and_null_are_an_empty_object_and_verbs_take_no_more(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    manager.post(&format!("/missions/{mission}:duplicate"), Json::Null).await.ok();
    assert_eq!(manager.post("/projects", Json::Null).await.wrong_members(), ["/name"]);
    let body = json!({ "user_id": test.tech_user, "start_at": "2026-08-01T10:00:00Z", "end_at": "2026-08-02T10:00:00Z" });
    let declared = manager.post("/availabilities", body).await.ok()["id"].as_str().unwrap().to_owned();
    let approve = format!("/availabilities/{declared}:approve");
    assert_eq!(manager.post(&approve, json!({ "x": 1 })).await.wrong_members(), ["/x"]);
    manager.post(&approve, json!({})).await.ok();
    let user = manager.user("Nina Simone").await;
    let assignment = manager.assignment(&mission, &user).await;
    let useless = json!({ "status": "DECLINED", "override_reason": "why" });
    let refused = manager.post(&format!("/assignments/{assignment}:status"), useless).await;
    assert_eq!(refused.wrong_members(), ["/override_reason"]);
}

/// A leap second is no instant here: no clock of this program counts one, and 23:59:60 would be stored as 23:59:59.
#[rstest]
#[tokio::test]
async fn a_second_60_is_refused_wherever_an_instant_is_read(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    let mission = admin.mission("Montage", "08:00", "12:00").await;
    admin.mission("Concert", "20:00", "23:00").await;
    let end = "2026-08-01T10:00:00Z";
    for leap in [
        "2026-07-01T10:00:60Z",
        "2026-07-01T10:00:60.5+02:00",
        "2016-12-31T23:59:60Z",
        "2017-01-01T00:59:60+01:00",
    ] {
        let period = json!({ "user_id": test.tech_user, "start_at": leap, "end_at": end });
        for (path, body, wrong) in [
            ("/missions", json!({ "title": "x", "start_at": leap, "end_at": end }), "/start_at"),
            ("/projects", json!({ "name": "x", "ends_at": leap }), "/ends_at"),
            ("/availabilities", period, "/start_at"),
            (&format!("/missions/{mission}:duplicate"), json!({ "start_at": leap }), "/start_at"),
        ] {
            assert_eq!(admin.post(path, body).await.wrong_members(), [wrong], "{path} with {leap}");
        }
        let moved = admin.patch(&format!("/missions/{mission}"), json!({ "end_at": leap })).await;
        assert_eq!(moved.wrong_members(), ["/end_at"], "{leap}");
        let leap = leap.replace('+', "%2B");
        for list in ["/missions", "/assignments", "/availabilities", "/conflicts", "/audit"] {
            assert_eq!(admin.get(&format!("{list}?from={leap}")).await.wrong_members(), ["/from"], "{list}");
        }
        let calendar = admin.get(&format!("/users/{}/calendar?from={leap}&to={leap}", test.tech_user)).await;
        assert_eq!(calendar.wrong_members(), ["/from", "/to"]);
        let cursor =
            admin.forged_cursor("/missions", &format!(r#"["2026-07-01T10:00:60Z","{mission}"]"#)).await;
        assert_eq!(admin.get(&format!("/missions?cursor={cursor}")).await.wrong_members(), ["/cursor"]);
    }
}

#[rstest]
#[tokio::test]
async fn a_query_that_is_no_utf8_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    for (query, wrong) in
        [("q=%ff", "/q"), ("limit=5&q=a%c3", "/q"), ("%ff=1", "/\u{fffd}"), ("q=%ed%a0%80", "/q")]
    {
        assert_eq!(admin.get(&format!("/missions?{query}")).await.wrong_members(), [wrong], "{query}");
    }
    admin.get("/missions?q=%c3%a9+%f0%9f%8e%ad").await.ok();
}

#[rstest]
#[tokio::test]
async fn a_parameter_that_is_sent_twice_is_told_so(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for (query, name) in [("limit=1&limit=2", "limit"), ("q=a&limit=1&q=b", "q")] {
        let refused = manager.get(&format!("/missions?{query}")).await.refused(400, "validation_failed");
        let mistake = &refused["errors"][0];
        assert_eq!(mistake["pointer"], format!("/{name}"), "{refused}");
        assert_eq!(mistake["detail"], "was sent more than once; send it once", "{refused}");
    }
}

#[rstest]
#[tokio::test]
async fn the_plus_of_an_offset_may_be_sent_as_it_is(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    manager.mission("Montage", "08:00", "12:00").await;
    for (from, found) in [
        ("2026-07-10T09:59:00+02:00", 1),
        ("2026-07-10T09:59:00%2B02:00", 1),
        ("2026-07-10T09:59:00+0200", 1),
        ("2026-07-10T14:01:00+02:00", 0),
    ] {
        let answer = manager.get(&format!("/missions?from={from}")).await;
        if !from.ends_with("0200") {
            assert_eq!(answer.ok().as_array().expect("a list").len(), found, "{from}");
        }
    }
    for wrong in ["2026-07-10T09:59:00 2:00", "2026-07-10T09:59:00Z 02:00", "10:00 02:00"] {
        let wrong = wrong.replace(' ', "+");
        assert_eq!(
            manager.get(&format!("/missions?from={wrong}")).await.wrong_members(),
            ["/from"],
            "{wrong}"
        );
    }
    // Elsewhere it is the space that it always was.
    assert_eq!(manager.get("/missions?q=mon+02:00").await.ok(), json!([]));
}

/// What spreadsheets and older shells send.
#[rstest]
#[tokio::test]
async fn a_byte_order_mark_is_ignored_and_what_is_no_utf8_or_compressed_is_told_so(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let send = async |headers: &[(&str, &str)], body: &[u8]| {
        let mut request = axum::http::Request::post("/api/v1/projects")
            .header("authorization", format!("Bearer {}", manager.token()))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(axum::body::Body::from(body.to_vec())).expect("a request");
        let answer = test.router.clone().oneshot(request).await.expect("the router never fails");
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice::<Json>(&body).expect("JSON"))
    };
    let (status, created) = send(&[], b"\xef\xbb\xbf{\"name\": \"Cyrano\"}").await;
    assert_eq!(status, 200, "{created}");
    let latin = b"{\"name\": \"Com\xe9die\"}";
    let zipped: &[(&str, &str)] = &[("content-encoding", "gzip")];
    for (headers, body, sentence) in [
        (&[][..], &latin[..], "it must be UTF-8, and byte 14 is not"),
        (zipped, b"\x1f\x8b", "its Content-Encoding is gzip; send it without"),
    ] {
        let (status, refused) = send(headers, body).await;
        assert_eq!((status, &refused["code"]), (400, &json!("malformed_json")), "{refused}");
        assert!(refused["detail"].as_str().expect("a sentence").contains(sentence), "{refused}");
    }
    let (status, created) = send(&[("content-encoding", "identity")], b"{\"name\": \"Tartuffe\"}").await;
    assert_eq!(status, 200, "{created}");
}
