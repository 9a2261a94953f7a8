//! What is another org's, and what is a colleague's own, answers as what does not exist.

use super::{
    none, part,
    people::{Someone, everyone},
};
use crate::operations::{House, Operation, declared, fill, ids, lists_of_an_org};
use crate::support::{Kind, Outcome, Persona, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};

const UNKNOWN_ID: &str = "019f0000-0000-7000-8000-000000000000";
/// In every text of the other org.
const MARKS: [&str; 3] = ["zanzibar", "other.example", "other house"];

fn as_column<'a, 't>(everyone: &'a [Someone<'t>], column: &str) -> &'a Someone<'t> {
    everyone.iter().find(|someone| someone.column == column).expect("a column")
}

/// All that a client sees of an answer, but what differs between any two.
fn seen(answer: &Outcome) -> (u16, Vec<(String, String)>, Json) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    let mut body: Json = serde_json::from_str(&answer.text).unwrap_or_else(|_| json!(answer.text));
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    (answer.status.as_u16(), headers, body)
}

/// What of the other org is in an answer.
fn leaks<'a>(answer: &Outcome, ids: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let text = format!("{:?} {}", answer.headers, answer.text).to_lowercase();
    let found = MARKS.into_iter().chain(ids).find(|mark| text.contains(mark))?;
    Some(format!("{found} is in {text}"))
}

/// The call with one of its names standing for `id`, the others for what is in `house`.
async fn with_id(call: &Operation, name: &str, id: &str, house: &mut House<'_>) -> (String, String) {
    let mut value = async |hole: &str| match hole {
        hole if hole == name => id.to_owned(),
        "own-email" => "owner@rideau.example".to_owned(),
        hole => house.id(hole).await,
    };
    (fill(&call.declared.address, &mut value).await, fill(call.declared.body, &mut value).await)
}

