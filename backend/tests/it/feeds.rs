//! Calendar feeds: what they show, who gets a key, and when it ends.

use crate::support::{Kind, Outcome, Persona, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const UNKNOWN_ID: &str = "019f0000-0000-7000-8000-000000000000";

/// The properties of each event of a calendar, without their parameters, by its UID.
pub fn events(calendar: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let unfolded = calendar.replace("\r\n ", "");
    let mut events = BTreeMap::new();
    for event in unfolded.split("BEGIN:VEVENT\r\n").skip(1) {
        let (event, _) = event.split_once("END:VEVENT\r\n").expect("the end of the event");
        let property = |line: &str| {
            let (name, value) = line.split_once(':').expect("a value");
            let name = name.split(';').next().unwrap_or_default();
            let value = value.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";");
            (name.to_owned(), value)
        };
        let event: BTreeMap<_, _> = event.split_terminator("\r\n").map(property).collect();
        events.insert(event["UID"].clone(), event);
    }
    events
}

/// The address of a feed under the API's base path, as a key's answer says.
pub fn address(shown: &Json) -> String {
    let url = shown["url"].as_str().expect("an address");
    let (_, address) = url.split_once("/api/v1").expect("of this API");
    assert_eq!(address.rsplit_once("key=").map(|(_, key)| key), shown["key"].as_str());
    address.to_owned()
}

/// The address of the feed of what is at this path.
pub async fn subscribe(who: &Persona<'_>, path: &str) -> String {
    address(&who.post_empty(&format!("{path}/calendar_key")).await.ok())
}

pub async fn read(test: &Test, address: &str) -> Outcome {
    let answer = test.anonymous().get(address).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

async fn closed(test: &Test, address: &str) {
    test.anonymous().get(address).await.refused(404, "not_found");
}

pub fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

#[rstest]
#[tokio::test]
async fn a_users_feed_shows_what_they_are_called_to(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, manager) = (test.owner().await, test.manager().await);
    let contact = json!({ "name": "Karim Haddad", "phone": "01 99 00 12 34", "email": "karim@example.org" });
    owner.patch("/orgs/current", json!({ "contact": contact })).await.ok();
    let project = manager.project("Festival d'été").await;
    let user = manager.user("Nina Simone").await;
    let call = async |title: &str, start: &str, end: &str, status: &str| {
        let mission = json!({
            "title": title, "project_id": project, "location": "Grande salle, cour", "note": "Entrée par la cour\nCode 12",
            "start_at": start, "end_at": end, "roles": [{ "role_name": "son", "quota": 9 }],
        });
        let mission = id(&manager.post("/missions", mission).await.ok());
        let body = json!({ "mission_id": mission, "user_id": user, "note": "Chaussures; noires" });
        let assignment = id(&manager.post("/assignments", body).await.ok());
        for status in status.split(' ').filter(|status| *status != "INVITED") {
            let path = format!("/assignments/{assignment}:status");
            manager.post(&path, json!({ "status": status })).await.ok();
        }
        assignment
    };
    let invited = call("Montage", "2026-07-10T08:00:00Z", "2026-07-10T12:00:00Z", "INVITED").await;
    let accepted = call("Concert", "2026-07-10T18:00:00Z", "2026-07-10T22:00:00Z", "ACCEPTED").await;
    let recent = call("Avril", "2026-04-02T06:00:00Z", "2026-04-02T08:00:01Z", "ACCEPTED").await;
    call("Mars", "2026-04-02T06:00:00Z", "2026-04-02T08:00:00Z", "INVITED").await;
    call("Non", "2026-07-11T08:00:00Z", "2026-07-11T12:00:00Z", "DECLINED").await;
    call("Retiré", "2026-07-12T08:00:00Z", "2026-07-12T12:00:00Z", "ACCEPTED CANCELLED").await;
    let off = call("Annulé", "2026-07-13T08:00:00Z", "2026-07-13T12:00:00Z", "ACCEPTED").await;
    let off =
        manager.get(&format!("/assignments/{off}")).await.ok()["mission_id"].as_str().unwrap().to_owned();
    manager.post_empty(&format!("/missions/{off}:cancel")).await.ok();
    // Somebody else's.
    let other = manager.mission("Balance", "08:00", "12:00").await;
    manager.assignment(&other, &test.tech_user.to_string()).await;

    let feed = subscribe(&manager, &format!("/users/{user}")).await;
    let calendar = read(&test, &feed).await;
    assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(calendar.header("cache-control"), "private");
    assert_eq!(calendar.header("content-disposition"), "inline; filename=\"calendar.ics\"");
    assert!(calendar.text.contains("X-WR-CALNAME:Théâtre du Rideau\r\n"), "{}", calendar.text);
    let found = events(&calendar.text);
    let statuses: BTreeMap<_, _> = found.iter().map(|(id, event)| (id, event["STATUS"].as_str())).collect();
    let wanted = [(&invited, "TENTATIVE"), (&accepted, "CONFIRMED"), (&recent, "CONFIRMED")];
    assert_eq!(statuses, wanted.into());
    let event = &found[&invited];
    let description = "Votre poste\u{a0}: son\nProjet\u{a0}: Festival d'été\nÀ savoir\u{a0}: Entrée par la cour\nCode 12\n\
        Pour vous\u{a0}: Chaussures; noires\nContact\u{a0}: Karim Haddad\n01 99 00 12 34\nkarim@example.org";
    for (name, value) in
        [("SUMMARY", "Montage – son"), ("LOCATION", "Grande salle, cour"), ("DESCRIPTION", description)]
    {
        assert_eq!(event[name], value, "{name}");
    }
    assert!(!calendar.text.contains("Nina"), "whose it is, they know");

    // In their language, where it is known.
    manager.patch(&format!("/users/{user}"), json!({ "locale": "en" })).await.ok();
    let english = &events(&read(&test, &feed).await.text)[&invited];
    assert!(english["DESCRIPTION"].starts_with("Your role: son\nProject: "), "{english:?}");
}

