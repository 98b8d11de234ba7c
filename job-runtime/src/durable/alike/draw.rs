//! Chance that can be had again.

/// The numbers of [SplitMix64](https://doi.org/10.1145/2660193.2660195).
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("it fits");
        usize::try_from(self.next() % end).expect("it is smaller")
    }

    pub(super) fn small(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).expect("it is smaller")
    }

    /// A number for a token or a node.
    pub(super) fn number(&mut self) -> i64 {
        i64::try_from(self.next() >> 1).expect("it fits")
    }

    /// True once in so many times.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Some of them, in their order.
    pub(super) fn some_of<T: Clone>(&mut self, all: &[T]) -> Vec<T> {
        all.iter().filter(|_| !self.once_in(4)).cloned().collect()
    }
}
