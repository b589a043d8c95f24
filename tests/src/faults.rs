//! Chance that can be had again: the dice of the tests that kill.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::environment;

/// How often a hub is killed in one test, unless `HUB_TEST_FAULT_ROUNDS` says otherwise.
#[must_use]
pub fn fault_rounds(usual: u64) -> u64 {
    environment::fault_rounds().unwrap_or(usual)
}

/// Dice that fall the same way for the same seed.
#[derive(Debug)]
pub struct Dice(StdRng);

impl Dice {
    /// A new seed, or the one in `HUB_TEST_FAULT_SEED`. It is printed, so that what went wrong
    /// can be looked for again; how requests meet is still up to the machine.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "a test that fails by chance names its seed")]
    pub fn seed() -> u64 {
        let seed = environment::fault_seed().unwrap_or_else(|| rand::random::<u64>() >> 16);
        eprintln!("HUB_TEST_FAULT_SEED={seed}");
        seed
    }

    /// The dice of one player among many.
    #[must_use]
    pub fn of(seed: u64, player: u64) -> Self {
        Self(StdRng::seed_from_u64(seed ^ player.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number below `sides`.
    ///
    /// # Panics
    ///
    /// When `sides` is zero.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0.random_range(0..sides)
    }

    /// Whether one of `sides` falls.
    pub fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    /// Noise.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes[..]);
        bytes
    }
}
