//! Tags of single objects: what a client has already is not sent again, and what it has not seen is not overwritten.

use crate::support::{Kind, Operation, Persona, Sample, Test, operations};
use axum::http::Method;
use rstest::rstest;
use serde_json::json;

/// The reads of single objects: those that the document says may answer 304. A calendar has a tag, too, but nothing is done to
/// it.
fn singles() -> Vec<Operation> {
    let has_tag =
        |operation: &Operation| operation.may_answer("304") && !operation.template.ends_with("/calendar.ics");
    let singles: Vec<_> = operations().into_iter().filter(has_tag).collect();
    let found: Vec<_> = singles.iter().map(|single| single.template.trim_start_matches("/api/v1")).collect();
    for wanted in [
        "/auth/sessions/{id}",
        "/invitations/{id}",
        "/orgs/current",
        "/orgs/current/membership",
        "/orgs/members/{account_id}",
        "/projects/{id}",
        "/missions/{id}",
        "/assignments/{id}",
        "/users/{id}",
        "/users/{id}/profile",
        "/availabilities/{id}",
        "/availability/{id}",
        "/rates/user/{uid}",
    ] {
        assert!(found.contains(&wanted), "{wanted} is not in {found:?}");
    }
    singles
}

/// What can be done to the same object under a condition.
fn writes(template: &str) -> Vec<Operation> {
    let conditional = |operation: &Operation| operation.template == template && operation.takes("If-Match");
    let mut writes: Vec<_> = operations().into_iter().filter(conditional).collect();
    // Deleting comes last: there is nothing to change afterwards.
    writes.sort_by_key(|operation| operation.method == Method::DELETE);
    assert!(!writes.is_empty(), "{template}");
    writes
}

async fn tag(persona: &Persona<'_>, path: &str) -> String {
    let answer = persona.get(path).await;
    answer.ok();
    answer.header("etag").to_owned()
}

