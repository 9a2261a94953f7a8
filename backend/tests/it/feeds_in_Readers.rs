//! What independent programs read in calendar feeds.

use crate::feeds::{id, read, subscribe};
use crate::support::{
    Kind, Test, at,
    calendars::{ReadEvent, read_all},
};
use rstest::rstest;
use serde_json::json;

/// What people type is read as they typed it, by programs that are not ours.
#[rstest]
#[tokio::test]
async fn what_is_typed_is_read_as_it_was_typed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival; l'été, \\o/").await;
    let title = "Montage, démontage; « 100 % » \\n \u{1f3ad}".to_owned() + &" très long".repeat(12);
    let mission = json!({
        "title": title, "project_id": project, "location": "Cour; 2, rue du Théâtre", "timezone": "America/Montreal",
        "note": "Ligne 1\nBEGIN:VEVENT\n\nligne 2", "roles": [{ "role_name": "son", "quota": 2 }],
        // The night in which the clocks go back there.
        "start_at": "2026-11-01T03:00:00Z", "end_at": "2026-11-01T06:30:00Z",
    });
    let mission = id(&manager.post("/missions", mission).await.ok());
    let body = json!({ "mission_id": mission, "user_id": test.tech_user, "status": "ACCEPTED" });
    let assignment = id(&manager.post("/assignments", body).await.ok());
    let feeds = [format!("/users/{}", test.tech_user), format!("/projects/{project}")];
    let mut files = Vec::new();
    for path in &feeds {
        files.push(read(&test, &subscribe(&manager, path).await).await.text);
    }
    let found = read_all(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let event = |uid: String, summary: String, description: &str| ReadEvent {
        uid,
        sequence: found[0].events[0].sequence,
        changed_at: test.clock.now(),
        start: at("2026-11-01T03:00:00Z"),
        end: Some(at("2026-11-01T06:30:00Z")),
        status: Some("CONFIRMED".into()),
        transparency: Some("OPAQUE".into()),
        summary: Some(summary),
        location: Some("Cour; 2, rue du Théâtre".into()),
        description: Some(description.into()),
        url: None,
    };
    let own = "Votre poste\u{a0}: son\nProjet\u{a0}: Festival; l'été, \\o/\n\
        À savoir\u{a0}: Ligne 1\nBEGIN:VEVENT\n\nligne 2";
    assert_eq!(found[0].events, [event(assignment, format!("{title} – son"), own)]);
    let all = event(mission, format!("{title} (1/2)"), "son\u{a0}: 1/2");
    assert_eq!(found[1].events, [ReadEvent { sequence: found[1].events[0].sequence, ..all }]);
    let names: Vec<_> = found.iter().map(|calendar| calendar.name.as_deref()).collect();
    assert_eq!(names, [Some("Théâtre du Rideau"), Some("Festival; l'été, \\o/")]);
}