#[rstest]
#[tokio::test]
async fn another_orgs_ids_answer_exactly_like_unknown_ones(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(0, 1, 2)] number: usize,
) {
    let test = Test::start(db).await;
    let everyone = everyone(&test).await;
    let stranger = &as_column(&everyone, "other org's owner").persona;
    let mut ours = House::of_tech(&test, &as_column(&everyone, "owner").persona);
    let mut theirs = House::of_other_org(&test, stranger).await;
    theirs.furnish().await;
    let before = all_lists(stranger).await;
    let mut differences = Vec::new();
    for call in part(number) {
        ours.forget();
        for name in call.ids() {
            for column in ["manager", "owner"] {
                let someone = as_column(&everyone, column);
                let (address, body) = with_id(call, &name, &theirs.id(&name).await, &mut ours).await;
                let foreign = someone.send(&test, call, &address, &body).await;
                let (address, body) = with_id(call, &name, UNKNOWN_ID, &mut ours).await;
                let unknown = someone.send(&test, call, &address, &body).await;
                let what = format!("{} as {column} with their {name}", call.name());
                if seen(&foreign) != seen(&unknown) {
                    let (foreign, unknown) = (seen(&foreign), seen(&unknown));
                    differences.push(format!("{what}: {foreign:?}, but for an unknown one {unknown:?}"));
                }
                // A check answers that it would be refused.
                let refused = call.template.ends_with(":check") && foreign.text.contains(r#""ok":false"#);
                if call.writes() && foreign.status.is_success() && !refused {
                    differences.push(format!("{what}: {}", foreign.text));
                }
                differences.extend(leaks(&foreign, theirs.ids()).map(|leak| format!("{what}: {leak}")));
            }
        }
    }
    none(&differences);
    assert_eq!(all_lists(stranger).await, before, "nothing of theirs has changed");
}

/// The addresses of everything that can be listed, but for what every request changes; with the query that they require.
fn lists() -> impl Iterator<Item = String> {
    let address = |call: &Operation| {
        let parameters = call.json["parameters"].as_array().into_iter().flatten();
        let required = parameters.filter(|one| one["in"] == "query" && one["required"] == true);
        let names: Vec<_> = required.filter_map(|one| one["name"].as_str()).collect();
        let is_required = |part: &&str| names.iter().any(|name| part.split('=').next() == Some(name));
        match call.declared.query().split('&').filter(is_required).collect::<Vec<_>>() {
            none if none.is_empty() => call.declared.path().to_owned(),
            parts => format!("{}?{}", call.declared.path(), parts.join("&")),
        }
    };
    let is_list = |call: &&Operation| !call.writes() && !call.template.contains('{');
    declared()
        .iter()
        .filter(is_list)
        .map(address)
        .filter(|path| !["/invitations/verify", "/metrics"].contains(&path.as_str()))
}

async fn all_lists(of: &Persona<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for path in lists() {
        found.push(of.get(&path).await.text);
    }
    found
}

#[rstest]
#[tokio::test]
async fn a_colleagues_own_things_answer_to_a_technician_as_if_they_were_not_there(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let everyone = everyone(&test).await;
    let mut colleagues = House::of_colleague(&test, &as_column(&everyone, "owner").persona).await;
    let tech = as_column(&everyone, "tech");
    let mut differences = Vec::new();
    let mut walked = 0;
    for call in (0..super::PARTS).flat_map(part) {
        let personal = call.status("colleague") == Some(404);
        colleagues.forget();
        for name in call.ids().into_iter().filter(|_| personal) {
            walked += 1;
            let (address, body) = with_id(call, &name, &colleagues.id(&name).await, &mut colleagues).await;
            let colleague = seen(&tech.send(&test, call, &address, &body).await);
            let (address, body) = with_id(call, &name, UNKNOWN_ID, &mut colleagues).await;
            let unknown = seen(&tech.send(&test, call, &address, &body).await);
            if colleague != unknown {
                let what = call.name();
                differences.push(format!("{what}: {colleague:?}, but for an unknown one {unknown:?}"));
            }
        }
    }
    none(&differences);
    assert!(walked >= 20, "only {walked} calls are about personal things");
}

#[rstest]
#[tokio::test]
async fn nothing_of_another_org_shows_in_what_can_be_read(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let everyone = everyone(&test).await;
    let stranger = &as_column(&everyone, "other org's owner").persona;
    let mut ours = House::of_tech(&test, &as_column(&everyone, "owner").persona);
    let mut theirs = House::of_other_org(&test, stranger).await;
    for house in [&mut ours, &mut theirs] {
        house.make_conflict().await;
        house.furnish().await;
    }
    let mut addresses: Vec<_> = lists().collect();
    addresses.extend(["projects", "missions", "users"].map(|name| format!("/{name}?q=zanzibar")));
    for call in declared().iter().filter(|call| !call.writes() && call.template.contains('{')) {
        addresses.push(fill(&call.declared.address, async |name| ours.id(name).await).await);
    }
    let mut differences = Vec::new();
    for address in &addresses {
        for column in ["tech", "manager", "admin", "owner", "removed member"] {
            let answer = as_column(&everyone, column).persona.get(address).await;
            let leak = leaks(&answer, theirs.ids());
            differences.extend(leak.map(|leak| format!("{address} as {column}: {leak}")));
        }
    }
    none(&differences);

    // There is something to see everywhere: they see it.
    for list in lists_of_an_org().chain(["/orgs/current"]) {
        assert!(addresses.iter().any(|address| address == list), "{list} was not asked for");
        assert!(leaks(&stranger.get(list).await, theirs.ids()).is_some(), "{list} shows them nothing");
    }
}

#[rstest]
#[tokio::test]
async fn an_answer_kept_for_another_org_is_not_given_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let mut everyone = everyone(&test).await;
    let keyed = |someone: &mut Someone<'_>| {
        someone.persona = someone.persona.clone().with_header("idempotency-key", "the-same-key");
    };
    let stranger = as_column(&everyone, "other org's owner").persona.clone();
    let owner = as_column(&everyone, "owner").persona.clone();
    everyone.iter_mut().for_each(keyed);
    let (given, mine) = (as_column(&everyone, "other org's owner"), as_column(&everyone, "owner"));
    let mut ours = House::of_tech(&test, &owner);
    let mut theirs = House::of_other_org(&test, &stranger).await;
    let mut differences = Vec::new();
    let mut walked = 0;
    for call in (0..super::PARTS).flat_map(part) {
        let takes_back = call.template.ends_with(":check");
        let keeps = call.method == Method::POST && !call.template.contains("/auth/") && !takes_back;
        // A link is its own caller, whoever sends it; one's own answer is a technician's.
        let own = call.status("anonymous") == Some(200) || call.status("owner") == Some(403);
        if !keeps || own {
            continue;
        }
        walked += 1;
        theirs.forget();
        ours.forget();
        let mut value = async |name: &str| theirs.id(name).await;
        let (address, body) =
            (fill(&call.declared.address, &mut value).await, fill(call.declared.body, &mut value).await);
        let first = given.send(&test, call, &address, &body).await;
        first.ok();
        let again = given.send(&test, call, &address, &body).await;
        assert_eq!(
            (again.header("idempotency-replayed"), again.text.as_str()),
            ("true", first.text.as_str()),
            "{}",
            call.name()
        );
        let asked = mine.send(&test, call, &address, &body).await;
        if !asked.header("idempotency-replayed").is_empty() {
            differences.push(format!("{}: {}", call.name(), asked.text));
        }
        differences.extend(leaks(&asked, theirs.ids()).map(|leak| format!("{}: {leak}", call.name())));
        if call.ids().is_empty() {
            asked.ok();
            continue;
        }
        let mut value = async |name: &str| match name {
            name if ids().contains(name) => UNKNOWN_ID.to_owned(),
            name => ours.id(name).await,
        };
        let (address, body) =
            (fill(&call.declared.address, &mut value).await, fill(call.declared.body, &mut value).await);
        let unknown = mine.send(&test, call, &address, &body).await;
        if seen(&asked) != seen(&unknown) {
            differences.push(format!("{}: {:?}, not {:?}", call.name(), seen(&asked), seen(&unknown)));
        }
    }
    none(&differences);
    assert!(walked >= 15, "only {walked} calls keep their answer");
}

