//! What is searched takes the form of [`crate::search`]: words instead of the whole text, with a mission's place and a
//! person's telephone number. The columns are renamed after what they hold, and rebuilt.

use super::*;
use crate::{search, text};
use sea_orm::ExprTrait;
use uuid::Uuid;

/// Rows that are read at once.
const AT_ONCE: u64 = 500;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { goes_through: &["projects", "missions", "users"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename(manager, "missions", "title_search", "search").await?;
        rename(manager, "users", "email_search", "contact_search").await?;
        let words = |[one, other]: &Texts| {
            let texts = [one, other].into_iter().filter_map(Option::as_deref);
            Some(search::stored(texts))
        };
        let contacts = |[email, phone]: &Texts| search::contacts(email.as_deref(), phone.as_deref());
        rebuild(manager, "projects", "name_search", ["name", "name"], |[name, _]| {
            words(&[name.clone(), None])
        })
        .await?;
        rebuild(manager, "missions", "search", ["title", "location"], words).await?;
        rebuild(manager, "users", "name_search", ["first_name", "last_name"], words).await?;
        rebuild(manager, "users", "contact_search", ["email", "phone"], contacts).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let first = |[text, _]: &Texts| text.as_deref().map(text::fold);
        let name = |[first, last]: &Texts| {
            let parts = [first, last].map(|part| part.as_deref().unwrap_or_default());
            Some(text::fold(parts.join(" ").trim()))
        };
        rebuild(manager, "projects", "name_search", ["name", "name"], first).await?;
        rebuild(manager, "missions", "search", ["title", "location"], first).await?;
        rebuild(manager, "users", "name_search", ["first_name", "last_name"], name).await?;
        rebuild(manager, "users", "contact_search", ["email", "phone"], first).await?;
        rename(manager, "missions", "search", "title_search").await?;
        rename(manager, "users", "contact_search", "email_search").await
    }
}

async fn rename(manager: &SchemaManager<'_>, table: &'static str, from: &str, to: &str) -> Result<(), DbErr> {
    let sql = format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}");
    manager.get_connection().execute_unprepared(&sql).await.map(|_| ())
}

/// The two texts that a column is made of.
type Texts = [Option<String>; 2];

async fn rebuild(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
    from: [&'static str; 2],
    form: impl Fn(&Texts) -> Option<String>,
) -> Result<(), DbErr> {
    let (db, backend) = (manager.get_connection(), manager.get_database_backend());
    let (mut org, mut last) = (Uuid::nil(), Uuid::nil());
    loop {
        // By the primary key: each part begins where the one before ended.
        let behind =
            Expr::col("org_id").gt(org).or(Expr::col("org_id").eq(org).and(Expr::col("id").gt(last)));
        let mut select = Query::select();
        select
            .columns(["org_id", "id", from[0], from[1], column])
            .from(table)
            .and_where(behind)
            .order_by("org_id", Order::Asc)
            .order_by("id", Order::Asc)
            .limit(AT_ONCE);
        let rows = db.query_all_raw(backend.build(&select)).await?;
        for row in &rows {
            (org, last) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let texts = [row.try_get_by_index(2)?, row.try_get_by_index(3)?];
            let (before, after): (Option<String>, _) = (row.try_get_by_index(4)?, form(&texts));
            if before != after {
                let mut update = Query::update();
                update.table(table).value(column, after);
                update.and_where(Expr::col("org_id").eq(org)).and_where(Expr::col("id").eq(last));
                manager.execute(update).await?;
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}
