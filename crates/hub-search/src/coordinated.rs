//! The more words of a query match, the better.

/// What a result keeps of its score when only one of endlessly many groups matches.
const LONELY: f32 = 0.4;

/// The factor when `matched` of `groups` match.
pub(crate) fn coordination(matched: usize, groups: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a handful of words")]
    let share = matched as f32 / groups.max(1) as f32;
    LONELY + (1.0 - LONELY) * share
}