#[rstest]
#[tokio::test]
async fn a_users_key_is_the_same_until_it_is_ended(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let path = format!("/users/{}", test.tech_user);
    let feed = subscribe(&tech, &path).await;
    assert!(feed.starts_with(&format!("{path}/calendar.ics?key=")), "{feed}");
    assert_eq!(subscribe(&tech, &path).await, feed);
    assert_eq!(subscribe(&manager, &path).await, feed, "whoever asks");
    let shown = tech.post_empty(&format!("{path}/calendar_key")).await;
    assert_eq!(shown.header("cache-control"), "no-store");
    read(&test, &feed).await;

    let mut ended = vec![feed];
    for who in [&tech, &manager] {
        who.delete(&format!("{path}/calendar_key")).await.ok();
        let next = subscribe(&tech, &path).await;
        assert!(!ended.contains(&next), "another one");
        read(&test, &next).await;
        for old in &ended {
            closed(&test, old).await;
        }
        ended.push(next);
    }

    // A colleague's is not there.
    let colleague = format!("/users/{}/calendar_key", manager.user("Nina Simone").await);
    tech.post_empty(&colleague).await.refused(404, "not_found");
    tech.delete(&colleague).await.refused(404, "not_found");
    let unknown = format!("/users/{UNKNOWN_ID}/calendar_key");
    manager.post_empty(&unknown).await.refused(404, "not_found");
    manager.delete(&unknown).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn the_feed_of_a_user_is_closed_while_they_are_deactivated(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let path = format!("/users/{}", manager.user("Nina Simone").await);
    let feed = subscribe(&manager, &path).await;
    manager.patch(&path, json!({ "active": false })).await.ok();
    closed(&test, &feed).await;
    manager.post_empty(&format!("{path}/calendar_key")).await.refused(409, "user_inactive");
    manager.patch(&path, json!({ "active": true })).await.ok();
    read(&test, &feed).await;
    // One that is ended meanwhile stays so.
    manager.patch(&path, json!({ "active": false })).await.ok();
    manager.delete(&format!("{path}/calendar_key")).await.ok();
    manager.patch(&path, json!({ "active": true })).await.ok();
    closed(&test, &feed).await;
    manager.delete(&path).await.ok();
    closed(&test, &feed).await;
}

#[rstest]
#[tokio::test]
async fn a_projects_feed_shows_its_missions_and_nobodys_name(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    let mission = async |title: &str, day: &str, roles: Json| {
        let body = json!({
            "title": title, "project_id": project, "location": "Cour", "note": "Nina a la clé", "roles": roles,
            "start_at": format!("{day}T08:00:00Z"), "end_at": format!("{day}T12:00:00Z"),
        });
        id(&manager.post("/missions", body).await.ok())
    };
    let roles = json!([{ "role_name": "son", "quota": 2 }, { "role_name": "lumiere", "quota": 3 }, { "role_name": "plateau" }]);
    let whole = mission("Montage", "2026-07-10", roles).await;
    let bare = mission("Rendez-vous", "2026-07-11", json!([])).await;
    let past = mission("Visite", "2026-04-03", json!([{ "role_name": "son" }])).await;
    mission("Il y a longtemps", "2026-04-01", json!([])).await;
    let off = mission("Annulé", "2026-07-12", json!([])).await;
    manager.post_empty(&format!("/missions/{off}:cancel")).await.ok();
    manager.mission("Ailleurs", "08:00", "12:00").await;
    for (name, role, status) in [
        ("Nina Simone", "son", "ACCEPTED"),
        ("Miriam Makeba", "lumiere", "ACCEPTED"),
        ("Billie Holiday", "lumiere", "ACCEPTED"),
        ("Cesária Évora", "lumiere", "INVITED"),
        ("Édith Piaf", "plateau", "ACCEPTED"),
    ] {
        let user = manager.user(name).await;
        let body = json!({ "mission_id": whole, "user_id": user, "role_name": role, "status": status });
        manager.post("/assignments", body).await.ok();
    }
    // Any member may.
    let feed = subscribe(&test.tech().await, &format!("/projects/{project}")).await;
    let calendar = read(&test, &feed).await;
    assert!(calendar.text.contains("X-WR-CALNAME:Festival\r\n"), "{}", calendar.text);
    let found = events(&calendar.text);
    let shown: BTreeMap<_, _> = found.iter().map(|(id, event)| (id, event["SUMMARY"].as_str())).collect();
    assert_eq!(shown, [(&whole, "Montage (3/5)"), (&bare, "Rendez-vous"), (&past, "Visite")].into());
    let event = &found[&whole];
    assert_eq!(event["DESCRIPTION"], "son\u{a0}: 1/2\nlumiere\u{a0}: 2/3\nplateau\u{a0}: 1");
    assert_eq!((event["STATUS"].as_str(), event["LOCATION"].as_str()), ("CONFIRMED", "Cour"));
    assert!(!found[&bare].contains_key("DESCRIPTION"));
    for name in ["Nina", "Makeba", "Billie", "Piaf"] {
        assert!(!calendar.text.contains(name), "{}", calendar.text);
    }
}

#[rstest]
#[tokio::test]
async fn a_projects_key_is_a_members_and_ends_with_the_membership(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let (project, other) = (owner.project("Festival").await, owner.project("Tournée").await);
    let (path, other) = (format!("/projects/{project}"), format!("/projects/{other}"));
    let email = "lea@rideau.example";
    let join = async || {
        let member = owner.post("/orgs/members", json!({ "email": email, "role": "tech" })).await.ok();
        (format!("/orgs/members/{}", member["account_id"].as_str().unwrap()), test.signed_in(email).await)
    };
    let (member, lea) = join().await;
    let (hers, hers_too, others) =
        (subscribe(&lea, &path).await, subscribe(&lea, &other).await, subscribe(&owner, &path).await);
    assert_eq!(subscribe(&lea, &path).await, hers);
    assert!(hers != others && hers != hers_too);

    // All of the member's are ended, and nobody else's.
    lea.delete(&format!("{path}/calendar_key")).await.ok();
    closed(&test, &hers).await;
    closed(&test, &hers_too).await;
    read(&test, &others).await;
    let next = subscribe(&lea, &path).await;
    assert_ne!(next, hers);

    owner.patch(&member, json!({ "is_active": false })).await.ok();
    closed(&test, &next).await;
    owner.patch(&member, json!({ "is_active": true })).await.ok();
    read(&test, &next).await;
    test.execute(&format!("UPDATE accounts SET is_active = false WHERE email = '{email}'")).await;
    closed(&test, &next).await;
    test.execute(&format!("UPDATE accounts SET is_active = true WHERE email = '{email}'")).await;
    read(&test, &next).await;

    owner.delete(&member).await.ok();
    closed(&test, &next).await;
    // A new membership is another one.
    let (_, lea) = join().await;
    closed(&test, &next).await;
    closed(&test, &hers).await;
    let again = subscribe(&lea, &path).await;
    assert!(again != next && again != hers);
    read(&test, &again).await;

    // The project's end is the feed's.
    owner.delete(&path).await.ok();
    closed(&test, &again).await;
    let unknown = format!("/projects/{UNKNOWN_ID}/calendar_key");
    owner.post_empty(&unknown).await.refused(404, "not_found");
    owner.delete(&unknown).await.refused(404, "not_found");
}

/// A member who has not taken their membership up has no session, and so no key; one that they had before is closed.
#[rstest]
#[tokio::test]
async fn a_pending_membership_opens_no_calendar(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let feed = subscribe(&owner, &format!("/projects/{}", owner.project("Festival").await)).await;
    read(&test, &feed).await;
    let other = json!({ "email": "lea@rideau.example", "role": "owner" });
    owner.post("/orgs/members", other).await.ok();
    test.prove("lea@rideau.example").await;
    let owners = "(SELECT id FROM accounts WHERE email = 'owner@rideau.example')";
    test.execute(&format!("UPDATE org_memberships SET proven_at = NULL WHERE account_id = {owners}")).await;
    closed(&test, &feed).await;
}

#[rstest]
#[tokio::test]
async fn a_feed_is_sent_again_when_it_has_changed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    let mission = json!({
        "title": "Montage", "project_id": project, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
    });
    let mission = format!("/missions/{}", id(&manager.post("/missions", mission).await.ok()));
    manager.assignment(&mission[10..], &test.tech_user.to_string()).await;
    let feeds = [
        subscribe(&manager, &format!("/users/{}", test.tech_user)).await,
        subscribe(&manager, &format!("/projects/{project}")).await,
    ];
    let before = crate::security::dump(&test, db).await;
    let mut firsts = Vec::new();
    for feed in &feeds {
        let first = read(&test, feed).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 16, "{tag}");
        for _ in 0..25 {
            assert_eq!(read(&test, feed).await.text, first.text);
            test.pass_seconds(30);
            for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".into()] {
                let knows = test.anonymous().with_header("if-none-match", &known);
                for method in [Method::GET, Method::HEAD] {
                    let answer = knows.send(method, feed, None).await;
                    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{known}");
                    assert_eq!((answer.header("etag"), answer.header("cache-control")), (&*tag, "private"));
                }
            }
        }
        firsts.push(first);
    }
    assert_eq!(crate::security::dump(&test, db).await, before, "looking changes nothing");

    manager.patch(&mission, json!({ "location": "Cour" })).await.ok();
    for (feed, first) in feeds.iter().zip(firsts) {
        let knows = test.anonymous().with_header("if-none-match", first.header("etag"));
        let answer = knows.get(feed).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains("LOCATION:Cour\r\n"), "{}", answer.text);
        assert_ne!(answer.header("etag"), first.header("etag"));
    }
}

