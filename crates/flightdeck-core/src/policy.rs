//! Who answers at an endpoint: one champion, and challengers that answer a share or only watch.

use crate::Digest;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

/// The traffic policy of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TrafficPolicy {
    /// The version that answers all traffic which no canary takes.
    pub champion: Digest,
    /// Versions beside it, in the order in which they were added.
    #[serde(default)]
    pub challengers: Vec<Challenger>,
}

/// A version beside the champion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Challenger {
    /// The version.
    pub version: Digest,
    /// What it does there.
    pub challenge: Challenge,
}

/// What a challenger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Challenge {
    /// Answers this share of the traffic, in percent, 1 to 99.
    Canary(u8),
    /// Sees everything, answers nothing.
    Shadow,
}

/// What a version was when it saw a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VersionRole {
    /// It answered as the champion.
    Champion,
    /// It answered as a canary.
    Canary,
    /// It saw the row and did not answer.
    Shadow,
}

impl VersionRole {
    /// The word it is stored and sent as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Champion => "champion",
            Self::Canary => "canary",
            Self::Shadow => "shadow",
        }
    }
}

/// A policy that does not add up.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    /// A canary's share is not 1 to 99 percent.
    #[error("a canary takes 1 to 99 percent of the traffic, not {0}")]
    Share(u8),
    /// The canaries together leave the champion nothing.
    #[error("the canaries take {0} percent together, which leaves the champion nothing")]
    NothingLeft(u32),
    /// One version stands in the policy twice.
    #[error("version {0} stands in the policy twice")]
    Twice(Digest),
}

impl TrafficPolicy {
    /// A champion alone.
    pub fn champion(version: Digest) -> Self {
        Self { champion: version, challengers: Vec::new() }
    }

    /// Refuses shares that do not add up and versions that stand twice.
    pub fn check(&self) -> Result<(), PolicyError> {
        let mut seen = vec![self.champion];
        let mut taken = 0;
        for challenger in &self.challengers {
            if seen.contains(&challenger.version) {
                return Err(PolicyError::Twice(challenger.version));
            }
            seen.push(challenger.version);
            if let Challenge::Canary(percent) = challenger.challenge {
                if !(1..=99).contains(&percent) {
                    return Err(PolicyError::Share(percent));
                }
                taken += u32::from(percent);
            }
        }
        if taken > 99 { Err(PolicyError::NothingLeft(taken)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(n: u8) -> Digest {
        Digest::from_bytes([n; 32])
    }

    fn with(challenges: &[(u8, Challenge)]) -> TrafficPolicy {
        let challengers = challenges
            .iter()
            .map(|(n, challenge)| Challenger { version: version(*n), challenge: *challenge });
        TrafficPolicy { champion: version(0), challengers: challengers.collect() }
    }

    #[test]
    fn shares_must_leave_the_champion_something() {
        assert_eq!(with(&[(1, Challenge::Canary(99)), (2, Challenge::Shadow)]).check(), Ok(()));
        assert_eq!(with(&[(1, Challenge::Canary(0))]).check(), Err(PolicyError::Share(0)));
        let both = with(&[(1, Challenge::Canary(60)), (2, Challenge::Canary(40))]);
        assert_eq!(both.check(), Err(PolicyError::NothingLeft(100)));
    }

    #[test]
    fn a_version_stands_in_a_policy_once() {
        assert_eq!(with(&[(0, Challenge::Shadow)]).check(), Err(PolicyError::Twice(version(0))));
    }
}
