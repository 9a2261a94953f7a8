//! Bulk inserts.

use super::Tx;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait};

/// Rows per INSERT. SQLite does not yield during a statement, so other requests wait (`cargo xtask drill noisy-neighbour
/// --only bulks`: p99 4.2 ms with 1000 rows, 2.2 with 100), and every connection caches a prepared statement per number of
/// rows.
const ROWS: usize = 100;

impl Tx {
    /// Inserts rows in their order.
    ///
    /// # Errors
    /// When the database refuses a row; the transaction can then only be rolled back.
    pub async fn insert_all<A>(&self, mut rows: Vec<A>) -> Result<(), DbErr>
    where
        A: ActiveModelTrait,
    {
        while !rows.is_empty() {
            let some: Vec<_> = rows.drain(..rows.len().min(ROWS)).collect();
            <A::Entity as EntityTrait>::insert_many(some).exec_without_returning(self).await?;
        }
        Ok(())
    }
}