#[rstest]
#[tokio::test]
async fn a_feed_is_found_below_a_folder(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("PUBLIC_URL", "https://host.example/crew/")]).await;
    let path = format!("/users/{}", test.tech_user);
    let shown = test.tech().await.post_empty(&format!("{path}/calendar_key")).await.ok();
    let wanted =
        format!("https://host.example/crew/api/v1{path}/calendar.ics?key={}", shown["key"].as_str().unwrap());
    assert_eq!(shown["url"], wanted);
    read(&test, &address(&shown)).await;
}

/// Programs take a change only with a higher SEQUENCE.
#[rstest]
#[tokio::test]
async fn each_change_of_an_entry_raises_its_sequence(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    let roles = json!([{ "role_name": "son" }, { "role_name": "lumiere" }]);
    let mission = json!({
        "title": "Montage", "project_id": project, "roles": roles, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
    });
    let mission = format!("/missions/{}", id(&manager.post("/missions", mission).await.ok()));
    let assignment = manager.assignment(&mission[10..], &test.tech_user.to_string()).await;
    let call = format!("/assignments/{assignment}");
    let own = subscribe(&manager, &format!("/users/{}", test.tech_user)).await;
    let all = subscribe(&manager, &format!("/projects/{project}")).await;
    let sequence = async |feed: &str, uid: &str| -> i64 {
        events(&read(&test, feed).await.text)[uid]["SEQUENCE"].parse().expect("a number")
    };
    let (mut last, mut last_of_mission) =
        (sequence(&own, &assignment).await, sequence(&all, &mission[10..]).await);
    for (path, change) in [
        (&mission, json!({ "start_at": "2026-07-10T09:00:00Z" })),
        (&mission, json!({ "location": "Cour" })),
        (&mission, json!({ "title": "Démontage" })),
        (&call, json!({ "role_name": "son" })),
        (&call, json!({ "note": "Chaussures noires" })),
    ] {
        manager.patch(path, change.clone()).await.ok();
        let now = sequence(&own, &assignment).await;
        assert!(now > last, "{last} became {now} with {change}");
        last = now;
        let now = sequence(&all, &mission[10..]).await;
        assert!(now > last_of_mission || *path == call, "{last_of_mission} became {now} with {change}");
        last_of_mission = now;
    }
    // What is called off is missing, and is higher when it is there again.
    for status in ["ACCEPTED", "DECLINED", "INVITED", "CANCELLED", "INVITED"] {
        manager.post(&format!("{call}:status"), json!({ "status": status })).await.ok();
        if matches!(status, "INVITED" | "ACCEPTED") {
            let now = sequence(&own, &assignment).await;
            assert!(now > last, "{last} became {now} with {status}");
            last = now;
        }
    }
}

