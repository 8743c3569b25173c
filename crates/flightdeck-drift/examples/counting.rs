//! Prints what counting and deciding cost on this machine, as one line of JSON.

use flightdeck_core::{ColumnKind, Timestamp};
use flightdeck_drift::{Counter, Monitor, Rule, Sample, SampleData, compare, freeze};
use std::hint::black_box;
use std::time::Instant;

const ROWS: usize = 200_000;
const COLUMNS: usize = 20;
const FEATURES: usize = 1_000;

fn main() {
    let mut random = Random(7);
    let numbers: Vec<Vec<f64>> =
        (0..2 * COLUMNS).map(|_| (0..ROWS).map(|_| random.normal()).collect()).collect();
    let line = serde_json::json!({
        "counting_ns_per_value": best_of(5, || counting(&numbers[0], &numbers[1])),
        "counting_single_ns_per_value": best_of(5, || counting_single(&numbers[0], &numbers[1])),
        "counting_text_ns_per_value": best_of(5, || counting_text(&mut random)),
        "verdicts_1000_features_ms": best_of(5, || verdicts(&numbers)),
        "compare_20_columns_ms": best_of(3, || comparing(&numbers)),
        "freeze_20_columns_ms": best_of(3, || freezing(&numbers)),
    });
    #[expect(clippy::print_stdout, reason = "the line is what it is run for")]
    {
        println!("{line}");
    }
}

fn sample<'a>(name: &'a str, values: &'a [f64]) -> Sample<'a> {
    Sample { name, kind: ColumnKind::Numeric, data: SampleData::Numbers { values, nulls: 0 } }
}

fn counting(baseline: &[f64], traffic: &[f64]) -> f64 {
    let mut counter = Counter::new(&freeze(&[sample("x", baseline)], None));
    let start = Instant::now();
    counter.numbers(0, black_box(traffic).iter().copied());
    let elapsed = start.elapsed().as_secs_f64();
    black_box(counter.take());
    elapsed * 1e9 / traffic.len() as f64
}

fn counting_single(baseline: &[f64], traffic: &[f64]) -> f64 {
    let mut counter = Counter::new(&freeze(&[sample("x", baseline)], None));
    let start = Instant::now();
    for number in black_box(traffic) {
        counter.number(0, *number);
    }
    let elapsed = start.elapsed().as_secs_f64();
    black_box(counter.take());
    elapsed * 1e9 / traffic.len() as f64
}

fn counting_text(random: &mut Random) -> f64 {
    let values: Vec<String> = (0..200).map(|i| format!("category {i}")).collect();
    let codes: Vec<u32> = (0..ROWS).map(|_| (random.uniform() * 200.0) as u32).collect();
    let data = SampleData::Values { codes: &codes, values: &values, nulls: 0 };
    let baseline = freeze(&[Sample { name: "x", kind: ColumnKind::Categorical, data }], None);
    let mut counter = Counter::new(&baseline);
    let start = Instant::now();
    for code in black_box(&codes) {
        counter.value(0, &values[*code as usize]);
    }
    let elapsed = start.elapsed().as_secs_f64();
    black_box(counter.take());
    elapsed * 1e9 / codes.len() as f64
}

fn verdicts(numbers: &[Vec<f64>]) -> f64 {
    let names: Vec<String> = (0..FEATURES).map(|i| format!("f{i}")).collect();
    let samples: Vec<Sample<'_>> = names
        .iter()
        .zip(numbers.iter().cycle())
        .map(|(name, values)| sample(name, &values[..5_000]))
        .collect();
    let baseline = freeze(&samples, None);
    let mut counter = Counter::new(&baseline);
    for (column, values) in numbers.iter().cycle().take(FEATURES).enumerate() {
        counter.numbers(column, values[5_000..6_000].iter().copied());
    }
    let window = counter.take();
    let mut monitor = Monitor::new(&baseline, Rule::default());
    let mut step = |hour: i64| monitor.step(Timestamp::from_ms(hour * 3_600_000), &window);
    // The second step is like every later one: evidence is there.
    black_box(step(1).is_ok());
    let start = Instant::now();
    black_box(step(2).is_ok());
    start.elapsed().as_secs_f64() * 1e3
}

fn comparing(numbers: &[Vec<f64>]) -> f64 {
    let names: Vec<String> = (0..COLUMNS).map(|i| format!("f{i}")).collect();
    let side =
        |from: usize| names.iter().zip(&numbers[from..]).map(|(n, v)| sample(n, v)).collect::<Vec<_>>();
    let (baseline, current) = (side(0), side(COLUMNS));
    let start = Instant::now();
    black_box(compare(&baseline, &current));
    start.elapsed().as_secs_f64() * 1e3
}

fn freezing(numbers: &[Vec<f64>]) -> f64 {
    let names: Vec<String> = (0..COLUMNS).map(|i| format!("f{i}")).collect();
    let samples: Vec<Sample<'_>> =
        names.iter().zip(numbers).map(|(name, values)| sample(name, values)).collect();
    let start = Instant::now();
    black_box(freeze(&samples, None));
    start.elapsed().as_secs_f64() * 1e3
}

fn best_of(times: usize, mut measure: impl FnMut() -> f64) -> f64 {
    let best = (0..times).map(|_| measure()).fold(f64::INFINITY, f64::min);
    (best * 1000.0).round() / 1000.0
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
