//! What nobody may set, and what a technician must not see.

use super::UNKNOWN_ID;
use crate::operations::{House, Operation, Sample, fill, ids, operations};
use crate::support::{Kind, Persona, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap, hash_map::Entry};

/// Members that decide whose something is, who someone is, or what happened when: nobody sets them by adding them.
const FORBIDDEN: [&str; 12] = [
    "org_id",
    "role",
    "status",
    "account_id",
    "id",
    "created_at",
    "updated_at",
    "owner_id",
    "is_active",
    "password_hash",
    "conflict_override",
    "token_hash",
];

/// The members that the document allows at the top of the body, and whether the body is an array of such objects.
/// None when the operation takes no JSON object.
fn allowed(document: &Json, operation: &Operation) -> Option<(BTreeSet<String>, bool)> {
    let schema = &operation.json["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() {
        return None;
    }
    let many = schema["type"] == "array";
    let mut found = BTreeSet::new();
    members(document, if many { &schema["items"] } else { schema }, &mut found);
    Some((found, many))
}

fn members(document: &Json, schema: &Json, found: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect("a schema");
        return members(document, target, found);
    }
    found.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    for several in ["oneOf", "anyOf", "allOf"] {
        let ways = schema[several].as_array().into_iter().flatten();
        ways.for_each(|way| members(document, way, found));
    }
}

fn value_of(test: &Test, member: &str) -> Json {
    match member {
        "org_id" => json!(test.other_org),
        "role" => json!("owner"),
        "status" => json!("ACCEPTED"),
        "is_active" => json!(true),
        "created_at" | "updated_at" => json!("2020-01-01T00:00:00Z"),
        _ => json!(UNKNOWN_ID),
    }
}

#[rstest]
#[tokio::test]
async fn what_a_caller_may_not_set_is_an_unknown_member_in_every_body(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let document = coulisses::app::document();
    let (mut bodies, mut tried) = (0, 0);
    for operation in operations() {
        let Some((allowed, many)) = allowed(&document, &operation) else { continue };
        bodies += 1;
        let sample = Sample::of(&owner, &operation).await;
        let good = sample.body.clone().unwrap_or(json!({}));
        let before = test.audit_count().await;
        for member in FORBIDDEN.into_iter().filter(|member| !allowed.contains(*member)) {
            tried += 1;
            let mut body = good.clone();
            let object = if many { &mut body[0] } else { &mut body };
            object[member] = value_of(&test, member);
            let answer = sample.with_body(body).send(&owner).await;
            let pointer = if many { format!("/0/{member}") } else { format!("/{member}") };
            let what = format!("{} {} with {member}", operation.method, operation.template);
            assert_eq!(answer.status, 400, "{what}: {}", answer.text);
            assert_eq!(answer.wrong_members(), [pointer], "{what}");
            assert_eq!(answer.json()["errors"][0]["code"], "unknown", "{what}");
        }
        assert_eq!(test.audit_count().await, before, "{} {}", operation.method, operation.template);
        // It was the member that was refused.
        sample.send(&owner).await.ok();
    }
    assert!(bodies >= 40 && tried >= 400, "{tried} members in {bodies} bodies");
}

/// Values of colleagues that only planners may see; each is somewhere in what a manager reads.
const SECRETS: [&str; 12] = [
    "zq-courriel@secret.example",
    "zq-login@secret.example",
    "zq 06 11 22 33 44",
    "zq-secu-1890123",
    "zq-passeport",
    "4321.09",
    "zq-bio",
    "zq-absence",
    "zq-note",
    "zq-raison",
    "zq-derogation",
    "zq-invite@secret.example",
];
/// Members of a person that are absent, not null, where they are a colleague's.
const PERSONAL: [&str; 7] = ["email", "phone", "bio", "locale", "legal_ids", "documents", "rate_profile"];

/// A colleague of whom everything is known, and the things they are in, by the names that declarations have for them.
struct Colleague(HashMap<String, String>);

fn text(object: &Json, member: &str) -> String {
    object[member].as_str().unwrap_or_else(|| panic!("no {member} in {object}")).to_owned()
}

