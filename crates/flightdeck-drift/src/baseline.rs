//! What a version was trained on, as counts: the reference that traffic is compared with.
//!
//! A baseline stands in the package as JSON and is read by desktop and runner alike. Making one from rows is `freeze`; counting
//! traffic on its edges is `counter`.

use crate::edges::{MAX_EDGES, total};
use crate::phi::Phi;
use crate::values::KnownHashes;
use flightdeck_core::{ColumnKind, Digest, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The format number that this program writes and reads.
pub const FORMAT: u32 = 1;
/// How many values of a categorical column are kept by text.
pub const KEPT_VALUES: usize = 64;

/// The frozen columns of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Baseline {
    /// [`FORMAT`].
    pub format: u32,
    /// Names the edges and values of all columns: counts with another name are never added to these.
    pub edge_set: Digest,
    /// Rows that it was made from.
    pub rows: u64,
    /// Time of the first and of the last row, where they were in the order of time.
    #[serde(default)]
    pub period: Option<(Timestamp, Timestamp)>,
    /// The columns, in the order that a counter takes them.
    pub columns: Vec<ColumnBaseline>,
}

/// A frozen column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnBaseline {
    /// The column's name.
    pub name: String,
    /// Missing values.
    pub nulls: u64,
    /// What is counted, and the baseline's own counts.
    pub counted: Counted,
    /// How much more than independent rows its windows varied, by step length; empty when rows had no order in time.
    #[serde(default)]
    pub phi: Vec<Phi>,
}

/// What is counted of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Numbers between edges.
    Numeric(NumericBaseline),
    /// Values, one by one.
    Categorical(CategoricalBaseline),
}

/// Numbers between frozen edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumericBaseline {
    /// Ascending and finite; bins are `(e, e']`, and the first and last bin catch what lies out of range.
    pub edges: Vec<f64>,
    /// Positions of the canonical(10) edges.
    pub coarse: Vec<u32>,
    /// Finite values by bin: one more than edges.
    pub counts: Vec<u64>,
    /// NaN that did not stand for a missing value.
    pub nan: u64,
    /// Positive infinities.
    pub positive_infinite: u64,
    /// Negative infinities.
    pub negative_infinite: u64,
    /// Smallest finite value.
    pub min: Option<f64>,
    /// Largest finite value.
    pub max: Option<f64>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// Their standard deviation (ddof 0).
    pub std: Option<f64>,
}

/// Values with their counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoricalBaseline {
    /// The most frequent values, most frequent first.
    pub values: Vec<ValueCount>,
    /// Rows with another known value.
    pub rest: u64,
    /// Recognises those values.
    pub rest_values: KnownHashes,
    /// Rows whose values were too many to remember; traffic with them counts as new.
    pub forgotten: u64,
    /// Distinct values.
    pub distinct: u64,
    /// Values seen exactly once: by Good and Turing, about `once / rows` of traffic is new without any drift.
    pub once: u64,
}

/// A value and how often it occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueCount {
    /// The value.
    pub value: String,
    /// Rows that have it.
    pub count: u64,
}

/// A baseline file that is not one.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BaselineError {
    /// Written by another version of the program.
    #[error("baseline format {0} is not supported; this program reads format {FORMAT}")]
    Format(u32),
    /// Edges, counts and values do not fit together.
    #[error("the baseline of column \"{0}\" is damaged")]
    Column(String),
    /// The edges are not the ones that the name stands for.
    #[error("the baseline's edge set does not have the digest that it states")]
    EdgeSet,
}

impl Baseline {
    /// Puts columns together under the name of their edges.
    pub(crate) fn of(rows: u64, columns: Vec<ColumnBaseline>) -> Self {
        Self { format: FORMAT, edge_set: edge_set(&columns), rows, period: None, columns }
    }

    /// The column with this name and its position.
    pub fn column(&self, name: &str) -> Option<(usize, &ColumnBaseline)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }
}

impl ColumnBaseline {
    /// Whether numbers or values are counted.
    pub fn kind(&self) -> ColumnKind {
        match self.counted {
            Counted::Numeric(_) => ColumnKind::Numeric,
            Counted::Categorical(_) => ColumnKind::Categorical,
        }
    }

