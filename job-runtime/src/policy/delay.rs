//! Delays that spread a herd: `jitter` anew for each tick, `splay` the same for a job on a node.

use std::time::Duration;

use super::retry::part_of;

/// How long after its nominal time a tick starts.
///
/// Never past the next tick, so that ticks keep their order: the sum stays below `period`.
pub(crate) fn start_delay(jitter: Duration, splay: Duration, period: Option<Duration>, chance: u64) -> Duration {
    let room = period.map_or(Duration::MAX, |period| period.saturating_sub(Duration::from_nanos(1)));
    let splay = splay.min(room);
    splay + part_of(jitter.min(room.saturating_sub(splay)), chance)
}

/// The splay of a job on a node: a part of the whole, stable over restarts (FNV-1a of the two names).
pub(crate) fn splay_of(whole: Duration, job: &str, node: &str) -> Duration {
    let bytes = job.bytes().chain([0]).chain(node.bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    part_of(whole, spread(hash))
}

/// Spreads the bits of a number over all of it (the finaliser of Sebastiano Vigna's `SplitMix64`).
pub(crate) fn spread(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_delay_stays_before_the_next_tick() {
        for chance in [0, 1, u64::MAX / 2, u64::MAX] {
            let delay = start_delay(MINUTE * 9, MINUTE * 7, Some(MINUTE), chance);
            assert!(delay < MINUTE, "{delay:?}");
        }
        assert_eq!(start_delay(Duration::ZERO, Duration::ZERO, Some(MINUTE), u64::MAX), Duration::ZERO);
    }

    #[test]
    fn splay_is_stable_and_spreads() {
        let first = splay_of(MINUTE, "job-1", "node");
        assert_eq!(first, splay_of(MINUTE, "job-1", "node"));
        let mut counts = [0_u32; 6];
        for index in 0..6_000 {
            let splay = splay_of(MINUTE, &format!("job-{index}"), "node");
            if let Some(count) = counts.get_mut(usize::try_from(splay.as_secs() / 10).unwrap_or(0)) {
                *count += 1;
            }
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }
}
