//! A week of a theatre, for the board: Monday 6 July 2026, by the clock of Paris.

use super::House;
use serde_json::json;

/// What the tests refer to by their ids.
pub struct Week {
    /// Monday, 9 to 18: two for sound, one for light.
    pub setup: String,
    /// Monday, 20 to 23: one for sound.
    pub show: String,
    pub ada: String,
    pub bob: String,
    pub cleo: String,
}

impl Week {
    pub async fn of(house: &House) -> Self {
        let manager = house.test.manager().await;
        let created = async |path: &str, body| {
            manager.post(path, body).await.ok()["id"].as_str().expect("an id").to_owned()
        };
        let project = manager.project("Festival d’été").await;
        let mission = async |title: &str, from: &str, to: &str, roles| {
            let body = json!({
                "project_id": project, "title": title, "location": "Grande salle", "timezone": "Europe/Paris",
                "start_at": format!("2026-07-06T{from}:00+02:00"), "end_at": format!("2026-07-06T{to}:00+02:00"), "roles": roles,
            });
            created("/missions", body).await
        };
        let user = async |first: &str, last: &str, skills: &[&str]| {
            let email = format!("{}@rideau.example", first.to_lowercase());
            created(
                "/users",
                json!({ "first_name": first, "last_name": last, "skills": skills, "email": email }),
            )
            .await
        };
        let setup_roles = json!([{ "role_name": "son", "quota": 2 }, { "role_name": "lumiere", "quota": 1 }]);
        Self {
            setup: mission("Montage", "09:00", "18:00", setup_roles).await,
            show: mission("Concert", "20:00", "23:00", json!([{ "role_name": "son", "quota": 1 }])).await,
            ada: user("Ada", "Arnaud", &["son", "lumiere"]).await,
            bob: user("Bob", "Bernard", &["son"]).await,
            cleo: user("Cléo", "Chevalier", &["son"]).await,
        }
    }

    /// Somebody has accepted a meeting of that Monday, 14 to 15.
    pub async fn meets(house: &House, user: &str) {
        let manager = house.test.manager().await;
        let meeting = json!({ "title": "Réunion", "start_at": "2026-07-06T14:00:00+02:00", "end_at": "2026-07-06T15:00:00+02:00" });
        let meeting = manager.post("/missions", meeting).await.ok();
        let body = json!({ "mission_id": meeting["id"], "user_id": user, "status": "ACCEPTED" });
        manager.post("/assignments", body).await.ok();
    }

    /// The board of that Monday.
    pub const DAY: &str = "#/board?from=2026-07-06&days=1";
}