impl Colleague {
    async fn settle(test: &Test) -> Self {
        let owner = test.owner().await;
        let person = json!({
            "name": "Camille Collègue", "email": SECRETS[0], "phone": SECRETS[2], "bio": SECRETS[6], "locale": "en",
            "legal_ids": { "secu": SECRETS[3] }, "documents": { "passeport": SECRETS[4] },
        });
        let user = text(&owner.post("/users", person).await.ok(), "id");
        let rates = json!({ "rate_profile": { "jour": 4321.09 } });
        owner.put(&format!("/rates/user/{user}"), rates).await.ok();
        let login = json!({ "email": SECRETS[1], "role": "tech", "user_id": user });
        let account = text(&owner.post("/orgs/members", login).await.ok(), "account_id");
        let project = owner.project("Tournée").await;
        let hours = |from: &str, to: &str| {
            json!({
                "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z"),
                "title": "Montage", "project_id": project,
            })
        };
        let mut made = Vec::new();
        for (from, to, reason) in [("08:00", "12:00", None), ("10:00", "14:00", Some(SECRETS[10]))] {
            let mission = text(&owner.post("/missions", hours(from, to)).await.ok(), "id");
            let body = json!({
                "mission_id": mission, "user_id": user, "status": "ACCEPTED", "note": SECRETS[8],
                "override_reason": reason,
            });
            made.push((mission, text(&owner.post("/assignments", body).await.ok(), "id")));
        }
        // They decline another one with a reason, by link.
        let third = text(&owner.post("/missions", hours("20:00", "22:00")).await.ok(), "id");
        let declined = owner.assignment(&third, &user).await;
        let link = json!({ "assignment_id": declined, "email": SECRETS[11] });
        let link = owner.post("/invitations", link).await.ok();
        let invitation = text(&link, "id");
        let no = json!({ "token": link["token"], "reason": SECRETS[9] });
        test.anonymous().post(&format!("/invitations/{invitation}/decline"), no).await.ok();
        let signed_in = test.signed_in(SECRETS[1]).await;
        let session = test.app.tokens.read_access(signed_in.token()).expect("claims").sid.to_string();
        let period = json!({
            "user_id": user, "start_at": "2026-07-12T08:00:00Z", "end_at": "2026-07-12T12:00:00Z", "note": SECRETS[7],
        });
        let availability = text(&owner.post("/availabilities", period).await.ok(), "id");
        // The technician is on the same mission.
        let (mission, assignment) = made.swap_remove(0);
        let own = owner.assignment(&mission, &test.tech_user.to_string()).await;
        let (_, token) = owner.invitation(&own).await;
        let known = [
            ("org", test.org.to_string()),
            ("user", user),
            ("account", account),
            ("project", project),
            ("mission", mission),
            ("assignment", assignment),
            ("availability", availability),
            ("invitation", invitation),
            ("session", session),
            ("token", token),
        ];
        let mut things: HashMap<_, _> = known.into_iter().map(|(name, id)| (name.to_owned(), id)).collect();
        // What has nothing to do with the others is made as its declaration says.
        let mut house = House::of_user(test, &owner, SECRETS[1], &things["user"]);
        for name in ids() {
            if let Entry::Vacant(vacant) = things.entry(name) {
                let id = house.id(vacant.key()).await;
                vacant.insert(id);
            }
        }
        Self(things)
    }

    fn thing(&self, name: &str) -> String {
        self.0.get(name).unwrap_or_else(|| panic!("nothing is called <{name}>")).clone()
    }

    /// The values to filter a list with: all that might bring the colleague's things up.
    fn filters(&self, parameter: &str) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|word| word.replace(' ', "%20")).collect();
        match parameter {
            "object_id" => vec![self.thing("user"), self.thing("assignment")],
            "actor_id" => vec![self.thing("account")],
            id if id.ends_with("_id") => vec![self.thing(id.trim_end_matches("_id"))],
            "q" => words(&[&SECRETS[..], &["zq", "Camille", "secret.example"]].concat()),
            "skill" | "tag" | "object_type" => words(&["zq", "user"]),
            "status" => words(&["ACCEPTED", "DECLINED", "PENDING", "pending", "answered"]),
            "kind" => words(&[
                "calls",
                "member",
                "reminder",
                "moved",
                "called_off",
                "answers",
                "digest",
                "available",
                "unavailable",
            ]),
            "by" => words(&["day", "role"]),
            "staffing" => words(&["open", "full"]),
            "state" => words(&["queued", "sent", "failed"]),
            "role_name" => words(&["zq"]),
            "include" => words(&["missions", "availabilities"]),
            "active" | "me" | "needs_confirmation" | "never_asked" => words(&["true", "false", "0", "1"]),
            "unanswered_hours" => words(&["1"]),
            "from" | "since" => words(&["2026-01-01T00:00:00Z"]),
            "to" => words(&["2027-01-01T00:00:00Z"]),
            "limit" => words(&["1000"]),
            "max_seconds" => words(&["1"]),
            "cursor" => Vec::new(),
            "token" => vec![self.thing("token")],
            // Who has a key may read that feed: security/feeds.rs.
            "key" => words(&["zq"]),
            other => panic!("say how {other} is filtered by"),
        }
    }

    /// Every GET of the document, bare and with each of its filters.
    async fn addresses(&self) -> Vec<String> {
        let mut found = Vec::new();
        for operation in operations().iter().filter(|operation| operation.method == Method::GET) {
            let path = fill(operation.declared.path(), async |name| self.thing(name)).await;
            found.push(path.clone());
            let parameters = operation.json["parameters"].as_array().into_iter().flatten();
            for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
                let name = parameter["name"].as_str().expect("a name");
                found.extend(self.filters(name).iter().map(|value| format!("{path}?{name}={value}")));
            }
        }
        assert!(found.len() > 80, "{} addresses", found.len());
        found
    }

    /// The personal members of every object, however deep, that is the colleague or about them.
    fn personal<'j>(&self, json: &'j Json, found: &mut BTreeSet<&'j str>) {
        if let Some(object) = json.as_object() {
            let about = |id: &Json| *id == self.0["user"] || *id == self.0["account"];
            if ["id", "user_id", "account_id"].iter().any(|name| json.get(name).is_some_and(about)) {
                found.extend(object.keys().map(String::as_str).filter(|name| PERSONAL.contains(name)));
            }
            object.values().for_each(|value| self.personal(value, found));
        }
        json.as_array().into_iter().flatten().for_each(|item| self.personal(item, found));
    }
}

