//! Shares stay shares, whatever the edges.

use super::*;

fn bins(edges: &[f64], then: &[u64], now: &[u64]) -> Bins {
    let histogram = Histogram { edges: edges.to_vec(), then: then.to_vec(), now: now.to_vec(), ends: None };
    Bins::new(&histogram, 340.0).unwrap()
}

fn total(shares: &Shares) -> f64 {
    shares.below + shares.above + shares.inside.iter().sum::<f64>()
}

#[test]
fn a_uniform_density_stays_uniform_whatever_the_edges() {
    let bins = bins(&[0.0, 1.0, 3.0, 7.0, 10.0], &[0, 10, 20, 40, 30, 0], &[5, 10, 20, 40, 20, 5]);
    let first = bins.then.inside[0];
    assert!(bins.then.inside.iter().all(|share| (share - first).abs() < 1e-12), "{:?}", bins.then);
    assert!((total(&bins.then) - 1.0).abs() < 1e-9 && (total(&bins.now) - 1.0).abs() < 1e-9);
    assert!((bins.now.below - 0.05).abs() < 1e-12 && (bins.now.above - 0.05).abs() < 1e-12);
}

#[test]
fn whole_numbers_get_a_bar_each() {
    let atom = |value: f64| [value.next_down(), value];
    let edges: Vec<f64> = (0..24).flat_map(|hour| atom(f64::from(hour))).collect();
    let counts: Vec<u64> = (0..=48).map(|index| if index % 2 == 1 { 10 } else { 0 }).collect();
    let bins = bins(&edges, &counts, &counts);
    assert_eq!((bins.count(), bins.range()), (24, (-0.5, 23.5)));
    assert!(bins.now.inside.iter().all(|share| (share - 1.0 / 24.0).abs() < 1e-12));
}

#[test]
fn a_long_tail_does_not_squeeze_the_rest() {
    let bins = bins(&[0.0, 1.0, 2.0, 1000.0], &[0, 500, 500, 2, 0], &[0, 500, 500, 2, 0]);
    assert_eq!(bins.range(), (0.0, 2.0));
    assert!((bins.then.above - 2.0 / 1002.0).abs() < 1e-9, "{:?}", bins.then);
}

#[test]
fn known_ends_close_the_open_bins_and_an_absurd_one_stays_outside() {
    let with = |high: f64| {
        let (edges, then, now) = (vec![0.0, 10.0], vec![0, 100, 0], vec![0, 50, 50]);
        Bins::new(&Histogram { edges, then, now, ends: Some((0.0, high)) }, 340.0).unwrap()
    };
    assert_eq!((with(20.0).range(), with(20.0).above()), ((0.0, 20.0), (0.0, 0.0)));
    let spread = &with(20.0).now.inside;
    assert!((spread[0] - spread[spread.len() - 1]).abs() < 1e-12, "{spread:?}");
    let absurd = with(1e9);
    assert_eq!(absurd.range(), (0.0, 10.0));
    assert!(absurd.now.above > 0.49 && (total(&absurd.now) - 1.0).abs() < 1e-9);
}

#[test]
fn one_value_has_a_bar_in_the_middle() {
    let bins = bins(&[4.999_999_999_999_999, 5.0], &[0, 7, 0], &[1, 7, 1]);
    let middle = bins.count() / 2;
    assert!((bins.then.inside[middle] - 1.0).abs() < 1e-12, "{:?}", bins.then);
    assert!(bins.now.below > 0.0 && bins.now.above > 0.0);
}

#[test]
fn l7_nothing_or_nonsense_is_no_chart() {
    let bins = |edges: &[f64], then: &[u64], now: &[u64]| {
        Bins::new(&Histogram { edges: edges.into(), then: then.into(), now: now.into(), ends: None }, 300.0)
            .is_none()
    };
    assert!(bins(&[], &[1], &[1]));
    assert!(bins(&[0.0, 1.0], &[0, 0, 0], &[0, 0, 0]));
    assert!(bins(&[0.0, 1.0], &[1], &[1, 2, 3]));
    assert!(bins(&[1.0, 0.0], &[1, 1, 1], &[1, 1, 1]));
    assert!(bins(&[0.0, f64::NAN], &[1, 1, 1], &[1, 1, 1]));
}
