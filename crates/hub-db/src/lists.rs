//! Statements with a list of values: `… IN ($1, $2, …)`.

use sqlx::{Database, Encode, QueryBuilder, Type};

/// Most values in one list; longer ones are asked for in pieces. SQLite accepts 32,766 values in
/// one statement, but a statement of thousands is slow to prepare.
pub(crate) const LONGEST: usize = 500;

/// Puts `IN (…)` behind what `query` says so far; an empty list holds nothing.
///
/// The last value is repeated up to a power of two: lists of all lengths are then a few statements,
/// which are worth preparing once.
pub(crate) fn push_in<DB, T>(query: &mut QueryBuilder<DB>, values: impl IntoIterator<Item = T>)
where
    DB: Database,
    T: for<'t> Encode<'t, DB> + Type<DB> + Clone,
{
    query.push(" IN (");
    let mut list = query.separated(", ");
    let mut count: usize = 0;
    let mut again = None;
    for value in values {
        again = Some(value.clone());
        list.push_bind(value);
        count += 1;
    }
    if let Some(value) = again {
        for _ in count..count.next_power_of_two() {
            list.push_bind(value.clone());
        }
        query.push(")");
    } else {
        // PostgreSQL has no empty list.
        query.push("NULL)");
    }
}
