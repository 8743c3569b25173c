//! Who answers and who watches at an endpoint. Never changes: a change is another one of these.

use super::{Model, Seen, Served, Shadow};
use flightdeck_core::{Digest, VersionRole};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Traffic is split into so many parts: shares are whole percents.
const PARTS: u64 = 100;
/// How many parts lie between two requests without a key. It has no divisor in common with the parts, so that a hundred
/// requests visit each part once, and neighbours lie far apart.
const STRIDE: u64 = 61;

/// The versions of an endpoint in their roles.
pub(crate) struct Lineup {
    pub(crate) champion: Served,
    /// Versions that answer a share, in the policy's order.
    pub(crate) canaries: Vec<Canary>,
    pub(crate) shadows: Vec<Arc<Shadow>>,
    /// The champion before, so that going back needs no loading.
    pub(crate) kept: Option<Arc<Model>>,
    turn: AtomicU64,
}

/// A version that answers a share of the requests.
pub(crate) struct Canary {
    pub(crate) percent: u8,
    pub(crate) served: Served,
}

impl Lineup {
    pub(crate) const fn new(
        champion: Served,
        canaries: Vec<Canary>,
        shadows: Vec<Arc<Shadow>>,
        kept: Option<Arc<Model>>,
    ) -> Self {
        Self { champion, canaries, shadows, kept, turn: AtomicU64::new(0) }
    }

    /// Who answers a request: always the same version for the same key, and each its share.
    pub(crate) fn choose(&self, key: Option<&[u8]>) -> &Served {
        if self.canaries.is_empty() {
            return &self.champion;
        }
        let part = match key {
            Some(key) => spread(key) % PARTS,
            None => self.turn.fetch_add(1, Ordering::Relaxed).wrapping_mul(STRIDE) % PARTS,
        };
        let mut end = 0;
        let canary = self.canaries.iter().find(|canary| {
            end += u64::from(canary.percent);
            part < end
        });
        canary.map_or(&self.champion, |canary| &canary.served)
    }

    /// Shows the shadows what was answered. They take it or drop it; nothing is waited for.
    pub(crate) fn show(&self, seen: &Seen) {
        self.shadows.iter().for_each(|shadow| shadow.offer(seen.clone()));
    }

    /// The versions that answer.
    pub(crate) fn answering(&self) -> impl Iterator<Item = &Served> {
        std::iter::once(&self.champion).chain(self.canaries.iter().map(|canary| &canary.served))
    }

    /// All versions in a role.
    pub(crate) fn served(&self) -> impl Iterator<Item = &Served> {
        self.answering().chain(self.shadows.iter().map(|shadow| &shadow.served))
    }

    /// A version that is loaded here, whatever it does.
    pub(crate) fn model(&self, version: &Digest) -> Option<Arc<Model>> {
        let mut models = self.served().map(|served| &served.model).chain(&self.kept);
        models.find(|model| model.version == *version).cloned()
    }

    /// The share of the answers that a version has in that role, in percent.
    pub(crate) fn share(&self, version: &Digest, role: VersionRole) -> u8 {
        let is_it = |served: &Served| served.model.version == *version;
        match role {
            VersionRole::Champion if is_it(&self.champion) => {
                100_u8.saturating_sub(self.canaries.iter().map(|canary| canary.percent).sum())
            }
            VersionRole::Canary => {
                let canary = self.canaries.iter().find(|canary| is_it(&canary.served));
                canary.map_or(0, |canary| canary.percent)
            }
            VersionRole::Champion | VersionRole::Shadow => 0,
        }
    }
}

/// A number from a key, the same on every machine and in every release: FNV-1a, and the finaliser of `MurmurHash3`,
/// because keys that differ in one digit must not stay neighbours.
fn spread(key: &[u8]) -> u64 {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_requests_visit_each_part_once() {
        let mut parts: Vec<u64> = (0..PARTS).map(|turn| turn * STRIDE % PARTS).collect();
        parts.sort_unstable();
        assert_eq!(parts, (0..PARTS).collect::<Vec<_>>());
    }

    #[test]
    fn keys_are_spread_evenly_and_stay_where_they_are() {
        // Computed in Python from the two definitions: who a key belongs to must never change.
        assert_eq!(spread(b"user-1"), 0x41a2_fca5_c684_01c5);
        let mut counts = [0_u32; PARTS as usize];
        for user in 0..100_000 {
            counts[(spread(format!("user-{user}").as_bytes()) % PARTS) as usize] += 1;
        }
        // A thousand each, with a standard deviation of about 32.
        assert!(counts.iter().all(|count| (840..1160).contains(count)), "{counts:?}");
    }
}