/// Notes are cut in a feed, and whole where an entry goes with a mail.
#[rstest]
#[tokio::test]
async fn long_notes_are_cut_in_a_feed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let feed = subscribe(&manager, &format!("/users/{}", test.tech_user)).await;
    for (length, shown) in [(1000, "é".repeat(1000)), (1001, format!("{}…", "é".repeat(1000)))] {
        let mission = json!({
            "title": "Montage", "note": "é".repeat(length), "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        });
        let mission = id(&manager.post("/missions", mission).await.ok());
        let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
        let found = events(&read(&test, &feed).await.text);
        assert_eq!(found[&assignment]["DESCRIPTION"], format!("À savoir\u{a0}: {shown}"));
        let entries = coulisses::resources::feeds::entries_of(
            &test.app.db,
            test.org,
            vec![assignment.parse().expect("an id")],
        );
        let entries = entries.await.expect("entries");
        let whole = entries[0].event(coulisses::locale::Locale::French, &Default::default(), None);
        assert_eq!(whole.description, Some(format!("À savoir\u{a0}: {}", "é".repeat(length))));
    }
}

/// Programs and proxies add to addresses what they like.
#[rstest]
#[tokio::test]
async fn what_is_added_to_a_feeds_address_is_ignored(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    for path in [format!("/users/{}", test.tech_user), format!("/projects/{project}")] {
        let address = subscribe(&manager, &path).await;
        let whole = read(&test, &address).await.text;
        for more in ["utm_source=x&fbclid=y", "from=2026-07-01T08:00:00Z"] {
            assert_eq!(read(&test, &format!("{address}&{more}")).await.text, whole);
        }
        closed(&test, &address.replace("key=", "kay=")).await;
        // Which of two is meant?
        assert_eq!(test.anonymous().get(&format!("{address}&key=x")).await.wrong_members(), ["/key"]);
    }
}
