//! Who could do a mission: everyone active, best first, with reasons.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// On Friday the 10th, from and to these hours.
async fn mission(planner: &Persona<'_>, title: &str, roles: &[&str], (from, to): (&str, &str)) -> String {
    let roles: Vec<_> = roles.iter().map(|role| json!({ "role_name": role })).collect();
    let mission = json!({
        "title": title, "roles": roles, "timezone": "Europe/Paris",
        "start_at": format!("2026-07-{from}:00:00Z"), "end_at": format!("2026-07-{to}:00:00Z"),
    });
    id(&planner.post("/missions", mission).await.ok())
}

async fn person(planner: &Persona<'_>, name: &str, skills: Json) -> String {
    id(&planner.post("/users", json!({ "name": name, "skills": skills })).await.ok())
}

async fn on(planner: &Persona<'_>, mission: &str, user: &str, status: &str) -> String {
    let body = json!({ "mission_id": mission, "user_id": user, "status": status });
    id(&planner.post("/assignments", body).await.ok())
}

async fn declare(planner: &Persona<'_>, user: &str, hours: (&str, &str), approved: bool) {
    declare_kind(planner, user, "available", hours, approved).await;
}

async fn declare_kind(
    planner: &Persona<'_>,
    user: &str,
    kind: &str,
    (from, to): (&str, &str),
    approved: bool,
) {
    let period = json!({
        "user_id": user, "kind": kind, "start_at": format!("2026-07-{from}:00:00Z"), "end_at": format!("2026-07-{to}:00:00Z"),
    });
    let declared = id(&planner.post("/availabilities", period).await.ok());
    if approved {
        planner.post_empty(&format!("/availabilities/{declared}:approve")).await.ok();
    }
}

async fn candidates(planner: &Persona<'_>, mission: &str, query: &str) -> Json {
    planner.get(&format!("/missions/{mission}/candidates{query}")).await.ok()
}

fn names(answer: &Json) -> Vec<&str> {
    let all = answer["candidates"].as_array().expect("a list");
    all.iter().map(|one| one["name"].as_str().expect("a name")).collect()
}

fn of<'a>(answer: &'a Json, name: &str) -> &'a Json {
    let all = answer["candidates"].as_array().expect("a list");
    all.iter().find(|one| one["name"] == name).expect("a candidate")
}

fn codes(candidate: &Json) -> Vec<&str> {
    let reasons = candidate["reasons"].as_array().expect("reasons");
    reasons.iter().map(|reason| reason["code"].as_str().expect("a code")).collect()
}

