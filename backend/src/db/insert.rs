//! Inserting many rows.

use super::Tx;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait};

/// Rows of one INSERT: SQLite carries a statement out without a pause, for which others wait (`cargo xtask drill noisy-neighbour
/// --only bulks`: their p99 4.2 ms with a thousand rows, 2.2 with a hundred), and every connection keeps the statement of each
/// number that it has met.
const ROWS: usize = 100;

impl Tx {
    /// Inserts rows of one kind, in their order.
    ///
    /// # Errors
    /// What the database refuses; the transaction can only be rolled back then.
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
