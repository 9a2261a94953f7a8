//! Changing the roles of a mission under the people who are on them.

use super::{id, with};
use crate::support::{Kind, Outcome, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

struct Planned<'t> {
    manager: Persona<'t>,
    path: String,
    mission: String,
}

impl<'t> Planned<'t> {
    async fn with_roles(test: &'t Test, roles: Json) -> Self {
        let manager = test.manager().await;
        let body = json!({ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z", "roles": roles });
        let mission = id(&manager.post("/missions", body).await.ok()).to_owned();
        Self { manager, path: format!("/missions/{mission}"), mission }
    }

    /// An assignment of someone new.
    async fn join(&self, role: Json, status: &str) -> Outcome {
        let user = self.manager.user("Nina").await;
        let body =
            json!({ "mission_id": self.mission, "user_id": user, "role_name": role, "status": status });
        self.manager.post("/assignments", body).await
    }

    async fn joined(&self, role: Json, status: &str) -> String {
        id(&self.join(role, status).await.ok()).to_owned()
    }

    async fn roles(&self) -> Json {
        self.manager.get(&self.path).await.ok()["roles"].clone()
    }

    async fn become_roles(&self, roles: Json) -> Outcome {
        self.manager.patch(&self.path, json!({ "roles": roles })).await
    }

    async fn role_of(&self, assignment: &str) -> Json {
        self.manager.get(&format!("/assignments/{assignment}")).await.ok()["mission_role_id"].clone()
    }
}

/// Names, quotas and counts, without ids.
fn summary(roles: &Json) -> Vec<(String, Option<i64>, i64, i64)> {
    let roles = roles.as_array().unwrap().iter();
    let number = |role: &Json, member: &str| role[member].as_i64();
    roles
        .map(|role| {
            let name = role["role_name"].as_str().unwrap().to_owned();
            let (invited, accepted) = (number(role, "invited").unwrap(), number(role, "accepted").unwrap());
            (name, number(role, "quota"), invited, accepted)
        })
        .collect()
}

fn row(name: &str, quota: Option<i64>, invited: i64, accepted: i64) -> (String, Option<i64>, i64, i64) {
    (name.to_owned(), quota, invited, accepted)
}

#[rstest]
#[tokio::test]
async fn roles_are_renamed_swapped_added_and_removed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let plan =
        Planned::with_roles(&test, json!([{ "role_name": "lumiere", "quota": 2 }, { "role_name": "son" }]))
            .await;
    let (on_light, on_sound) =
        (plan.joined(json!("lumiere"), "ACCEPTED").await, plan.joined(json!("SON"), "INVITED").await);
    let declined = plan.joined(json!("son"), "INVITED").await;
    plan.manager.post(&format!("/assignments/{declined}:status"), json!({ "status": "DECLINED" })).await.ok();
    let roles = plan.roles().await;
    assert_eq!(summary(&roles), [row("lumiere", Some(2), 0, 1), row("son", None, 1, 0)]);
    let (light, sound) = (roles[0]["id"].clone(), roles[1]["id"].clone());

    // Renamed by id: the people stay on it.
    let renamed =
        json!([{ "id": light, "role_name": "Éclairage", "quota": 2 }, { "id": sound, "role_name": "son" }]);
    plan.become_roles(renamed).await.ok();
    assert_eq!(summary(&plan.roles().await), [row("Éclairage", Some(2), 0, 1), row("son", None, 1, 0)]);

    // Two names swapped, and the order of the list.
    let swapped =
        json!([{ "id": sound, "role_name": "éclairage", "quota": 3 }, { "id": light, "role_name": "son" }]);
    let swapped = plan.become_roles(swapped).await.ok();
    assert_eq!(summary(&swapped["roles"]), [row("éclairage", Some(3), 1, 0), row("son", None, 0, 1)]);
    assert_eq!(swapped["role"], "éclairage", "the first one's name");
    assert_eq!((&swapped["roles"][0]["id"], &swapped["roles"][1]["id"]), (&sound, &light));
    assert_eq!(
        (plan.role_of(&on_light).await, plan.role_of(&on_sound).await),
        (light.clone(), sound.clone())
    );

    // Without an id the name tells which it is; a name that another leaves free is a new role.
    let added = json!([
        { "id": light, "role_name": "plateau" }, { "role_name": "SON", "quota": 1 }, { "role_name": "Éclairage", "quota": 3 },
    ]);
    let added = plan.become_roles(added).await.ok()["roles"].clone();
    assert_eq!(
        summary(&added),
        [row("plateau", None, 0, 1), row("SON", Some(1), 0, 0), row("Éclairage", Some(3), 1, 0)]
    );
    assert_eq!((&added[0]["id"], &added[2]["id"]), (&light, &sound));
    assert!(added[1]["id"] != light && added[1]["id"] != sound);

    // An unused role goes.
    let removed = json!([{ "id": light, "role_name": "plateau" }, { "id": sound, "role_name": "son" }]);
    plan.become_roles(removed).await.ok();
    assert_eq!(summary(&plan.roles().await), [row("plateau", None, 0, 1), row("son", None, 1, 0)]);
    assert_eq!(test.audit("mission.update").await.len(), 4);
    assert_eq!(test.count("SELECT count(*) AS n FROM mission_roles").await, 2);

    // A role may be named like another one's id.
    for name in ["plateau", "coulisses"] {
        let odd =
            json!([{ "id": light, "role_name": name, "quota": 4 }, { "id": sound, "role_name": light }]);
        plan.become_roles(odd).await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn a_role_with_people_on_it_stays(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let roles = json!([{ "role_name": "lumiere" }, { "role_name": "son" }, { "role_name": "plateau" }]);
    let plan = Planned::with_roles(&test, roles).await;
    let assignment = plan.joined(json!("son"), "INVITED").await;
    let was = plan.manager.get(&plan.path).await.ok();
    let before = test.audit_count().await;
    let status = format!("/assignments/{assignment}:status");
    for _ in 0..2 {
        let without = json!([{ "role_name": "lumiere" }, { "role_name": "plateau" }]);
        plan.become_roles(without).await.refused(409, "role_in_use");
        plan.become_roles(Json::Null).await.refused(409, "role_in_use");
        let whole = json!({ "title": "x", "start_at": was["start_at"], "end_at": was["end_at"] });
        plan.manager.put(&plan.path, whole).await.refused(409, "role_in_use");
        plan.manager.post(&status, json!({ "status": "ACCEPTED" })).await.ok();
    }
    assert_eq!(test.audit_count().await, before + 1);
    assert_eq!(plan.manager.get(&plan.path).await.ok()["title"], "Montage");
    // Someone who said no does not hold it; asked again, they have no role of three, and none of two.
    plan.manager.post(&status, json!({ "status": "DECLINED" })).await.ok();
    plan.become_roles(json!([{ "role_name": "lumiere" }, { "role_name": "plateau" }])).await.ok();
    assert_eq!(plan.role_of(&assignment).await, Json::Null);
    plan.manager.post(&status, json!({ "status": "INVITED" })).await.ok();
    assert_eq!(plan.role_of(&assignment).await, Json::Null);
}

#[rstest]
#[tokio::test]
async fn a_quota_is_not_lowered_below_the_accepted_and_may_be_raised(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let plan =
        Planned::with_roles(&test, json!([{ "role_name": "son", "quota": 2 }, { "role_name": "plateau" }]))
            .await;
    plan.joined(json!("son"), "ACCEPTED").await;
    plan.joined(json!("son"), "ACCEPTED").await;
    let waiting = plan.joined(json!("son"), "INVITED").await;
    plan.joined(json!("plateau"), "ACCEPTED").await;
    plan.joined(json!("plateau"), "ACCEPTED").await;
    let quotas = |son: Json, plateau: Json| json!([{ "role_name": "son", "quota": son }, { "role_name": "plateau", "quota": plateau }]);
    let was = plan.roles().await;
    plan.become_roles(quotas(json!(1), Json::Null)).await.refused(409, "quota_below_accepted");
    plan.become_roles(quotas(json!(2), json!(1))).await.refused(409, "quota_below_accepted");
    assert_eq!(plan.roles().await, was);
    plan.become_roles(quotas(json!(2), json!(2))).await.ok();
    let yes = json!({ "status": "ACCEPTED" });
    let status = format!("/assignments/{waiting}:status");
    plan.manager.post(&status, yes.clone()).await.refused(409, "quota_reached");
    plan.join(json!("plateau"), "ACCEPTED").await.refused(409, "quota_reached");
    plan.become_roles(quotas(json!(3), Json::Null)).await.ok();
    plan.manager.post(&status, yes).await.ok();
    plan.joined(json!("plateau"), "ACCEPTED").await;
    assert_eq!(summary(&plan.roles().await), [row("son", Some(3), 0, 3), row("plateau", None, 0, 3)]);
}

#[rstest]
#[tokio::test]
async fn the_only_role_of_a_mission_is_everyones(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let plan = Planned::with_roles(&test, json!([])).await;
    let first = plan.joined(Json::Null, "ACCEPTED").await;
    plan.joined(Json::Null, "ACCEPTED").await;
    let invited = plan.joined(Json::Null, "INVITED").await;
    let was = plan.manager.get(&plan.path).await.ok();
    let before = test.audit_count().await;
    plan.become_roles(json!([{ "role_name": "son", "quota": 1 }])).await.refused(409, "quota_below_accepted");
    assert_eq!((plan.manager.get(&plan.path).await.ok(), test.audit_count().await), (was, before));
    // Of two roles nobody takes any by themselves.
    let two = json!([{ "role_name": "son", "quota": 2 }, { "role_name": "plateau", "quota": 1 }]);
    plan.become_roles(two).await.ok();
    assert_eq!(summary(&plan.roles().await), [row("son", Some(2), 0, 0), row("plateau", Some(1), 0, 0)]);
    assert_eq!(plan.role_of(&first).await, Json::Null);
    // The last one left is: refused where it is too small, else with everyone counted.
    plan.become_roles(json!([{ "role_name": "plateau", "quota": 1 }]))
        .await
        .refused(409, "quota_below_accepted");
    let one = plan.become_roles(json!([{ "role_name": "son", "quota": 2 }])).await.ok();
    assert_eq!(summary(&one["roles"]), [row("son", Some(2), 1, 2)]);
    assert_eq!(plan.role_of(&invited).await, one["roles"][0]["id"]);
    let yes = json!({ "status": "ACCEPTED" });
    plan.manager.post(&format!("/assignments/{invited}:status"), yes).await.refused(409, "quota_reached");
    plan.join(Json::Null, "ACCEPTED").await.refused(409, "quota_reached");
}

#[rstest]
#[tokio::test]
async fn wrong_roles_are_named_and_change_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let elsewhere =
        Planned::with_roles(&test, json!([{ "role_name": "son" }])).await.roles().await[0]["id"].clone();
    let plan = Planned::with_roles(&test, json!([{ "role_name": "son" }, { "role_name": "plateau" }])).await;
    let own = plan.roles().await[0]["id"].clone();
    let was = plan.manager.get(&plan.path).await.ok();
    let before = test.audit_count().await;
    for (roles, wrong) in [
        (json!([{ "role_name": "plateau" }, { "id": elsewhere, "role_name": "son" }]), "/roles/1/id"),
        (json!([{ "id": super::NOBODY, "role_name": "son" }]), "/roles/0/id"),
        (json!([{ "id": 1, "role_name": "son" }]), "/roles/0/id"),
        (json!([{ "id": own, "role_name": "son" }, { "id": own, "role_name": "x" }]), "/roles/1/id"),
        (json!([{ "role_name": "son" }, { "role_name": "SON" }]), "/roles/1/role_name"),
        (json!([{ "id": own }]), "/roles/0/role_name"),
        (json!([{ "role_name": "son", "quota": 0 }]), "/roles/0/quota"),
        (json!([{ "role_name": "son", "quota": 10001 }]), "/roles/0/quota"),
        (json!([{ "role_name": "son", "accepted": 1 }]), "/roles/0/accepted"),
        (json!({ "role_name": "son" }), "/roles"),
    ] {
        assert_eq!(plan.become_roles(roles.clone()).await.wrong_members(), [wrong], "{roles}");
    }
    // The first clients' label leads the list, but was not sent in it.
    let labelled = json!({ "role": "lumiere", "roles": [{ "id": elsewhere, "role_name": "son" }] });
    assert_eq!(plan.manager.patch(&plan.path, labelled).await.wrong_members(), ["/roles/0/id"]);
    // It counts as one, too: what is stored can be sent again.
    let many: Vec<_> = (0..50).map(|i| json!({ "role_name": format!("{i}") })).collect();
    let labelled = json!({ "role": "lumiere", "roles": many });
    assert_eq!(plan.manager.patch(&plan.path, labelled).await.wrong_members(), ["/roles"]);
    assert_eq!(plan.manager.get(&plan.path).await.ok(), was);
    assert_eq!(test.audit_count().await, before);
    let labelled = plan.manager.patch(&plan.path, json!({ "role": "lumiere" })).await.ok();
    assert_eq!(labelled["role"], "lumiere");
    assert_eq!(labelled["roles"].as_array().unwrap().len(), 3);
    assert_eq!(
        with(&labelled, json!({ "role": null, "roles": null, "updated_at": null })),
        with(&was, json!({ "role": null, "roles": null, "updated_at": null }))
    );
}

#[rstest]
#[tokio::test]
async fn a_role_that_comes_or_goes_by_itself_is_on_record(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planned =
        Planned::with_roles(&test, json!([{ "role_name": "son" }, { "role_name": "lumiere" }])).await;
    let without = planned.joined(Json::Null, "INVITED").await;
    let declined = planned.joined(json!("son"), "INVITED").await;
    planned
        .manager
        .post(&format!("/assignments/{declined}:status"), json!({ "status": "DECLINED" }))
        .await
        .ok();
    test.pass_seconds(60);
    // The role of the one who said no goes; the one who had none takes what is left.
    let left = planned.become_roles(json!([{ "role_name": "lumiere" }])).await.ok()["roles"].clone();
    assert_eq!(summary(&left), [row("lumiere", None, 1, 0)]);
    let entries = test.audit("assignment.update").await;
    for (assignment, from) in [(&without, 0), (&declined, 1)] {
        let shown = planned.manager.get(&format!("/assignments/{assignment}")).await.ok();
        assert_eq!(shown["mission_role_id"], left[0]["id"]);
        assert_eq!(shown["updated_at"], "2026-07-01T08:01:00Z");
        let own: Vec<_> = entries.iter().filter(|entry| entry.after["id"] == shown["id"]).collect();
        assert_eq!(own.len(), from + 1, "{assignment}");
        assert_eq!(own.last().unwrap().after, shown);
        assert!(own.iter().all(|entry| entry.before["mission_role_id"] != entry.after["mission_role_id"]));
    }
}