#[rstest]
#[tokio::test]
async fn everyone_active_is_ranked_with_reasons(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let concert = mission(&planner, "Concert", &["Éclairage"], ("10T08", "10T12")).await;
    let balances = mission(&planner, "Balances", &["son"], ("10T11", "10T14")).await;
    let tuesday = mission(&planner, "Montage", &["son"], ("07T08", "07T18")).await;
    // The week before, and the one after.
    let before = mission(&planner, "Avant", &[], ("05T08", "05T18")).await;
    let expert = person(&planner, "Zoé Expert", json!([{ "skill": "eclairage", "level": 5 }])).await;
    let there = person(&planner, "Yves There", json!(["Eclairage"])).await;
    let hopes = person(&planner, "Xénia Hopes", json!(["Eclairage"])).await;
    let works = person(&planner, "Willy Works", json!(["Eclairage"])).await;
    let rests = person(&planner, "Victor Rests", json!(["Eclairage"])).await;
    let other = person(&planner, "Ursule Other", json!(["son"])).await;
    let taken = person(&planner, "Ada Taken", json!([{ "skill": "éclairage", "level": 5 }])).await;
    let asked = person(&planner, "Bob Asked", json!([{ "skill": "éclairage", "level": 5 }])).await;
    let no = person(&planner, "Carl No", json!([{ "skill": "éclairage", "level": 5 }])).await;
    let yes = person(&planner, "Dora Yes", json!([{ "skill": "éclairage", "level": 5 }])).await;
    let gone = person(&planner, "Eve Gone", json!([{ "skill": "éclairage", "level": 5 }])).await;
    planner.patch(&format!("/users/{gone}"), json!({ "active": false })).await.ok();
    test.other_owner().await.user("Autre").await;
    // Both days of the night, one after the other.
    declare(&planner, &there, ("10T06", "10T10"), true).await;
    declare(&planner, &there, ("10T10", "10T20"), true).await;
    declare(&planner, &hopes, ("10T06", "10T20"), false).await;
    // Not to its end.
    declare(&planner, &rests, ("10T06", "10T11"), true).await;
    on(&planner, &tuesday, &works, "ACCEPTED").await;
    on(&planner, &before, &rests, "ACCEPTED").await;
    let conflict = on(&planner, &balances, &taken, "ACCEPTED").await;
    on(&planner, &concert, &asked, "INVITED").await;
    let refused = on(&planner, &concert, &no, "INVITED").await;
    planner.post(&format!("/assignments/{refused}:status"), json!({ "status": "DECLINED" })).await.ok();
    on(&planner, &concert, &yes, "ACCEPTED").await;

    let answer = candidates(&planner, &concert, "").await;
    // The test's own technician can do nothing.
    let technician = names(&answer)[6].to_owned();
    assert_eq!(
        names(&answer),
        [
            "Zoé Expert",
            "Yves There",
            "Xénia Hopes",
            "Victor Rests",
            "Willy Works",
            "Ursule Other",
            &technician,
            "Ada Taken",
            "Carl No",
            "Bob Asked",
            "Dora Yes",
        ]
    );
    assert_eq!((&answer["role_name"], &answer["total"]), (&json!("Éclairage"), &json!(11)));
    let [first, second, third] = ["Zoé Expert", "Yves There", "Xénia Hopes"].map(|name| of(&answer, name));
    assert_eq!((&first["user_id"], &first["skill_level"]), (&json!(expert), &json!(5)));
    assert_eq!(codes(first), ["free", "skilled"]);
    assert_eq!((&second["availability"], &third["availability"]), (&json!("APPROVED"), &json!("PENDING")));
    assert_eq!(of(&answer, "Victor Rests")["availability"], Json::Null);
    assert_eq!(of(&answer, "Victor Rests")["planned_minutes"], 0);
    assert_eq!(of(&answer, "Victor Rests")["accepted"], 1);
    assert_eq!(of(&answer, "Willy Works")["planned_minutes"], 600);
    assert_eq!(codes(of(&answer, "Ursule Other")), ["free", "skill_missing"]);
    assert_eq!(of(&answer, "Ursule Other")["user_id"], json!(other));
    let reasons = &of(&answer, "Ada Taken")["reasons"];
    assert_eq!(
        reasons[0]["conflict"],
        json!({
            "assignment_id": conflict, "mission_id": balances, "title": "Balances", "status": "ACCEPTED",
            "start_at": "2026-07-10T11:00:00Z", "end_at": "2026-07-10T14:00:00Z",
        })
    );
    assert_eq!(codes(of(&answer, "Carl No")), ["declined_before", "free", "skilled"]);
    assert_eq!(of(&answer, "Carl No")["assignment"], json!({ "id": refused, "status": "DECLINED" }));
    assert_eq!(of(&answer, "Carl No")["declined"], 1);
    assert_eq!(codes(of(&answer, "Bob Asked")), ["asked_already", "free", "skilled"]);
    assert_eq!(of(&answer, "Dora Yes")["assignment"]["status"], "ACCEPTED");

    // Asked again, who declined stands where they are asked.
    planner.post(&format!("/assignments/{refused}:status"), json!({ "status": "INVITED" })).await.ok();
    let again = candidates(&planner, &concert, "").await;
    assert_eq!(codes(of(&again, "Carl No"))[0], "asked_already");
    let few = candidates(&planner, &concert, "?limit=2").await;
    assert_eq!((names(&few), &few["total"]), (vec!["Zoé Expert", "Yves There"], &json!(11)));
}

