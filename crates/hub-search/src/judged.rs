//! How well an answer fits a judged query.
//!
//! The measures are those of `score.py` beside the judged queries (`docs/sources.md#judged-search`):
//! gain `2^grade - 1`, discount `log2(rank + 1)`, the ideal order taken from all grades of a query.

use std::collections::HashMap;

/// Ranks that count.
pub const RANKS: usize = 10;

/// What nobody means: every answer to it is noise.
pub const NONSENSE: [&str; 8] =
    ["xyzzyq", "asdf", "qwertyuiop", "zzzzzz", "lorem ipsum", "哈哈哈哈", "fnord", "1234567"];

/// Grades of one query: full name to grade, 1 related, 2 fits, 3 what is wanted. Whatever is not
/// named does not fit. Empty: nothing fits, an answer is nonsense.
pub type Grades = HashMap<String, u8>;

/// Figures of one query, or means over several.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Discounted gain of the first ten, as a share of the best possible.
    pub ndcg: f64,
    /// One divided by the rank of the first result that has the best grade of the query.
    pub mrr: f64,
    /// Whether the first result fits (grade 2 or more).
    pub p1: f64,
    /// Whether nothing was answered.
    pub zero: f64,
}

/// Judges `results`, best first.
///
/// # Panics
///
/// When `grades` is empty: there is nothing that an answer could be measured by.
#[must_use]
pub fn judge<S: AsRef<str>>(results: &[S], grades: &Grades) -> Figures {
    let best = *grades.values().max().expect("a query with grades");
    let grade = |name: &S| grades.get(name.as_ref()).copied().unwrap_or(0);
    let found: Vec<u8> = results.iter().take(RANKS).map(grade).collect();
    let mut ideal: Vec<u8> = grades.values().copied().collect();
    ideal.sort_unstable_by(|left, right| right.cmp(left));
    let first = found.iter().zip(1_u32..).find(|(grade, _)| **grade == best);
    Figures {
        ndcg: gain(&found) / gain(&ideal),
        mrr: first.map_or(0.0, |(_, rank)| 1.0 / f64::from(rank)),
        p1: f64::from(found.first().is_some_and(|grade| *grade >= 2)),
        zero: f64::from(results.is_empty()),
    }
}

fn gain(grades: &[u8]) -> f64 {
    let of =
        |(grade, rank): (&u8, u32)| (2_f64.powi((*grade).into()) - 1.0) / f64::from(rank).log2();
    grades.iter().take(RANKS).zip(2..).map(of).sum()
}

/// The means, or nothing when there is nothing to take them of.
#[must_use]
pub fn mean(figures: &[Figures]) -> Option<Figures> {
    let count = f64::from(u32::try_from(figures.len()).ok().filter(|count| *count > 0)?);
    let of = |figure: fn(&Figures) -> f64| figures.iter().map(figure).sum::<f64>() / count;
    Some(Figures {
        ndcg: of(|one| one.ndcg),
        mrr: of(|one| one.mrr),
        p1: of(|one| one.p1),
        zero: of(|one| one.zero),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grades(of: &[(&str, u8)]) -> Grades {
        of.iter().map(|(name, grade)| ((*name).to_owned(), *grade)).collect()
    }

    #[test]
    fn the_ideal_order_is_one_and_nothing_is_zero() {
        let grades = grades(&[("a", 3), ("b", 2), ("c", 1)]);
        let figures = judge(&["a", "b", "c", "x"], &grades);
        assert_eq!(figures, Figures { ndcg: 1.0, mrr: 1.0, p1: 1.0, zero: 0.0 });
        let none = judge::<&str>(&[], &grades);
        assert_eq!(none, Figures { ndcg: 0.0, mrr: 0.0, p1: 0.0, zero: 1.0 });
    }

    #[test]
    fn what_stands_lower_counts_less_and_beyond_ten_nothing() {
        let grades = grades(&[("a", 3), ("b", 1)]);
        let figures = judge(&["b", "x", "a"], &grades);
        // (1 / log2 2 + 7 / log2 4) / (7 / log2 2 + 1 / log2 3), by hand.
        assert!((figures.ndcg - 0.589_7).abs() < 0.000_1, "{figures:?}");
        assert!((figures.mrr - 1.0 / 3.0).abs() < 1e-9);
        assert!(figures.p1 < 0.1);
        let late = [vec!["x"; 10], vec!["a"]].concat();
        assert!(judge(&late, &grades).ndcg < 1e-9);
    }
}
