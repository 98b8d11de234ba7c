//! Delays that spread a herd: `jitter` anew for each tick, `splay` the same for a job on a node.

use std::time::Duration;

use super::retry::part_of;

/// How long after its nominal time a tick starts: a part of `splay`, always the same for `place`, and a part of
/// `jitter` by `chance`.
///
/// Never past the next tick, so that ticks keep their order: what is longer is cut before a part of it is taken, so
/// that the parts still spread, and the sum stays below `period`.
pub(crate) fn start_delay(
    jitter: Duration,
    splay: Duration,
    period: Option<Duration>,
    place: u64,
    chance: u64,
) -> Duration {
    let room = period.map_or(Duration::MAX, |period| period.saturating_sub(Duration::from_nanos(1)));
    let splay = part_of(splay.min(room), place);
    splay + part_of(jitter.min(room.saturating_sub(splay)), chance)
}

/// Where among all others a job on a node stands, stable over restarts (FNV-1a of the two names).
pub(crate) fn place_of(job: &str, node: &str) -> u64 {
    let bytes = job.bytes().chain([0]).chain(node.bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    spread(hash)
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
            for place in [0, u64::MAX / 2, u64::MAX] {
                let delay = start_delay(MINUTE * 9, MINUTE * 7, Some(MINUTE), place, chance);
                assert!(delay < MINUTE, "{delay:?}");
            }
        }
        assert_eq!(start_delay(Duration::ZERO, Duration::ZERO, Some(MINUTE), u64::MAX, u64::MAX), Duration::ZERO);
    }

    #[test]
    fn splay_is_stable_and_spreads_also_where_it_is_longer_than_the_period() {
        assert_eq!(place_of("job-1", "node"), place_of("job-1", "node"));
        for splay in [MINUTE, MINUTE * 180] {
            let mut counts = [0_u32; 6];
            for index in 0..6_000 {
                let place = place_of(&format!("job-{index}"), "node");
                let delay = start_delay(Duration::ZERO, splay, Some(MINUTE), place, 0);
                if let Some(count) = counts.get_mut(usize::try_from(delay.as_secs() / 10).unwrap_or(0)) {
                    *count += 1;
                }
            }
            assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
        }
    }
}
