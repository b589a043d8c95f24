//! A disjunction that is worth the more, the more of its clauses match.

use tantivy::Score;
use tantivy::Term;
use tantivy::query::{BooleanWeight, EnableScoring, Occur, Query, ScoreCombiner, Scorer, Weight};

/// What a result keeps of its score when only one of endlessly many clauses matches.
const LONELY: Score = 0.4;

/// Matches what one of its clauses matches. The score is their sum, lowered by the share of
/// clauses that do not match.
#[derive(Debug)]
pub(crate) struct Coordinated(pub(crate) Vec<Box<dyn Query>>);

impl Clone for Coordinated {
    fn clone(&self) -> Self {
        Self(self.0.iter().map(|clause| clause.box_clone()).collect())
    }
}

impl Query for Coordinated {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let weights = self.0.iter().map(|clause| Ok((Occur::Should, clause.weight(scoring)?)));
        let weights = weights.collect::<tantivy::Result<Vec<_>>>()?;
        let clauses = self.0.len();
        Ok(Box::new(BooleanWeight::with_minimum_number_should_match(
            weights,
            1,
            scoring.is_scoring_enabled(),
            Box::new(move || Sum { clauses, ..Sum::default() }),
        )))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        for clause in &self.0 {
            clause.query_terms(visitor);
        }
    }
}

/// The factor when `matched` of `clauses` match.
pub(crate) fn coordination(matched: usize, clauses: usize) -> Score {
    #[expect(clippy::cast_precision_loss, reason = "a handful of words")]
    let share = matched as Score / clauses.max(1) as Score;
    LONELY + (1.0 - LONELY) * share
}

#[derive(Clone, Copy, Default)]
struct Sum {
    total: Score,
    matched: usize,
    clauses: usize,
}

impl ScoreCombiner for Sum {
    fn update<S: Scorer>(&mut self, scorer: &mut S) {
        self.total += scorer.score();
        self.matched += 1;
    }

    fn clear(&mut self) {
        self.total = 0.0;
        self.matched = 0;
    }

    fn score(&self) -> Score {
        self.total * coordination(self.matched, self.clauses)
    }
}
