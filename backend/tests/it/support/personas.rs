//! People to act as. A request goes through the real router; its outcome is read with the status that the rule wants.

use super::{AT_MOST, Test, contract};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use coulisses::{auth::entity::account, text::EmailKey};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::Frame;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value as Json;
use tower::ServiceExt;

/// Someone who sends requests.
#[derive(Clone)]
pub struct Persona<'t> {
    test: &'t Test,
    router: Router,
    token: Option<String>,
    headers: HeaderMap,
}

/// What came back.
#[derive(Debug)]
pub struct Outcome {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was sent.
    pub text: String,
}

impl<'t> Persona<'t> {
    pub(super) fn anonymous(test: &'t Test) -> Self {
        Self { test, router: test.router.clone(), token: None, headers: HeaderMap::new() }
    }

    /// With a session of the account, made as sign-in makes it but without hashing a password. Their memberships are
    /// taken up.
    pub(super) async fn sign_in(test: &'t Test, email: &str) -> Self {
        test.prove(email).await;
        Self::pending(test, email).await
    }

    /// The same, but what is pending stays so.
    pub(super) async fn pending(test: &'t Test, email: &str) -> Self {
        let db = &test.app.db;
        let found =
            account::Entity::find().filter(account::Column::EmailKey.eq(EmailKey::of(email))).one(db).await;
        let account = found.expect("accounts are read").expect("the persona's account").id;
        let org = if email.ends_with("@other.example") { test.other_org } else { test.org };
        let origin = coulisses::db::Origin::system();
        let tx = db.write(origin).await.expect("a transaction");
        let session = coulisses::resources::accounts::sessions::start(&tx, account, org, 86_400, None)
            .await
            .expect("a session");
        tx.commit().await.expect("the session is stored");
        let token =
            test.app.tokens.access(account, org, session.id, test.app.random.bytes()).expect("a token");
        Self { token: Some(token), ..Self::anonymous(test) }
    }

    /// The same person with another access token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// The same person, sending one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// The same person, talking to another instance.
    #[must_use]
    pub fn at(mut self, router: &Router) -> Self {
        self.router = router.clone();
        self
    }

