//! What a repository is worth whatever is asked: a factor, never a tie-breaker.
//!
//! Badges that only break ties never act, for scores are hardly ever equal
//! (`docs/sources.md#search-recipe`). Every factor is moderate: what fits better comes first.

use hub_model::SearchDoc;

/// What is official, by the administrators of the hub.
const OFFICIAL: f64 = 1.15;
/// What nobody should begin to use.
const DEPRECATED: f64 = 0.5;
/// The most that pulls of the last 30 days and stars do together. What was pulled long ago and is no
/// longer says little.
const POPULAR: f64 = 1.3;
/// Share of a factor by which ten times as many recent pulls, or stars, lift.
const PER_DECADE: f64 = 0.04;
/// The most that an upload does, by which it is lifted on its day.
const FRESH: f64 = 0.1;
/// Days after which half of that is left.
const HALF_LIFE_DAYS: f64 = 90.0;
/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;
/// Parts that factors are kept in.
const PARTS: f64 = 1000.0;

/// The most that the part is which does not change with time.
#[expect(clippy::cast_possible_truncation, reason = "between one and two")]
pub(crate) const MOST: f32 = (OFFICIAL * POPULAR) as f32 + 0.001;

/// The part that does not change with time, in thousandths.
pub(crate) fn lift(doc: &SearchDoc) -> u64 {
    let official = if doc.official { OFFICIAL } else { 1.0 };
    let deprecated = if doc.deprecated { DEPRECATED } else { 1.0 };
    let decades = decades(doc.recent_pulls) + decades(doc.stars);
    let popular = (1.0 + PER_DECADE * decades).min(POPULAR);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousands")]
    let parts = (official * deprecated * popular * PARTS).round() as u64;
    parts
}

/// The factor that was kept.
pub(crate) fn factor(lift: u64) -> f32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as above")]
    let factor = lift as f32 / PARTS as f32;
    factor
}

/// The factor for an upload at `pushed_at_ms`. Without a clock nothing is fresh.
pub(crate) fn freshness(pushed_at_ms: i64, now_ms: i64) -> f32 {
    if pushed_at_ms <= 0 || now_ms <= 0 {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries")]
    let days = (now_ms - pushed_at_ms).max(0) as f64 / DAY_MS;
    #[expect(clippy::cast_possible_truncation, reason = "between one and two")]
    let factor = (1.0 + FRESH * 0.5_f64.powf(days / HALF_LIFE_DAYS)) as f32;
    factor
}

fn decades(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a logarithm")]
    let count = count as f64;
    (1.0 + count).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badges_and_use_lift_moderately() {
        let doc = SearchDoc::default();
        assert_eq!(lift(&doc), 1000);
        assert_eq!(lift(&SearchDoc { official: true, ..doc.clone() }), 1150);
        assert_eq!(lift(&SearchDoc { deprecated: true, ..doc.clone() }), 500);
        let known = SearchDoc { recent_pulls: 999_999, stars: 99, ..doc.clone() };
        assert_eq!(lift(&known), 1300);
        assert_eq!(lift(&SearchDoc { recent_pulls: 999, ..doc.clone() }), 1120);
        let endless = SearchDoc { recent_pulls: u64::MAX, ..doc.clone() };
        assert_eq!(lift(&endless), 1300);
        let once_known = SearchDoc { pulls: u64::MAX, ..doc };
        assert_eq!(lift(&once_known), 1000);
    }

    #[test]
    fn what_was_uploaded_lately_is_a_little_better() {
        let day = 86_400_000;
        assert!((freshness(1000 * day, 1000 * day) - 1.1).abs() < 1e-6);
        assert!((freshness(1000 * day, 1090 * day) - 1.05).abs() < 1e-6);
        assert!((freshness(1000 * day, 900 * day) - 1.1).abs() < 1e-6, "a clock that went back");
        assert!((freshness(0, 900 * day) - 1.0).abs() < 1e-6);
    }
}
