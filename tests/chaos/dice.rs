//! Numbers that look random, and are the same again for the same seed.

use std::ops::RangeInclusive;

/// `SplitMix64`: small, good enough to choose faults with, and the same on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice of their own for everything that the parts name together, so that what befalls one
    /// request does not hang on which others came before it.
    pub(crate) fn new(parts: &[u64]) -> Self {
        let mut dice = Dice(0);
        for part in parts {
            dice.0 = dice.roll() ^ part;
        }
        dice
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    pub(crate) fn of(&mut self, range: RangeInclusive<usize>) -> usize {
        let span = (range.end() - range.start() + 1) as u64;
        range.start() + usize::try_from(self.roll() % span).unwrap()
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.of(0..=99) < chance
    }

    /// One of several, each as likely as the others.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.of(0..=choices.len() - 1)]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in 1..items.len() {
            items.swap(last, self.of(0..=last));
        }
    }
}
