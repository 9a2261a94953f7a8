//! Whoever is planned while they declared not to be available: planners are told, and nothing is refused.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

fn hours((from, to): (&str, &str)) -> Json {
    json!({ "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z") })
}

async fn mission(planner: &Persona<'_>, title: &str, period: (&str, &str)) -> String {
    let mut body = hours(period);
    body["title"] = json!(title);
    id(&planner.post("/missions", body).await.ok())
}

/// Not available then, with a note for planners; becomes what `verb` says.
async fn away(planner: &Persona<'_>, user: &str, period: (&str, &str), verb: &str) -> Json {
    let mut body = hours(period);
    (body["user_id"], body["kind"], body["note"]) = (json!(user), json!("unavailable"), json!("zq-absence"));
    let declared = planner.post("/availabilities", body).await.ok();
    match verb {
        "" => declared,
        verb => planner.post_empty(&format!("/availabilities/{}:{verb}", id(&declared))).await.ok(),
    }
}

fn warned(user: &str, availability: &Json) -> Json {
    let detail = match availability["status"] == "APPROVED" {
        true => "Declared not to be available at that time.",
        false => "Declared not to be available at that time; no planner has looked at it yet.",
    };
    let shown =
        ["id", "start_at", "end_at", "status"].map(|name| (name.to_owned(), availability[name].clone()));
    json!({
        "code": "unavailable", "detail": detail, "user_id": user, "conflict": null,
        "availability": serde_json::Map::from_iter(shown),
    })
}

fn codes(of: &Json) -> Vec<&str> {
    let warnings = of["warnings"].as_array().expect("warnings");
    warnings.iter().map(|one| one["code"].as_str().expect("a code")).collect()
}

#[rstest]
#[tokio::test]
async fn assigning_and_accepting_warn_and_refuse_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let user = planner.user("Nina Simone").await;
    let concert = mission(&planner, "Concert", ("08:00", "12:00")).await;
    let first = away(&planner, &user, ("06:00", "09:00"), "approve").await;
    let second = away(&planner, &user, ("11:59", "14:00"), "").await;
    away(&planner, &user, ("06:00", "20:00"), "reject").await;
    // They end and begin when the mission does; and she is there then.
    away(&planner, &user, ("12:00", "14:00"), "").await;
    away(&planner, &user, ("05:00", "08:00"), "").await;
    let mut there = hours(("06:00", "20:00"));
    there["user_id"] = json!(user);
    planner.post("/availabilities", there).await.ok();
    let other = planner.user("Miriam Makeba").await;
    let body = |user: &str| json!({ "mission_id": concert, "user_id": user });
    assert_eq!(planner.post("/assignments", body(&other)).await.ok()["warnings"], json!([]));

    let answer = planner.post("/assignments", body(&user)).await;
    let made = answer.ok();
    let wanted = json!([warned(&user, &first), warned(&user, &second)]);
    assert_eq!((&made["status"], &made["warnings"]), (&json!("INVITED"), &wanted));
    let path = format!("/assignments/{}", id(&made));
    // They are of that moment: the object itself has none, and the tag is the object's.
    let shown = planner.get(&path).await;
    assert_eq!((shown.ok().get("warnings"), shown.header("etag")), (None, answer.header("etag")));
    let status =
        async |status: &str| planner.post(&format!("{path}:status"), json!({ "status": status })).await.ok();
    assert_eq!(status("ACCEPTED").await["warnings"], wanted);
    // The same again changes nothing and says the same.
    assert_eq!(status("ACCEPTED").await["warnings"], wanted);
    assert_eq!(status("DECLINED").await["warnings"], json!([]));
    let mut accepted = body(&user);
    accepted["status"] = json!("ACCEPTED");
    assert_eq!(planner.post("/assignments", accepted).await.ok()["warnings"], wanted);
}

