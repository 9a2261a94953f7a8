//! Keys in their canonical form (`crate::text`): what was stored under another one would not be found any more. No two
//! rows can have one key, so where two texts have become the same, the one whose key changes gets `~2` behind it and is
//! found under that until it is renamed.

use super::*;
use crate::text::{self, NameKey, WordKey};
use sea_orm::ExprTrait;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            goes_through: &["orgs", "accounts", "projects", "mission_roles", "user_skills", "user_tags"],
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
        // An e-mail has the same form as a name.
        let name = |text: &str| NameKey::of(text).as_str().to_owned();
        let word = |text: &str| WordKey::of(text).as_str().to_owned();
        rekey(manager, name, word).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = |text: &str| text.nfkc().flat_map(char::to_lowercase).nfc().collect();
        rekey(manager, name, text::fold).await
    }
}

/// Where a text has a key, unique within the rows that have the same `within`.
struct Keyed {
    table: &'static str,
    within: &'static [&'static str],
    text: &'static str,
    key: &'static str,
}

const NAMES: [Keyed; 4] = [
    Keyed { table: "orgs", within: &[], text: "name", key: "name_key" },
    Keyed { table: "accounts", within: &[], text: "email", key: "email_key" },
    Keyed { table: "projects", within: &["org_id"], text: "name", key: "name_key" },
    Keyed { table: "mission_roles", within: &["org_id", "mission_id"], text: "role_name", key: "name_key" },
];
const WORDS: [Keyed; 2] = [
    Keyed { table: "user_skills", within: &["org_id", "user_id"], text: "skill", key: "skill_key" },
    Keyed { table: "user_tags", within: &["org_id", "user_id"], text: "tag", key: "tag_key" },
];

async fn rekey(
    manager: &SchemaManager<'_>,
    name: impl Fn(&str) -> String,
    word: impl Fn(&str) -> String,
) -> Result<(), DbErr> {
    for keyed in &NAMES {
        keyed.rekey(manager, &name).await?;
    }
    for keyed in &WORDS {
        keyed.rekey(manager, &word).await?;
    }
    Ok(())
}

#[derive(Debug, FromQueryResult)]
struct Pair {
    text: String,
    key: String,
}

impl Keyed {
    async fn rekey(&self, manager: &SchemaManager<'_>, form: impl Fn(&str) -> String) -> Result<(), DbErr> {
        for Pair { text, key } in self.pairs(manager).await? {
            let new = form(&text);
            if new == key {
                continue;
            }
            for within in self.places(manager, &text, &key).await? {
                let free = self.free(manager, &within, &new).await?;
                let mut update = Query::update();
                update.table(self.table).value(self.key, free);
                update.cond_where(within.add(Expr::col(self.key).eq(&*key)));
                manager.execute(update).await?;
            }
        }
        Ok(())
    }

    /// The texts whose key may depend on its form, each once. Plain ASCII has one form; control characters it has none.
    async fn pairs(&self, manager: &SchemaManager<'_>) -> Result<Vec<Pair>, DbErr> {
        let text = self.text;
        let mut select = Query::select();
        select
            .distinct()
            .expr_as(Expr::col(text), "text")
            .expr_as(Expr::col(self.key), "key")
            .from(self.table)
            .and_where(Expr::cust(format!("octet_length({text}) <> length({text}) OR {text} LIKE '%  %'")))
            .order_by(self.key, Order::Asc);
        let statement = manager.get_database_backend().build(&select);
        Pair::find_by_statement(statement).all(manager.get_connection()).await
    }

    /// What the rows have in common among which each one with this text and key has it alone.
    async fn places(
        &self,
        manager: &SchemaManager<'_>,
        text: &str,
        key: &str,
    ) -> Result<Vec<Condition>, DbErr> {
        if self.within.is_empty() {
            return Ok(vec![Condition::all()]);
        }
        let mut select = Query::select();
        select
            .columns(self.within.iter().copied())
            .from(self.table)
            .and_where(Expr::col(self.text).eq(text))
            .and_where(Expr::col(self.key).eq(key));
        let statement = manager.get_database_backend().build(&select);
        let mut places = Vec::new();
        for row in manager.get_connection().query_all_raw(statement).await? {
            let mut place = Condition::all();
            for column in self.within {
                place = place.add(Expr::col(*column).eq(row.try_get::<Uuid>("", column)?));
            }
            places.push(place);
        }
        Ok(places)
    }

    /// The key itself, or the first behind it that no other row there has.
    async fn free(
        &self,
        manager: &SchemaManager<'_>,
        within: &Condition,
        key: &str,
    ) -> Result<String, DbErr> {
        let mut candidate = key.to_owned();
        for number in 2.. {
            let mut taken = Query::select();
            taken.expr(Expr::val(1)).from(self.table);
            taken.cond_where(within.clone().add(Expr::col(self.key).eq(&*candidate)));
            let statement = manager.get_database_backend().build(&taken);
            if manager.get_connection().query_one_raw(statement).await?.is_none() {
                break;
            }
            candidate = format!("{key}~{number}");
        }
        Ok(candidate)
    }
}
