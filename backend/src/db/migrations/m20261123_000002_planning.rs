//! What is planned: people, projects, missions and their roles, assignments, invitations, availabilities.
//!
//! An assignment carries its mission's instants, because a constraint can only compare rows of one table. Its foreign
//! key includes them and cascades, so the database keeps both equal and a move re-checks every accepted person.

use super::*;

/// 31 days in microseconds. Queries and triggers rely on it: what overlaps an instant began at most that long before.
const LONGEST_PERIOD: i64 = 31 * 24 * 3600 * 1_000_000;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            creates: &[
                "users",
                "user_skills",
                "user_tags",
                "availabilities",
                "projects",
                "missions",
                "mission_roles",
                "assignments",
                "invitations",
            ],
            ..Rows::NONE
        }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        people(manager).await?;
        missions(manager).await?;
        assignments(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            "availabilities",
            "invitations",
            "assignments",
            "mission_roles",
            "missions",
            "projects",
            "user_tags",
            "user_skills",
            "users",
        ];
        drop_tables(manager, &tables).await
    }
}

async fn people(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // Sorting must not depend on the collation a PostgreSQL database happens to have: SQLite compares bytes.
    let mut sort_key = text("sort_key");
    if manager.get_database_backend() == DbBackend::Postgres {
        sort_key.extra("COLLATE \"C\"");
    }
    manager
        .create_table(
            table("users")
                .col(id("org_id"))
                .col(id("id"))
                .col(text("first_name"))
                .col(text("last_name"))
                .col(sort_key)
                .col(text("name_search"))
                .col(text_null("email"))
                .col(text_null("email_search"))
                .col(text_null("phone"))
                .col(one_of("employment_type", &["CDI", "CDD", "FREELANCE", "INTERMITTENT", "OTHER"]))
                .col(text_null("bio"))
                .col(schema::json_binary_null("rate_profile"))
                .col(schema::boolean("active"))
                .col(id_null("account_id"))
                .col(schema::json_binary_null("legal_ids"))
                .col(schema::json_binary_null("documents"))
                .col(instant("created_at"))
                .col(instant("updated_at"))
                .primary_key(&mut primary_key(&["org_id", "id"]))
                .foreign_key(&mut refers("users_org", &["org_id"], "orgs", &["id"]))
                .foreign_key(&mut refers("users_of_account", &["account_id"], "accounts", &["id"]))
                .take(),
        )
        .await?;
    index(manager, "unique users_account", "users (org_id, account_id)").await?;
    index(manager, "users_by_name", "users (org_id, sort_key, id)").await?;

    manager
        .create_table(
            table("user_skills")
                .col(id("org_id"))
                .col(id("user_id"))
                .col(text("skill"))
                .col(text("skill_key"))
                .col(schema::small_integer("level").check(Expr::col("level").between(1, 5)))
                .col(instant("created_at"))
                .primary_key(&mut primary_key(&["org_id", "user_id", "skill_key"]))
                .foreign_key(
                    refers("user_skills_user", &["org_id", "user_id"], "users", &["org_id", "id"])
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    index(manager, "user_skills_by_skill", "user_skills (org_id, skill_key, user_id)").await?;

    manager
        .create_table(
            table("user_tags")
                .col(id("org_id"))
                .col(id("user_id"))
                .col(text("tag"))
                .col(text("tag_key"))
                .col(instant("created_at"))
                .primary_key(&mut primary_key(&["org_id", "user_id", "tag_key"]))
                .foreign_key(
                    refers("user_tags_user", &["org_id", "user_id"], "users", &["org_id", "id"])
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    index(manager, "user_tags_by_tag", "user_tags (org_id, tag_key, user_id)").await?;

    manager
        .create_table(
            table("availabilities")
                .col(id("org_id"))
                .col(id("id"))
                .col(id("user_id"))
                .col(instant("starts_at"))
                .col(instant("ends_at"))
                .col(one_of("status", &["PENDING", "APPROVED", "REJECTED"]))
                .col(text_null("note"))
                .col(instant("created_at"))
                .col(instant("updated_at"))
                .check(Expr::col("ends_at").gt(Expr::col("starts_at")))
                .check(Expr::col("ends_at").sub(Expr::col("starts_at")).lte(LONGEST_PERIOD))
                .primary_key(&mut primary_key(&["org_id", "id"]))
                .foreign_key(&mut refers(
                    "availabilities_user",
                    &["org_id", "user_id"],
                    "users",
                    &["org_id", "id"],
                ))
                .take(),
        )
        .await?;
    index(manager, "availabilities_by_user", "availabilities (org_id, user_id, starts_at)").await?;
    index(manager, "availabilities_by_start", "availabilities (org_id, starts_at, id)").await
}

async fn missions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("projects")
                .col(id("org_id"))
                .col(id("id"))
                .col(text("name"))
                .col(text("name_key"))
                .col(text("name_search"))
                .col(one_of("status", &["DRAFT", "ACTIVE", "ARCHIVED"]))
                .col(instant_null("starts_at"))
                .col(instant_null("ends_at"))
                .col(text_null("note"))
                .col(instant("created_at"))
                .col(instant("updated_at"))
                .primary_key(&mut primary_key(&["org_id", "id"]))
                .foreign_key(&mut refers("projects_org", &["org_id"], "orgs", &["id"]))
                .take(),
        )
        .await?;
    index(manager, "unique projects_name", "projects (org_id, name_key)").await?;
    index(manager, "projects_by_age", "projects (org_id, created_at, id)").await?;

    manager
        .create_table(
            table("missions")
                .col(id("org_id"))
                .col(id("id"))
                .col(id_null("project_id"))
                .col(text("title"))
                .col(text("title_search"))
                .col(text_null("location"))
                .col(instant("starts_at"))
                .col(instant("ends_at"))
                .col(text("timezone"))
                .col(text_null("note"))
                .col(instant_null("cancelled_at"))
                .col(instant("created_at"))
                .col(instant("updated_at"))
                .check(Expr::col("ends_at").gt(Expr::col("starts_at")))
                .check(Expr::col("ends_at").sub(Expr::col("starts_at")).lte(LONGEST_PERIOD))
                .primary_key(&mut primary_key(&["org_id", "id"]))
                .foreign_key(&mut refers("missions_org", &["org_id"], "orgs", &["id"]))
                .foreign_key(&mut refers(
                    "missions_project",
                    &["org_id", "project_id"],
                    "projects",
                    &["org_id", "id"],
                ))
                .take(),
        )
        .await?;
    index(manager, "unique missions_instants", "missions (org_id, id, starts_at, ends_at)").await?;
    index(manager, "missions_by_start", "missions (org_id, starts_at, id)").await?;
    index(manager, "missions_by_project", "missions (org_id, project_id, starts_at, id)").await?;

    manager
        .create_table(
            table("mission_roles")
                .col(id("org_id"))
                .col(id("id"))
                .col(id("mission_id"))
                .col(text("role_name"))
                .col(text("name_key"))
                .col(schema::integer_null("quota").check(Expr::col("quota").gte(1)))
                .col(schema::integer("position"))
                .col(instant("created_at"))
                .primary_key(&mut primary_key(&["org_id", "id"]))
                .foreign_key(
                    refers("mission_roles_mission", &["org_id", "mission_id"], "missions", &["org_id", "id"])
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    index(manager, "unique mission_roles_name", "mission_roles (org_id, mission_id, name_key)").await?;
    // The target of the assignments' foreign key: a role of another mission does not fit.
    index(manager, "unique mission_roles_of_mission", "mission_roles (org_id, mission_id, id)").await
}

async fn assignments(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("assignments")
                .col(id("org_id"))
                .col(id("id"))
                .col(id("mission_id"))
                .col(id("user_id"))
                .col(id_null("mission_role_id"))
                .col(one_of("status", &["INVITED", "ACCEPTED", "DECLINED", "CANCELLED"]))
                .col(text_null("note"))
                .col(text_null("decline_reason"))
                .col(text_null("conflict_override"))
                .col(instant("starts_at"))
                .col(instant("ends_at"))
                .col(instant("created_at"))
                .col(instant("updated_at"))
                .check(Expr::col("conflict_override").is_null().or(Expr::col("status").eq("ACCEPTED")))
                .primary_key(&mut primary_key(&["org_id", "id"]))
                .foreign_key(&mut refers(
                    "assignments_user",
                    &["org_id", "user_id"],
                    "users",
                    &["org_id", "id"],
                ))
                .foreign_key(
                    refers(
                        "assignments_mission",
                        &["org_id", "mission_id", "starts_at", "ends_at"],
                        "missions",
                        &["org_id", "id", "starts_at", "ends_at"],
                    )
                    .on_update(ForeignKeyAction::Cascade),
                )
                .foreign_key(&mut refers(
                    "assignments_role",
                    &["org_id", "mission_id", "mission_role_id"],
                    "mission_roles",
                    &["org_id", "mission_id", "id"],
                ))
                .take(),
        )
        .await?;
    index(
        manager,
        "unique assignments_one_active",
        "assignments (org_id, mission_id, user_id) WHERE status IN ('INVITED', 'ACCEPTED')",
    )
    .await?;
    index(manager, "assignments_by_user", "assignments (org_id, user_id, starts_at, id)").await?;
    index(manager, "assignments_by_start", "assignments (org_id, starts_at, id)").await?;
    index(manager, "assignments_by_mission", "assignments (org_id, mission_id, status)").await?;
    index(manager, "assignments_by_role", "assignments (org_id, mission_role_id, status)").await?;

    manager
        .create_table(
            table("invitations")
                .col(id("org_id"))
                .col(id("id"))
                .col(id("assignment_id"))
                .col(schema::blob("token_hash"))
                .col(text_null("email"))
                .col(instant("expires_at"))
                .col(instant_null("answered_at"))
                .col(text_null("answer").check(Expr::col("answer").is_in(["ACCEPTED", "DECLINED"])))
                .col(instant_null("revoked_at"))
                .col(instant("created_at"))
                .col(instant("updated_at"))
                .primary_key(&mut primary_key(&["org_id", "id"]))
                .foreign_key(
                    refers(
                        "invitations_assignment",
                        &["org_id", "assignment_id"],
                        "assignments",
                        &["org_id", "id"],
                    )
                    .on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    // An id alone says whether there is such an invitation; who holds no token has no org yet.
    index(manager, "unique invitations_id", "invitations (id)").await?;
    index(manager, "invitations_by_assignment", "invitations (org_id, assignment_id)").await?;
    index(manager, "invitations_by_age", "invitations (org_id, created_at, id)").await
}