async fn read(who: &Persona<'_>, address: &str) -> (u16, Json, String) {
    let answer = who.get(address).await;
    let lower = format!("{:?} {}", answer.headers, answer.text).to_lowercase();
    (answer.status.as_u16(), serde_json::from_str(&answer.text).unwrap_or_default(), lower)
}

#[rstest]
#[tokio::test]
async fn a_technician_reads_nothing_personal_of_a_colleague_anywhere(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let colleague = Colleague::settle(&test).await;
    let (tech, manager) = (test.tech().await, test.manager().await);
    let mut leaks = Vec::new();
    let (mut seen, mut members) = (BTreeSet::<&str>::new(), BTreeSet::<String>::new());
    for address in colleague.addresses().await {
        let (status, json, text) = read(&tech, &address).await;
        assert!(matches!(status, 200 | 400 | 403 | 404), "{address}: {status}");
        // What was asked for may be repeated in the address of the next page.
        let asked = address.to_lowercase();
        leaks.extend(
            SECRETS
                .iter()
                .filter(|s| text.contains(**s) && !asked.contains(&s.replace(' ', "%20")))
                .map(|s| format!("{address}: {s}")),
        );
        let mut personal = BTreeSet::new();
        colleague.personal(&json, &mut personal);
        leaks.extend(personal.iter().map(|member| format!("{address}: the member {member}")));
        for unseen in ["legal_ids", "documents"] {
            leaks.extend(
                text.contains(&format!("\"{unseen}\"")).then(|| format!("{address}: the member {unseen}")),
            );
        }
        // A search that finds them by what is hidden would tell it letter by letter.
        if address.contains("?q=zq") || address.contains("?q=secret") {
            assert!(status == 403 || (status, json) == (200, json!([])), "{address}");
        }

        let (_, json, text) = read(&manager, &address).await;
        seen.extend(SECRETS.iter().filter(|secret| text.contains(**secret)));
        let mut personal = BTreeSet::new();
        colleague.personal(&json, &mut personal);
        members.extend(personal.into_iter().map(str::to_owned));
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    // All of it is there to be seen.
    assert_eq!(seen.len(), SECRETS.len(), "a manager sees {seen:?}");
    assert_eq!(members, PERSONAL.map(str::to_owned).into(), "a manager sees them");
}