/// Whatever else was declared, and whether a planner looked at it or not.
#[rstest]
#[tokio::test]
async fn whoever_is_unavailable_comes_behind_those_who_said_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let concert = mission(&planner, "Concert", &["son"], ("10T08", "10T12")).await;
    let mut people = Vec::new();
    for name in ["Ada Away", "Bob Both", "Carl Rejected", "Dora Later", "Eve There"] {
        people.push(person(&planner, name, json!(["son"])).await);
    }
    declare_kind(&planner, &people[0], "unavailable", ("10T11", "10T20"), false).await;
    declare_kind(&planner, &people[1], "unavailable", ("10T06", "10T09"), true).await;
    declare(&planner, &people[1], ("10T06", "10T20"), true).await;
    declare_kind(&planner, &people[2], "unavailable", ("10T06", "10T20"), false).await;
    let rejected = planner.get(&format!("/availabilities?user_id={}", people[2])).await.ok();
    planner.post_empty(&format!("/availabilities/{}:reject", id(&rejected[0]))).await.ok();
    // It begins when the mission is over.
    declare_kind(&planner, &people[3], "unavailable", ("10T12", "10T20"), true).await;
    declare(&planner, &people[4], ("10T06", "10T20"), false).await;
    let answer = candidates(&planner, &concert, "").await;
    let wanted = ["Eve There", "Dora Later", "Carl Rejected", "Ada Away", "Bob Both"];
    assert_eq!(names(&answer)[..5], wanted);
    for name in ["Ada Away", "Bob Both"] {
        assert_eq!(codes(of(&answer, name)), ["free", "unavailable", "skilled"], "{name}");
        assert_eq!(of(&answer, name)["availability"], "UNAVAILABLE");
    }
    assert_eq!(codes(of(&answer, "Carl Rejected")), ["free", "skilled"]);
    assert_eq!(of(&answer, "Dora Later")["availability"], Json::Null);
}

#[rstest]
#[tokio::test]
async fn the_role_is_one_of_the_mission(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let concert = mission(&planner, "Concert", &["Son", "Plateau"], ("10T08", "10T12")).await;
    person(&planner, "Nina Son", json!(["son"])).await;
    let role = |answer: Json| answer["role_name"].clone();
    let path = format!("/missions/{concert}/candidates");
    assert_eq!(role(candidates(&planner, &concert, "").await), Json::Null);
    assert_eq!(role(candidates(&planner, &concert, "?role_name=son").await), "Son");
    let plateau = candidates(&planner, &concert, "?role_name=PLATEAU").await;
    assert_eq!(of(&plateau, "Nina Son")["skill_level"], Json::Null);
    planner.get(&format!("{path}?role_name=vid%C3%A9o")).await.refused(404, "unknown_reference");
    assert_eq!(planner.get(&format!("{path}?role_name=")).await.wrong_members(), ["/role_name"]);
    assert_eq!(planner.get(&format!("{path}?limit=0")).await.wrong_members(), ["/limit"]);
    let theirs = test.other_owner().await.mission("Ailleurs", "08:00", "12:00").await;
    planner.get(&format!("/missions/{theirs}/candidates")).await.refused(404, "not_found");
    test.tech().await.get(&path).await.refused(403, "forbidden");
}

/// What was long ago says nothing, and the years to come are not read from one end to the other.
#[rstest]
#[tokio::test]
async fn answers_around_today_count(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = planner.user("Nina Simone").await;
    for days in [-181, -179, 179, 181] {
        let start = test.clock.now().plus_seconds(days * 24 * 3600);
        let body = json!({ "title": "Concert", "start_at": start, "end_at": start.plus_seconds(3600) });
        let mission = planner.post("/missions", body).await.ok();
        on(&planner, mission["id"].as_str().expect("an id"), &nina, "ACCEPTED").await;
    }
    let tonight = planner.mission("Concert", "20:00", "22:00").await;
    let answer = candidates(&planner, &tonight, "").await;
    assert_eq!(of(&answer, "Nina Simone")["accepted"], 2);
}