    /// The baseline's own counts in the bins that traffic is counted in: between edges, or kept values, known rest, new.
    pub fn counts(&self) -> Vec<u64> {
        match &self.counted {
            Counted::Numeric(numeric) => numeric.counts.clone(),
            Counted::Categorical(values) => {
                values.values.iter().map(|kept| kept.count).chain([values.rest, values.forgotten]).collect()
            }
        }
    }

    /// Bins that traffic is counted in.
    pub fn bins(&self) -> usize {
        match &self.counted {
            Counted::Numeric(numeric) => numeric.edges.len() + 1,
            Counted::Categorical(values) => values.values.len() + 2,
        }
    }

    /// Values that were neither missing nor non-finite.
    pub fn counted_values(&self) -> u64 {
        total(&self.counts())
    }

    /// Missing values, NaN included.
    pub fn missing(&self) -> u64 {
        match &self.counted {
            Counted::Numeric(numeric) => self.nulls.saturating_add(numeric.nan),
            Counted::Categorical(_) => self.nulls,
        }
    }

    /// Infinities of either sign.
    pub fn infinite(&self) -> u64 {
        match &self.counted {
            Counted::Numeric(numeric) => numeric.positive_infinite.saturating_add(numeric.negative_infinite),
            Counted::Categorical(_) => 0,
        }
    }

    /// All rows, whatever they hold.
    pub fn rows(&self) -> u64 {
        total(&[self.missing(), self.infinite(), self.counted_values()])
    }

    /// Share of rows without a value, NaN included; `None` without rows.
    pub fn null_rate(&self) -> Option<f64> {
        let rows = self.rows();
        (rows > 0).then(|| self.missing() as f64 / rows as f64)
    }
}

/// The name of a set of edges and values: SHA-256 over lengths, texts and bit patterns, in the order of the columns.
fn edge_set(columns: &[ColumnBaseline]) -> Digest {
    let mut hash = Sha256::new();
    let part = |hash: &mut Sha256, bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(&mut hash, b"flightdeck edge set 1");
    for column in columns {
        part(&mut hash, column.name.as_bytes());
        match &column.counted {
            Counted::Numeric(numeric) => {
                part(&mut hash, b"numeric");
                part(
                    &mut hash,
                    &numeric.edges.iter().flat_map(|e| e.to_bits().to_le_bytes()).collect::<Vec<_>>(),
                );
                part(&mut hash, &numeric.coarse.iter().flat_map(|e| e.to_le_bytes()).collect::<Vec<_>>());
            }
            Counted::Categorical(values) => {
                part(&mut hash, b"categorical");
                hash.update((values.values.len() as u64).to_le_bytes());
                values.values.iter().for_each(|kept| part(&mut hash, kept.value.as_bytes()));
                part(&mut hash, &values.rest_values.bytes());
            }
        }
    }
    Digest::from_bytes(hash.finalize().into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    format: u32,
    edge_set: Digest,
    rows: u64,
    #[serde(default)]
    period: Option<(Timestamp, Timestamp)>,
    columns: Vec<ColumnBaseline>,
}

impl TryFrom<Unchecked> for Baseline {
    type Error = BaselineError;

    fn try_from(read: Unchecked) -> Result<Self, BaselineError> {
        if read.format != FORMAT {
            return Err(BaselineError::Format(read.format));
        }
        if let Some(damaged) = read.columns.iter().find(|column| !column.is_sound()) {
            return Err(BaselineError::Column(damaged.name.chars().take(80).collect()));
        }
        let baseline = Self { period: read.period, ..Self::of(read.rows, read.columns) };
        if baseline.edge_set == read.edge_set { Ok(baseline) } else { Err(BaselineError::EdgeSet) }
    }
}

impl ColumnBaseline {
    fn is_sound(&self) -> bool {
        let phi = self.phi.iter().all(|phi| phi.value.is_finite() && phi.value >= 1.0);
        phi && match &self.counted {
            Counted::Numeric(numeric) => {
                let Some(last) = numeric.edges.len().checked_sub(1) else {
                    return numeric.coarse.is_empty() && numeric.counts.len() == 1;
                };
                last < MAX_EDGES
                    && numeric.edges.iter().all(|edge| edge.is_finite())
                    && numeric.edges.is_sorted_by(|a, b| a < b)
                    && numeric.coarse.is_sorted_by(|a, b| a < b)
                    && numeric.coarse.last().is_none_or(|edge| *edge as usize <= last)
                    && numeric.counts.len() == last + 2
            }
            Counted::Categorical(values) => values.values.len() <= KEPT_VALUES,
        }
    }
}