/// The person who accepts for themselves is told what they said; a note is shown to nobody here.
#[rstest]
#[tokio::test]
async fn ones_own_answer_warns_too_and_no_note_is_shown(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (planner, tech) = (test.manager().await, test.tech().await);
    let user = test.tech_user.to_string();
    let concert = mission(&planner, "Concert", ("08:00", "12:00")).await;
    let declared = away(&planner, &user, ("06:00", "09:00"), "").await;
    let made = planner.post("/assignments", json!({ "mission_id": concert, "user_id": user })).await;
    let accepted =
        tech.post(&format!("/assignments/{}:status", id(&made.ok())), json!({ "status": "ACCEPTED" })).await;
    assert_eq!(accepted.ok()["warnings"], json!([warned(&user, &declared)]));
    let body = json!({ "commands": [{ "type": "move", "mission_id": concert, "start_at": "2026-07-10T07:00:00Z", "end_at": "2026-07-10T11:00:00Z" }] });
    let checked = planner.post("/planning:check", body.clone()).await;
    let applied = planner.post("/planning:apply", body).await;
    for answer in [made, accepted, checked, applied] {
        assert!(
            answer.text.contains("unavailable") && !answer.text.contains("zq-absence"),
            "{}",
            answer.text
        );
    }
}

#[rstest]
#[tokio::test]
async fn each_item_of_many_has_its_warnings(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (nina, ella) = (planner.user("Nina Simone").await, planner.user("Ella Fitzgerald").await);
    let morning = mission(&planner, "Matin", ("08:00", "12:00")).await;
    let evening = mission(&planner, "Soir", ("18:00", "22:00")).await;
    let declared = away(&planner, &ella, ("20:00", "23:00"), "approve").await;
    // Seven of them, of which five are shown.
    for minute in 10..17 {
        away(&planner, &nina, (&format!("08:{minute}"), "09:00"), "").await;
    }
    let item = |mission: &str, user: &str| json!({ "mission_id": mission, "user_id": user });
    let items =
        json!([item(&morning, &ella), item(&evening, &ella), item(&morning, &nina), item(&evening, &nina)]);
    let made = planner.post("/assignments:bulk_create", items).await.ok();
    assert_eq!(made["ids"].as_array().map(Vec::len), Some(4));
    let warnings = made["warnings"].as_array().expect("warnings");
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[0], json!({ "index": 1, "warnings": [warned(&ella, &declared)] }));
    assert_eq!(warnings[1]["index"], 2);
    let shown = warnings[1]["warnings"].as_array().expect("warnings");
    assert_eq!(shown.len(), 5);
    assert_eq!(shown[4]["availability"]["start_at"], "2026-07-10T08:14:00Z");
}