    /// The test that they are in.
    pub fn test(&self) -> &'t Test {
        self.test
    }

    /// The access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a signed-in persona")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Outcome {
        self.send(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Json) -> Outcome {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    /// POST without a body.
    pub async fn post_empty(&self, path: &str) -> Outcome {
        self.send(Method::POST, path, None).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Json) -> Outcome {
        self.send(Method::PUT, path, Some(body.to_string())).await
    }

    /// PATCH with a merge patch.
    pub async fn patch(&self, path: &str, patch: Json) -> Outcome {
        let merge = self.clone().with_header("content-type", "application/merge-patch+json");
        merge.send(Method::PATCH, path, Some(patch.to_string())).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Outcome {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request; paths without a leading `/api` are taken as under `/api/v1`, unless they are the program's own.
    pub async fn send(&self, method: Method, path: &str, body: Option<String>) -> Outcome {
        let (uri, response) = self.answered(&method, path, body).await;
        let (parts, body) = response.into_parts();
        // A stream ends when time has passed: this is what it says at once.
        let is_stream =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let text = match is_stream {
            true => Heard(body).at_once().concat(),
            false => {
                let bytes = to_bytes(body, usize::MAX).await.expect("the body is read");
                String::from_utf8(bytes.to_vec()).expect("bodies are UTF-8")
            }
        };
        contract::check(method.as_str(), &uri, parts.status.as_u16(), &text);
        Outcome { status: parts.status, headers: parts.headers, text }
    }

    /// Opens a stream of events: its headers, and what is heard of it.
    pub async fn listen(&self, path: &str) -> (HeaderMap, Heard) {
        let (uri, response) = self.answered(&Method::GET, path, None).await;
        contract::check("GET", &uri, response.status().as_u16(), "");
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        let (parts, body) = response.into_parts();
        (parts.headers, Heard(body))
    }

    /// The request's URI and its response, whose body is not read yet.
    async fn answered(&self, method: &Method, path: &str, body: Option<String>) -> (String, Response) {
        let own = [
            "/healthz",
            "/livez",
            "/readyz",
            "/metrics",
            "/openapi.json",
            "/openapi/clients.json",
            "/docs",
            "/invite",
            "/invite.ics",
            "/calls",
            "/password",
            "/unsubscribe",
            "/favicon.svg",
            "/app",
            "/api",
            "/nothing",
        ];
        let outside = own.iter().any(|prefix| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
        });
        let uri = if outside { path.to_owned() } else { format!("/api/v1{path}") };
        let mut request = Request::builder().method(method.clone()).uri(&uri);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() && !self.headers.contains_key(header::CONTENT_TYPE) {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let mut request = request.body(body.map_or(Body::empty(), Body::from)).expect("a request");
        request.headers_mut().extend(self.headers.clone());
        (uri, self.router.clone().oneshot(request).await.expect("the router never fails"))
    }

    /// A cursor of a list, which must have a second row, whose key was replaced by something else.
    pub async fn forged_cursor(&self, list: &str, key: &str) -> String {
        let next = self.get(&format!("{list}?limit=1")).await.next_page().expect("a second row");
        let (_, cursor) = next.split_once("cursor=").expect("a cursor");
        let (_, list) = cursor.split_once('.').expect("what it belongs to");
        format!("{}.{list}", URL_SAFE_NO_PAD.encode(key))
    }

    /// A new project's id.
    pub async fn project(&self, name: &str) -> String {
        let created = self.post("/projects", serde_json::json!({ "name": name })).await.ok();
        created["id"].as_str().expect("an id").to_owned()
    }

    /// A new person's id.
    pub async fn user(&self, name: &str) -> String {
        let created = self.post("/users", serde_json::json!({ "name": name })).await.ok();
        created["id"].as_str().expect("an id").to_owned()
    }

    /// A new mission's id; the times are of 2026-07-10, in UTC.
    pub async fn mission(&self, title: &str, from: &str, to: &str) -> String {
        let body = serde_json::json!({
            "title": title, "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z"),
        });
        self.post("/missions", body).await.ok()["id"].as_str().expect("an id").to_owned()
    }

    /// A new assignment's id, INVITED.
    pub async fn assignment(&self, mission: &str, user: &str) -> String {
        let body = serde_json::json!({ "mission_id": mission, "user_id": user });
        self.post("/assignments", body).await.ok()["id"].as_str().expect("an id").to_owned()
    }

    /// A new invitation: its id and its token.
    pub async fn invitation(&self, assignment: &str) -> (String, String) {
        let created =
            self.post("/invitations", serde_json::json!({ "assignment_id": assignment })).await.ok();
        let text = |name: &str| created[name].as_str().expect("a text").to_owned();
        (text("id"), text("token"))
    }

    /// Where an assignment stands.
    pub async fn status_of(&self, assignment: &str) -> String {
        let found = self.get(&format!("/assignments/{assignment}")).await.ok();
        found["status"].as_str().expect("a status").to_owned()
    }
}

/// The open end of a stream of events.
pub struct Heard(Body);

impl Heard {
    /// Waits for the next event or comment; `None` at the end.
    pub async fn next(&mut self) -> Option<String> {
        let frame = tokio::time::timeout(AT_MOST, self.0.frame()).await.expect("something is heard");
        frame.map(text_of)
    }

    /// What it says without waiting for anything.
    pub fn at_once(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(Some(frame)) = self.0.frame().now_or_never() {
            said.push(text_of(frame));
        }
        said
    }
}

fn text_of(frame: Result<Frame<Bytes>, axum::Error>) -> String {
    let data = frame.expect("a stream does not fail").into_data().expect("data");
    String::from_utf8(data.to_vec()).expect("events are UTF-8")
}

impl Outcome {
    /// The body as JSON.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    /// The JSON of a success.
    #[track_caller]
    pub fn ok(&self) -> Json {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// The JSON without the one member that differs between equal refusals.
    pub fn without_request_id(&self) -> Json {
        let mut body = self.json();
        body.as_object_mut().expect("an object").remove("request_id");
        body
    }

    /// The problem of a refusal with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Json {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}", self.text);
        assert_eq!(problem["status"], status, "{}", self.text);
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{}", self.text);
        problem
    }

    /// The pointers of a 400, in the order of the answer.
    #[track_caller]
    pub fn wrong_members(&self) -> Vec<String> {
        let problem = self.json();
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{} {}", self.status, self.text));
        let of_a_kind = ["read_only", "invalid_cursor"]
            .into_iter()
            .find(|code| errors.iter().all(|error| error["code"] == *code));
        self.refused(400, of_a_kind.unwrap_or("validation_failed"));
        errors.iter().map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
    }

    /// A header's text; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    /// Where `Link` says the next page is.
    pub fn next_page(&self) -> Option<String> {
        let link = self.header("link");
        if link.is_empty() {
            return None;
        }
        let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
        let target = target.filter(|target| target.starts_with("/api/v1/"));
        Some(target.unwrap_or_else(|| panic!("{link}")).to_owned())
    }

    /// The value of the refresh cookie, when it was set.
    pub fn refresh_cookie(&self) -> Option<String> {
        let cookie = self.header("set-cookie");
        let value = cookie.strip_prefix("refresh_token=")?.split(';').next()?;
        (!value.is_empty()).then(|| value.to_owned())
    }
}