#[rstest]
#[tokio::test]
async fn an_account_of_two_orgs_acts_in_each_apart(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, stranger, tech) = (test.owner().await, test.other_owner().await, test.tech().await);
    // The same login is a technician here and the owner there, where they are accepted on a mission.
    let person = stranger.user("Zoé Zanzibar").await;
    let member = json!({ "email": "tech@rideau.example", "role": "owner", "user_id": person });
    stranger.post("/orgs/members", member).await.ok();
    test.prove("tech@rideau.example").await;
    let there = stranger.mission("Zanzibar", "08:00", "12:00").await;
    let accepted = json!({ "mission_id": there, "user_id": person, "status": "ACCEPTED" });
    stranger.post("/assignments", accepted).await.ok();

    tech.post("/projects", json!({ "name": "Non" })).await.refused(403, "forbidden");
    let here = owner.mission("Montage", "09:00", "11:00").await;
    let call = owner.assignment(&here, &test.tech_user.to_string()).await;
    tech.post_empty(&format!("/assignments/{call}/accept")).await.ok();
    tech.get(&format!("/missions/{there}")).await.refused(404, "not_found");
    for path in [
        "/assignments?me=1".to_owned(),
        "/users".into(),
        "/conflicts".into(),
        format!("/users/{}/calendar?include=missions", test.tech_user),
        format!("/conflicts/user/{}", test.tech_user),
        "/orgs/members".into(),
    ] {
        let answer = tech.get(&path).await;
        answer.ok();
        assert_eq!(leaks(&answer, [there.as_str(), person.as_str()]), None, "{path}");
    }

    // There, the token of the switch opens what the one from here does not, and a key used there is unused here.
    let switched = tech.post("/auth/switch", json!({ "org_id": test.other_org })).await.ok();
    let key = ("idempotency-key", "the-same-key");
    let there_too = tech
        .clone()
        .with_token(switched["access_token"].as_str().expect("a token"))
        .with_header(key.0, key.1);
    let copy = format!("/missions/{there}:duplicate");
    there_too.post_empty(&copy).await.ok();
    assert_eq!(there_too.post_empty(&copy).await.header("idempotency-replayed"), "true");
    let manager = json!({ "role": "manager" });
    let members = owner.get("/orgs/members").await.ok();
    let mut listed = members["members"].as_array().expect("members").iter();
    let me = listed.find(|member| member["email"] == "tech@rideau.example").expect("a member");
    let account = me["account_id"].as_str().expect("an id");
    owner.patch(&format!("/orgs/members/{account}"), manager).await.ok();
    tech.with_header(key.0, key.1).post_empty(&copy).await.refused(404, "not_found");
}
