//! The part of a list that a caller asks for.

use serde::Deserialize;

/// Entries of a part when the caller does not say.
const USUAL: u64 = 20;

/// Most entries of one part.
const MOST: u64 = 100;

/// `?limit=&after=` of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PageQuery {
    limit: Option<u64>,
    /// The last entry of the part before.
    pub after: Option<String>,
}

impl PageQuery {
    /// How many entries to answer, 1 to 100.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_one_to_a_hundred_entries() {
        let ask = |limit| PageQuery { limit, after: None }.limit();
        assert_eq!([ask(None), ask(Some(0)), ask(Some(7)), ask(Some(1000))], [20, 1, 7, 100]);
    }
}