#[rstest]
#[tokio::test]
async fn what_a_client_has_is_not_sent_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    for single in singles() {
        let path = Sample::of(&owner, &single).await.path;
        let first = owner.get(&path).await;
        first.ok();
        let tag = first.header("etag");
        // What is kept as lists are has a weak one.
        let strong = tag.strip_prefix("W/").unwrap_or(tag);
        assert_eq!(strong != tag, path.starts_with("/planning"), "{path}: {tag}");
        let inside = strong.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).expect("a tag");
        assert!(inside.len() >= 16 && inside.bytes().all(|b| b.is_ascii_graphic() && b != b'"'), "{tag}");
        let again = owner.get(&path).await;
        assert_eq!((again.header("etag"), &again.text), (tag, &first.text), "{path}");

        for known in [
            tag.to_owned(),
            format!("W/{strong}"),
            format!("\"other\", W/\"more\" , {strong}"),
            "*".to_owned(),
        ] {
            let reader = owner.clone().with_header("if-none-match", &known);
            for method in [Method::GET, Method::HEAD] {
                let answer = reader.send(method.clone(), &path, None).await;
                assert_eq!(answer.status, 304, "{method} {path} with {known}");
                assert_eq!((answer.text.as_str(), answer.header("etag")), ("", tag), "{method} {path}");
                assert_eq!(answer.header("content-type"), "", "{method} {path}");
            }
        }
        for unknown in ["\"other\"", "W/\"other\"", "", inside] {
            let answer = owner.clone().with_header("if-none-match", unknown).get(&path).await;
            assert_eq!((answer.ok(), answer.header("etag")), (first.json(), tag), "{path} with {unknown}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_condition_hides_no_refusal(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let anything = test.owner().await.with_header("if-none-match", "*");
    anything.get("/projects/019f0000-0000-7000-8000-000000000000").await.refused(404, "not_found");
    let anything = test.anonymous().with_header("if-none-match", "*");
    anything.get("/orgs/current").await.refused(401, "unauthenticated");
    let overwrite = test.owner().await.with_header("if-match", "*");
    let gone = "/projects/019f0000-0000-7000-8000-000000000000";
    overwrite.put(gone, json!({ "name": "x" })).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn lists_carry_no_tag(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    for list in operations().iter().filter(|operation| operation.method == Method::GET && operation.lists()) {
        let path = Sample::of(&owner, list).await.path;
        let answer = owner.get(&path).await;
        answer.ok();
        assert_eq!(answer.header("etag"), "", "{path}");
        let anything = owner.clone().with_header("if-none-match", "*");
        assert_eq!(anything.get(&path).await.ok(), answer.json(), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn what_was_not_seen_is_not_overwritten(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    // A plan is nothing that is written.
    for single in singles().into_iter().filter(|single| !single.template.ends_with("/planning")) {
        let sample = Sample::of(&owner, &single).await;
        let mut stale = tag(&owner, &sample.path).await;
        let writes = writes(&single.template);
        // Somebody else is faster.
        match writes.iter().find(|write| write.method != Method::DELETE) {
            Some(other) => drop(sample.again_as(other).await.send(&owner).await.ok()),
            None => stale = "\"of something else\"".to_owned(),
        }
        for write in writes {
            let wanted = sample.again_as(&write).await;
            let current = tag(&owner, &sample.path).await;
            assert_ne!(current, stale, "{}", sample.path);
            let (before, entries) = (owner.get(&sample.path).await.text, test.audit_count().await);
            for (name, value) in [
                ("if-match", stale.as_str()),
                ("if-match", &format!("W/{current}")),
                ("if-match", &format!("\"other\", W/{current}, {stale}")),
                ("if-match", ""),
                ("if-none-match", "*"),
                ("if-none-match", &current),
                ("if-none-match", &format!("\"other\", W/{current}")),
            ] {
                let refused = wanted.send(&owner.clone().with_header(name, value)).await;
                assert_eq!(refused.status, 412, "{} {} {name}: {value}", wanted.method, wanted.path);
                refused.refused(412, "precondition_failed");
            }
            assert_eq!(owner.get(&sample.path).await.text, before, "{} {}", wanted.method, wanted.path);
            assert_eq!(test.audit_count().await, entries, "{} {}", wanted.method, wanted.path);

            if write.method == Method::DELETE {
                wanted.send(&owner.clone().with_header("if-match", &current)).await.ok();
                let after = owner.get(&sample.path).await;
                // An invitation that was taken back stays on record.
                match single.template.ends_with("/invitations/{id}") {
                    true => assert_eq!(after.ok()["status"], "revoked"),
                    false => drop(after.refused(404, "not_found")),
                }
                continue;
            }
            let changed = wanted.send(&owner.clone().with_header("if-match", &current)).await;
            changed.ok();
            assert_ne!(changed.header("etag"), current, "{} {}", wanted.method, wanted.path);
            for known in [&format!("\"other\" ,{}", changed.header("etag")), "*"] {
                let next = sample.again_as(&write).await;
                next.send(&owner.clone().with_header("if-match", known)).await.ok();
            }
        }
    }
}

/// Where the object is that a write acts on: its own address, or the one before its verb.
fn object_of(write: &Sample<'_>, template: &str) -> String {
    let own = singles().iter().any(|single| single.template == template);
    let verb = template.rsplit_once('}').map_or("", |(_, verb)| verb);
    write.path.strip_suffix(if own { "" } else { verb }).expect("a verb at the end").to_owned()
}

/// Every operation that writes, also those that the next one will add: with a tag that nothing has, it does nothing.
#[rstest]
#[tokio::test]
async fn no_write_ignores_a_condition(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let mut on_objects = 0;
    for write in operations().iter().filter(|operation| operation.method != Method::GET) {
        let what = format!("{} {}", write.method, write.template);
        let sample = Sample::of(&owner, write).await;
        let entries = test.audit_count().await;
        for tags in ["\"x\"", "\"x\", W/\"y\"", ""] {
            let refused = sample.send(&owner.clone().with_header("if-match", tags)).await;
            assert_eq!(refused.status, 412, "{what} with {tags}: {}", refused.text);
            refused.refused(412, "precondition_failed");
        }
        let only_new = sample.send(&owner.clone().with_header("if-none-match", "*")).await;
        assert_eq!(only_new.status, 412, "{what}: {}", only_new.text);
        assert_eq!(test.audit_count().await, entries, "{what}");
        // An id in the path is of an object with a tag, except where it is of what something new is made for.
        let of_object = write.template.contains('{') && !write.template.ends_with(":bulk_create")
            || write.template.contains("/orgs/current");
        assert_eq!(write.takes("If-Match"), of_object, "{what}");
        let tag = if of_object {
            on_objects += 1;
            tag(&owner, &object_of(&sample, &write.template)).await
        } else {
            "*".to_owned()
        };
        let written = sample.send(&owner.clone().with_header("if-match", &tag)).await;
        assert_eq!(written.status, 200, "{what}: {}", written.text);
    }
    assert!(on_objects >= 34, "{on_objects}");
}

/// A tag tells those who may not act nothing, and comes after everything that is wrong with the request itself.
#[rstest]
#[tokio::test]
async fn whoever_may_not_write_learns_nothing_from_a_tag(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let tech = test.tech().await.with_header("if-match", "\"x\"");
    let anyone = test.anonymous().with_header("if-match", "\"x\"");
    let path = format!(
        "/orgs/members/{}",
        owner.get("/orgs/members").await.ok()["members"][0]["account_id"].as_str().unwrap()
    );
    tech.delete(&path).await.refused(403, "forbidden");
    anyone.delete(&path).await.refused(401, "unauthenticated");
    tech.post("/projects", json!({ "name": "x" })).await.refused(403, "forbidden");
    anyone.post("/projects", json!({ "name": "x" })).await.refused(401, "unauthenticated");
    let owner = owner.with_header("if-match", "\"x\"");
    assert_eq!(owner.post("/projects", json!({})).await.wrong_members(), ["/name"]);
    let unknown = "019f0000-0000-7000-8000-000000000000";
    for path in ["/orgs/members", "/invitations", "/auth/sessions"] {
        owner.delete(&format!("{path}/{unknown}")).await.refused(404, "not_found");
    }
}

#[rstest]
#[tokio::test]
async fn deleting_with_a_star_takes_whatever_is_there(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let deletes =
        operations().into_iter().filter(|one| one.method == Method::DELETE && one.takes("If-Match"));
    for delete in deletes {
        let sample = Sample::of(&owner, &delete).await;
        sample.send(&owner.clone().with_header("if-match", "*")).await.ok();
    }
}

/// Bodies whose parts a database or a careless answer might give back in another order or form.
#[rstest]
#[tokio::test]
async fn a_write_answers_with_the_tag_of_the_next_read(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let user_body = json!({
        "name": "  Élodie   Bœuf ", "email": "Elodie@Example.org", "skills": ["son", { "skill": "Lumière", "level": 5 }, "abc"],
        "tags": ["vivier", "Éclair", "alpha", "Zeta"], "legal_ids": { "zz": 1, "a": [3, { "y": 1, "b": 2 }], "m": 2.50 },
        "documents": { "permis": { "until": "2030-01-01" }, "big": 18_446_744_073_709_551_615_u64, "exp": 1e16, "zero": -0.0 },
    });
    let user = owner.post("/users", user_body.clone()).await;
    let user_id = user.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(user.header("etag"), tag(&owner, &format!("/users/{user_id}")).await);
    let project =
        json!({ "name": " Le  Rideau ", "starts_at": "2026-07-01T10:00:00.123456789+02:00", "note": "a\nb" });
    let mission = json!({
        "title": "Montage", "start_at": "2026-07-10T10:00:00.5+02:00", "end_at": "2026-07-10T12:00:00+02:00",
        "timezone": "America/New_York", "roles": [{ "role_name": "son", "quota": 2 }, { "role_name": "Éclair" }],
    });
    let period = json!({ "user_id": user_id, "start_at": "2026-07-10T10:00:00+02:00", "end_at": "2026-07-11T10:00:00Z" });
    let mut ids = Vec::new();
    for (path, body) in [("/projects", project.clone()), ("/missions", mission), ("/availabilities", period)]
    {
        let created = owner.post(path, body).await;
        ids.push(created.ok()["id"].as_str().unwrap().to_owned());
        assert_eq!(
            created.header("etag"),
            tag(&owner, &format!("{path}/{}", ids.last().unwrap())).await,
            "{path}"
        );
    }
    let of_role = json!({ "mission_id": ids[1], "user_id": user_id, "role_name": "son" });
    let assigned = owner.post("/assignments", of_role).await;
    let assignment = assigned.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(assigned.header("etag"), tag(&owner, &format!("/assignments/{assignment}")).await);

    let (project_path, user_path) = (format!("/projects/{}", ids[0]), format!("/users/{user_id}"));
    let profile = json!({ "skills": ["zz", "aa", "Éé"], "tags": ["b", "A"], "rate_profile": { "jour": 19.99, "heure": 0.1 } });
    let rates = json!({ "rate_profile": { "z": 250.50, "a": 100.00 } });
    let member = json!({ "email": "Nouvelle@Rideau.example", "role": "tech" });
    let member = owner.post("/orgs/members", member).await.ok()["account_id"].clone();
    let member_path = format!("/orgs/members/{}", member.as_str().unwrap());
    let (mission_path, availability_path) =
        (format!("/missions/{}", ids[1]), format!("/availabilities/{}", ids[2]));
    for (method, path, read, body) in [
        (Method::PUT, project_path.clone(), &project_path, project),
        (
            Method::PATCH,
            project_path.clone(),
            &project_path,
            json!({ "ends_at": "2026-08-01T00:00:00.1234567Z" }),
        ),
        (Method::PUT, user_path.clone(), &user_path, user_body),
        (Method::PATCH, user_path.clone(), &user_path, json!({ "documents": { "a": 0.1, "exp": 2e16 } })),
        (Method::PUT, format!("{user_path}/profile"), &format!("{user_path}/profile"), profile),
        (Method::PUT, format!("/rates/user/{user_id}"), &format!("/rates/user/{user_id}"), rates.clone()),
        (Method::POST, format!("/rates/user/{user_id}"), &format!("/rates/user/{user_id}"), rates),
        (
            Method::PATCH,
            mission_path.clone(),
            &mission_path,
            json!({ "roles": [{ "role_name": "son" }, { "role_name": "abc" }] }),
        ),
        (Method::POST, format!("{availability_path}:approve"), &availability_path, json!({})),
        (Method::PATCH, availability_path.clone(), &availability_path, json!({ "note": "x" })),
        (Method::POST, format!("{availability_path}:reject"), &availability_path, json!({})),
        (
            Method::POST,
            format!("/assignments/{assignment}:status"),
            &format!("/assignments/{assignment}"),
            json!({ "status": "ACCEPTED" }),
        ),
        (
            Method::PATCH,
            format!("/assignments/{assignment}"),
            &format!("/assignments/{assignment}"),
            json!({ "note": "y" }),
        ),
        (Method::POST, format!("{mission_path}:cancel"), &mission_path, json!({})),
        (
            Method::PATCH,
            "/orgs/current".into(),
            &"/orgs/current".to_owned(),
            json!({ "name": " Autre  Nom " }),
        ),
        (Method::PATCH, member_path.clone(), &member_path, json!({ "role": "manager", "user_id": user_id })),
    ] {
        test.pass_seconds(1);
        let answer = owner.send(method.clone(), &path, Some(body.to_string())).await;
        answer.ok();
        let read_back = owner.get(read).await;
        // What a planner should know of a write is no part of the object.
        assert_eq!(read_back.text, answer.text.replace(r#","warnings":[]"#, ""), "{method} {path}");
        assert_eq!(read_back.header("etag"), answer.header("etag"), "{method} {path}");
    }
    let copy = owner.post_empty(&format!("{mission_path}:duplicate")).await;
    let copied = format!("/missions/{}", copy.ok()["id"].as_str().unwrap());
    assert_eq!(copy.header("etag"), tag(&owner, &copied).await);
}

#[rstest]
#[tokio::test]
async fn a_missions_tag_changes_with_its_counts(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let body = json!({
        "title": "Montage", "start_at": "2026-07-10T10:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        "roles": [{ "role_name": "son", "quota": 2 }],
    });
    let mission = owner.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/missions/{mission}");
    let mut tags = vec![tag(&owner, &path).await];
    let user = owner.user("Nina Simone").await;
    let assignment = owner.assignment(&mission, &user).await;
    tags.push(tag(&owner, &path).await);
    let (invitation, token) = owner.invitation(&assignment).await;
    assert_eq!(tag(&owner, &path).await, tags[1], "a link shows nowhere on the mission");
    test.anonymous().post(&format!("/invitations/{invitation}/accept"), json!({ "token": token })).await.ok();
    tags.push(tag(&owner, &path).await);
    // What a planner decides on what they saw before that is out of date.
    let outdated = owner.clone().with_header("if-match", &tags[1]);
    outdated.patch(&path, json!({ "title": "x" })).await.refused(412, "precondition_failed");
    owner.post_empty(&format!("{path}:cancel")).await.ok();
    tags.push(tag(&owner, &path).await);
    let distinct: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "{tags:?}");
}

#[rstest]
#[tokio::test]
async fn an_assignments_tag_changes_with_the_names_it_shows(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let project = owner.project("Festival").await;
    let mission = owner.mission("Montage", "08:00", "12:00").await;
    owner.patch(&format!("/missions/{mission}"), json!({ "project_id": project })).await.ok();
    let user = owner.user("Nina Simone").await;
    let path = format!("/assignments/{}", owner.assignment(&mission, &user).await);
    let mut last = tag(&owner, &path).await;
    for (what, patch) in [
        (format!("/projects/{project}"), json!({ "name": "Festival d'automne" })),
        (format!("/missions/{mission}"), json!({ "title": "Démontage" })),
        (format!("/missions/{mission}"), json!({ "end_at": "2026-07-10T13:00:00Z" })),
        (format!("/users/{user}"), json!({ "name": "Miriam Makeba" })),
    ] {
        owner.patch(&what, patch).await.ok();
        let next = tag(&owner, &path).await;
        assert_ne!(next, last, "after {what}");
        last = next;
    }
}

#[rstest]
#[tokio::test]
async fn whoever_sees_less_has_another_tag(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let colleague = manager.post("/users", json!({ "name": "Nina Simone", "phone": "1" })).await.ok();
    let path = format!("/users/{}", colleague["id"].as_str().unwrap());
    let (full, narrow) = (tag(&manager, &path).await, tag(&tech, &path).await);
    assert_ne!(full, narrow);
    tech.clone().with_header("if-none-match", &full).get(&path).await.ok();
    assert_eq!(tech.clone().with_header("if-none-match", &narrow).get(&path).await.status, 304);
    // What they do not see does not reach their tag either.
    manager.patch(&path, json!({ "phone": "2" })).await.ok();
    assert_eq!(tag(&tech, &path).await, narrow);
    assert_ne!(tag(&manager, &path).await, full);
    let own = format!("/users/{}", test.tech_user);
    assert_ne!(tag(&manager, &own).await, tag(&tech, &own).await, "numbers for employers are for planners");
    let project = format!("/projects/{}", manager.project("Festival").await);
    assert_eq!(tag(&manager, &project).await, tag(&tech, &project).await, "both see the same");
}
