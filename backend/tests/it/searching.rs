//! Searching: what people remember finds what others typed.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::json;

/// The names or titles of a list that a question finds.
async fn found(who: &Persona<'_>, list: &str, question: &str) -> Vec<String> {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", question).finish();
    let items = who.get(&format!("/{list}?{query}")).await.ok();
    let name = |item: &serde_json::Value| {
        item.get("name").unwrap_or(&item["title"]).as_str().expect("a name").to_owned()
    };
    items.as_array().expect("a list").iter().map(name).collect()
}

#[rstest]
#[tokio::test]
async fn people_are_found_by_what_is_remembered_of_them(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for (first, last, email, phone) in [
        ("Céline", "Pariel", Some("c.pariel@theatre.example"), Some("+33 6 12 34 56 78")),
        ("Jean-Luc", "O’Brien", None, Some("06.98.76.54.32")),
        ("Orxan", "Əliyev", Some("orxan@crew.example"), None),
        ("Ɓala", "D'Angelo", None, None),
    ] {
        let body = json!({ "first_name": first, "last_name": last, "email": email, "phone": phone });
        manager.post("/users", body).await.ok();
    }
    let (celine, jean, orxan, bala) = ("Céline Pariel", "Jean-Luc O’Brien", "Orxan Əliyev", "Ɓala D'Angelo");
    for (question, wanted) in [
        ("pariel celine", celine),
        ("Pariel, Céline", celine),
        ("celine ", celine),
        ("pariel theatre.example", celine),
        ("06 12 34", celine),
        ("+33 (0)6 12 34 56 78", celine),
        ("O'Brien", jean),
        ("o`brien", jean),
        ("obrien", jean),
        ("jean luc", jean),
        ("Jean‑Luc", jean),
        ("jeanluc brien", jean),
        ("+33 6 98 76 54 32", jean),
        ("əliyev", orxan),
        ("ELIYEV orxan", orxan),
        ("ɓala", bala),
        ("bala d’angelo", bala),
        ("dangelo", bala),
    ] {
        assert_eq!(found(&manager, "users", question).await, [wanted], "{question}");
    }
    for nobody in ["pariel jean", "06 12 35", "celine@", "%", "_"] {
        assert_eq!(found(&manager, "users", nobody).await, [""; 0], "{nobody}");
    }
    // Whoever may not see a number may not find by it.
    let tech = test.tech().await;
    assert_eq!(found(&tech, "users", "pariel").await, [celine]);
    for hidden in ["06 12 34", "pariel theatre.example", "orxan crew"] {
        assert_eq!(found(&tech, "users", hidden).await, [""; 0], "{hidden}");
    }
}

#[rstest]
#[tokio::test]
async fn projects_and_missions_are_found_by_name_and_place(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("L’Été à Saint-Denis").await;
    manager.project("Automne").await;
    for question in ["saint denis", "l'ete", "DENIS été", "saintdenis"] {
        assert_eq!(found(&manager, "projects", question).await, ["L’Été à Saint-Denis"], "{question}");
    }
    let body = |title: &str, place: Option<&str>| json!({ "title": title, "location": place, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    let mut named = body("Montage lumière", Some("Théâtre de l’Œuvre"));
    named["project_id"] = json!(project);
    let mission = manager.post("/missions", named).await.ok();
    manager.post("/missions", body("Démontage", None)).await.ok();
    for question in ["oeuvre", "l'oeuvre lumiere", "theatre montage"] {
        assert_eq!(found(&manager, "missions", question).await, ["Montage lumière"], "{question}");
    }
    let path = format!("/missions/{}", mission["id"].as_str().expect("an id"));
    manager.patch(&path, json!({ "location": "Grande salle" })).await.ok();
    assert_eq!(found(&manager, "missions", "grande montage").await, ["Montage lumière"]);
    assert_eq!(found(&manager, "missions", "oeuvre").await, [""; 0]);
    assert_eq!(found(&manager, "missions", "montage").await.len(), 2);
}