/// Each is read as all commands left it, and a check says what carrying out does.
#[rstest]
#[tokio::test]
async fn commands_warn_of_the_unavailable_and_of_the_taken(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let mut people = Vec::new();
    for name in ["Nina Simone", "Ella Fitzgerald", "Miriam Makeba"] {
        people.push(planner.user(name).await);
    }
    let [nina, ella, miriam] = [0, 1, 2].map(|at: usize| people[at].clone());
    let montage = mission(&planner, "Montage", ("08:00", "12:00")).await;
    let concert = mission(&planner, "Concert", ("11:00", "14:00")).await;
    let night = mission(&planner, "Nuit", ("20:00", "23:00")).await;
    let on = async |mission: &str, user: &str, status: &str| {
        let body = json!({ "mission_id": mission, "user_id": user, "status": status });
        id(&planner.post("/assignments", body).await.ok())
    };
    let ella_on = on(&montage, &ella, "ACCEPTED").await;
    let miriam_on = on(&night, &miriam, "INVITED").await;
    let declared = away(&planner, &nina, ("13:00", "15:00"), "").await;
    let later = away(&planner, &miriam, ("15:00", "16:00"), "approve").await;
    let commands = json!({ "commands": [
        { "type": "assign", "mission_id": concert, "user_id": nina },
        // She is accepted for another one then.
        { "type": "assign", "mission_id": concert, "user_id": ella },
        // Who is on it comes along.
        { "type": "move", "mission_id": night, "start_at": "2026-07-10T14:00:00Z", "end_at": "2026-07-10T17:00:00Z" },
        // Off again, so that there is nothing to know.
        { "type": "assign", "mission_id": montage, "user_id": nina },
        { "type": "set_status", "assignment_id": ella_on, "status": "DECLINED" },
    ] });
    let checked = planner.post("/planning:check", commands.clone()).await.ok()["results"].clone();
    let applied = planner.post("/planning:apply", commands).await.ok()["results"].clone();
    for results in [&checked, &applied] {
        // Nina is invited to both.
        assert_eq!(codes(&results[0]), ["unavailable", "taken"]);
        assert_eq!(results[0]["warnings"][0], warned(&nina, &declared));
        let taken = &results[0]["warnings"][1];
        assert_eq!((&taken["user_id"], &taken["availability"]), (&json!(nina), &Json::Null));
        assert_eq!(taken["detail"], "Invited to another mission at that time: Montage.");
        assert_eq!(
            (&taken["conflict"]["mission_id"], &taken["conflict"]["status"]),
            (&json!(montage), &json!("INVITED"))
        );
        // Her yes to the other one was taken back by a later command.
        assert_eq!(codes(&results[1]), Vec::<&str>::new());
        assert_eq!(results[2]["warnings"], json!([warned(&miriam, &later)]));
        assert_eq!(codes(&results[3]), ["taken"]);
        assert_eq!(codes(&results[4]), Vec::<&str>::new());
    }
    // Accepted ones come first, and whoever says yes is not warned of what they are only asked for.
    let accept = json!({ "commands": [{ "type": "set_status", "assignment_id": applied[3]["assignments"][0]["id"], "status": "ACCEPTED" }] });
    let accepted = planner.post("/planning:apply", accept).await.ok();
    assert_eq!(codes(&accepted["results"][0]), Vec::<&str>::new());
    let again = json!({ "commands": [
        { "type": "invite", "assignment_ids": [applied[0]["assignments"][0]["id"]] },
        { "type": "remove", "assignment_id": miriam_on },
        { "type": "set_status", "assignment_id": montage, "status": "ACCEPTED" },
    ] });
    let checked = planner.post("/planning:check", again).await.ok()["results"].clone();
    assert_eq!(checked[0]["warnings"][1]["detail"], "Accepted for another mission at that time: Montage.");
    assert_eq!((&checked[2]["ok"], codes(&checked[1]), codes(&checked[2])), (&json!(false), vec![], vec![]));
    // Copies take people along: by the same clock a week later nobody declared anything.
    let copy = |days: i32| json!({ "commands": [{ "type": "copy", "mission_ids": [montage, concert], "shift_days": days, "with_people": "invited" }] });
    let checked = planner.post("/planning:check", copy(7)).await.ok()["results"].clone();
    assert_eq!(codes(&checked[0]), ["taken", "taken"]);
    let same = planner.post("/planning:check", copy(0)).await.ok()["results"].clone();
    assert!(codes(&same[0]).contains(&"unavailable"), "{same}");
}

/// However many commands there are, and people on their missions.
#[rstest]
#[tokio::test]
async fn warnings_cost_two_statements(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let mut costs = Vec::new();
    for people in [1, 12] {
        let concert = mission(&planner, "Concert", ("08:00", "12:00")).await;
        for number in 0..people {
            let user = planner.user(&format!("P{people} {number}")).await;
            away(&planner, &user, ("06:00", "20:00"), "").await;
            planner.post("/assignments", json!({ "mission_id": concert, "user_id": user })).await.ok();
        }
        let moved = json!({ "commands": [{ "type": "move", "mission_id": concert, "start_at": "2026-07-10T09:00:00Z", "end_at": "2026-07-10T12:00:00Z" }] });
        let before = test.app.db.statements();
        let checked = planner.post("/planning:check", moved).await;
        costs.push(test.app.db.statements() - before);
        let shown = codes(&checked.ok()["results"][0]).len();
        assert_eq!(shown, people.min(10));
    }
    assert_eq!(costs[0], costs[1]);
}
