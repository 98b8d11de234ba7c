//! Whether a failed attempt is followed by another, and after how long.

use std::fmt;
use std::time::Duration;

use crate::duration::text;

/// The values of `backoff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backoff {
    Constant(Duration),
    /// Full jitter under an exponential ceiling: uniform in `0 ..= min(cap, base · 2^(n−1))`, the "full jitter"
    /// of Marc Brooker, "Exponential Backoff And Jitter" (2015).
    Exponential {
        base: Duration,
        cap: Duration,
    },
}

impl fmt::Display for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(delay) => f.write_str(&text(*delay)),
            Self::Exponential { base, cap } => write!(f, "{}..{}", text(*base), text(*cap)),
        }
    }
}

impl Backoff {
    /// The delay after failed attempt `attempt` (from 1); `chance` is a uniformly random number.
    pub(crate) fn delay(self, attempt: u32, chance: u64) -> Duration {
        let ceiling = self.ceiling(attempt);
        match self {
            Self::Constant(_) => ceiling,
            Self::Exponential { .. } => part_of(ceiling, chance),
        }
    }

    /// The longest that delay can be; a delay without jitter is exactly this.
    pub(crate) fn ceiling(self, attempt: u32) -> Duration {
        match self {
            Self::Constant(delay) => delay,
            Self::Exponential { base, cap } => {
                let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
                base.saturating_mul(factor).min(cap)
            }
        }
    }
}

/// A length between zero and `whole`, both included, as `chance` has it.
pub(crate) fn part_of(whole: Duration, chance: u64) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    let wide = u128::from(chance) * (u128::from(nanos) + 1);
    Duration::from_nanos(u64::try_from(wide >> 64).unwrap_or(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let second = Duration::from_secs(1);
        let backoff = Backoff::Exponential { base: second, cap: second * 10 };
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (33, 10), (200, 10)] {
            assert_eq!(backoff.ceiling(attempt), second * seconds, "{attempt}");
            assert_eq!(backoff.delay(attempt, u64::MAX), second * seconds, "{attempt}");
            assert_eq!(backoff.delay(attempt, 0), Duration::ZERO);
        }
    }

    #[test]
    fn constant_is_exact() {
        let ten = Duration::from_secs(10);
        assert_eq!(Backoff::Constant(ten).delay(7, 12_345), ten);
        assert_eq!(Backoff::Constant(ten).ceiling(7), ten);
    }
}
