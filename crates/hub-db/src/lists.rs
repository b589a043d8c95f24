//! Statements with a list of values: `… IN ($1, $2, …)`.

use sqlx::{Database, Encode, QueryBuilder, Type};

/// Most values in one list; longer ones are asked for in pieces. SQLite accepts 32,766 values in
/// one statement, but a statement of thousands is slow to prepare.
pub(crate) const LONGEST: usize = 500;

/// Puts `IN (…)` behind what `query` says so far; an empty list holds nothing.
pub(crate) fn push_in<DB, T>(query: &mut QueryBuilder<DB>, values: impl IntoIterator<Item = T>)
where
    DB: Database,
    T: for<'t> Encode<'t, DB> + Type<DB>,
{
    query.push(" IN (");
    let mut list = query.separated(", ");
    let mut empty = true;
    for value in values {
        list.push_bind(value);
        empty = false;
    }
    // PostgreSQL has no empty list.
    query.push(if empty { "NULL)" } else { ")" });
}
