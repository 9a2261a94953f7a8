//! Lists leave compressed for those who accept that, and every form says the same.

use super::{found, planned};
use crate::support::{Kind, Persona, Server, Test};
use rstest::rstest;

/// A client that sends nothing of its own, and takes answers as they are.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_gzip().no_brotli().no_zstd().no_proxy().build().expect("a client")
}

async fn fetch(
    client: &reqwest::Client,
    url: &str,
    reader: &Persona<'_>,
    accepted: Option<&str>,
) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let mut request = client.get(url).bearer_auth(reader.token());
    if let Some(accepted) = accepted {
        request = request.header("accept-encoding", accepted);
    }
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    (headers, response.bytes().await.expect("a body").to_vec())
}

#[rstest]
#[tokio::test]
async fn lists_are_compressed_as_the_client_accepts_and_say_the_same(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.owner().await;
    for number in 0..20 {
        planned(&planner, &format!("Représentation {number}")).await;
    }
    let server = Server::start(&test).await;
    let as_it_is = client();
    // Undoes what it knows: another implementation than the one that compressed.
    let decoding = |name: &str| {
        let all_off = reqwest::Client::builder().no_proxy();
        let builder = match name {
            "gzip" => all_off.no_brotli().no_zstd(),
            "br" => all_off.no_gzip().no_zstd(),
            _ => all_off.no_gzip().no_brotli(),
        };
        builder.build().expect("a client")
    };
    // One that is kept, and one that is not.
    for path in ["/api/v1/missions?limit=20", "/api/v1/assignments", "/api/v1/audit?limit=50"] {
        let url = server.url(path);
        let (headers, plain) = fetch(&as_it_is, &url, &planner, None).await;
        assert_eq!(headers.get("content-encoding"), None);
        assert_eq!(headers["vary"], "accept-encoding", "{path}");
        let link = headers.get("link").cloned();
        for name in ["gzip", "br", "zstd"] {
            let (headers, body) = fetch(&as_it_is, &url, &planner, Some(name)).await;
            if plain.len() < 1024 {
                assert_eq!((headers.get("content-encoding"), &body), (None, &plain), "{path}");
                continue;
            }
            assert_eq!(headers["content-encoding"], name, "{path}");
            assert_eq!(headers["content-length"], body.len().to_string(), "{path}");
            assert_eq!(headers.get("link"), link.as_ref(), "{path}");
            assert!(body.len() * 2 < plain.len(), "{path} {name}: {} of {}", body.len(), plain.len());
            // Once more: the form that was made before.
            assert_eq!(fetch(&as_it_is, &url, &planner, Some(name)).await.1, body);
            assert_eq!(fetch(&decoding(name), &url, &planner, None).await.1, plain, "{path} {name}");
        }
        let (headers, body) = fetch(&as_it_is, &url, &planner, Some("gzip;q=0, identity")).await;
        assert_eq!((headers.get("content-encoding"), &body), (None, &plain), "{path}");
    }
    let kept = planner.get("/missions?limit=20").await;
    assert_eq!(found(&kept), "HIT", "every form is one list");
}

#[tokio::test]
async fn objects_keep_their_strong_tag_and_are_not_compressed() {
    let test = Test::start(Kind::Sqlite).await;
    let planner = test.manager().await.with_header("accept-encoding", "gzip, br, zstd");
    let (project, _) = planned(&planner, &"Cyrano ".repeat(20)).await;
    let answer = planner.get(&format!("/projects/{project}")).await;
    assert_eq!(answer.header("content-encoding"), "");
    assert!(!answer.header("etag").is_empty());
}
