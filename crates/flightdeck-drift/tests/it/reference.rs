//! Every column of the reference set, and its sequences.

use crate::support::{Texts, as_numbers, close, counts, expected, number, numbers, rows};
use flightdeck_drift::edges::{canonical, count_sorted};
use flightdeck_drift::measures::{Homogeneity, Measures, homogeneity, ks_binned, measures};
use flightdeck_drift::sequential::{Null, Tolerance, log_m, log_mean_exp, update};
use flightdeck_drift::{Counted, Counter, Status, compare, distances, freeze, multiplicity};
use serde_json::Value;

/// Relative, for all measures but the two below.
const EXACT: f64 = 1e-9;
/// Absolute, where a root magnifies rounding.
const ROOT: f64 = 1e-7;

fn columns(kind: &str) -> Vec<(String, Value)> {
    let all = expected()["columns"].as_object().unwrap().clone();
    let chosen: Vec<_> = all.into_iter().filter(|(_, column)| column["type"] == kind).collect();
    assert!(chosen.len() >= 12);
    chosen
}

#[track_caller]
fn check(case: &str, found: &Measures, test: &Homogeneity, expected: &Value) {
    for (name, value) in [
        ("psi_floor_1e4", found.psi),
        ("psi_jeffreys", found.psi_jeffreys),
        ("tvd", found.tvd),
        ("l_inf", found.l_inf),
    ] {
        close(&format!("{case} {name}"), value, number(&expected[name]), EXACT);
    }
    for (name, value) in [
        ("js_distance_base2", found.js_distance_base2),
        ("js_distance_nats", found.js_distance_nats),
        ("hellinger", found.hellinger),
    ] {
        assert!((value - number(&expected[name])).abs() <= ROOT, "{case} {name}: {value}");
    }
    check_test(case, test, &expected["chi2"]);
}

#[track_caller]
fn check_test(case: &str, test: &Homogeneity, expected: &Value) {
    close(&format!("{case} chi2"), test.stat, number(&expected["stat"]), EXACT);
    assert_eq!(test.dof, expected["dof"].as_u64().unwrap(), "{case}");
    let p = number(&expected["p"]);
    assert!((test.p - p).abs() <= 1e-6 * p || p < 1e-300, "{case} p: {:e}, expected {p:e}", test.p);
}

#[test]
fn canonical_bins_and_their_measures_are_reproduced() {
    for (case, column) in columns("numeric") {
        let [mut baseline, mut current] =
            rows(column["file"].as_str().unwrap()).map(|rows| as_numbers(&rows));
        for side in [&mut baseline, &mut current] {
            side.retain(|value| value.is_finite());
            side.sort_by(f64::total_cmp);
        }
        let Some(expected) = column["canonical_equal_mass"].as_object() else { continue };
        for (name, bins) in [("bins10", 10), ("bins64", 64)] {
            let (case, expected) = (format!("{case} {name}"), &expected[name]);
            let edges = canonical(&baseline, bins);
            let expected_edges: Vec<f64> = expected["edges"].as_array().unwrap().iter().map(number).collect();
            assert_eq!(edges, expected_edges, "{case}");
            let (a, b) = (count_sorted(&baseline, &edges), count_sorted(&current, &edges));
            assert_eq!(
                (&a, &b),
                (&counts(&expected["counts_ref"]), &counts(&expected["counts_cur"])),
                "{case}"
            );
            check(&case, &measures(&a, &b).unwrap(), &homogeneity(&a, &b).unwrap(), expected);
            close(&case, ks_binned(&a, &b).unwrap(), number(&expected["ks_binned"]), EXACT);
        }
    }
}

#[test]
fn comparing_numbers_reproduces_the_exact_statistics() {
    for (case, column) in columns("numeric") {
        let [baseline, current] = rows(column["file"].as_str().unwrap()).map(|rows| as_numbers(&rows));
        let told = compare(&[numbers("x", &baseline)], &[numbers("x", &current)]);
        let told = &told.columns[0];
        assert_eq!(
            told.baseline_nulls + told.baseline_nonfinite,
            column["null_ref"].as_u64().unwrap(),
            "{case}"
        );
        assert_eq!(
            told.current_nulls + told.current_nonfinite,
            column["null_cur"].as_u64().unwrap(),
            "{case}"
        );
        if column["status"] != "ok" {
            assert_eq!((told.status, told.psi, told.ks), (Status::NoValues, None, None), "{case}");
            continue;
        }
        let (scipy, bins) = (&column["scipy"], &column["canonical_equal_mass"]["bins10"]);
        close(&case, told.ks.unwrap(), number(&scipy["ks_stat"]), EXACT);
        close(&case, told.wasserstein.unwrap(), number(&scipy["wasserstein"]), EXACT);
        close(&case, told.psi.unwrap(), number(&bins["psi_floor_1e4"]), EXACT);
        close(&case, told.chi2.unwrap(), number(&bins["chi2"]["stat"]), EXACT);
        close(&case, told.p.unwrap(), number(&bins["chi2"]["p"]), 1e-6);
        assert!(
            (told.js_distance_base2.unwrap() - number(&bins["js_distance_base2"])).abs() < ROOT,
            "{case}"
        );
    }
}

#[test]
fn counting_on_frozen_edges_gives_the_same_and_bounds_the_exact_statistic() {
    for (case, column) in columns("numeric").into_iter().filter(|(_, column)| column["status"] == "ok") {
        let [baseline, current] = rows(column["file"].as_str().unwrap()).map(|rows| as_numbers(&rows));
        let frozen = freeze(&[numbers("x", &baseline)], None);
        let mut counter = Counter::new(&frozen);
        counter.numbers(0, current.iter().copied());
        let window = counter.take();
        let told = distances(&frozen.columns[0], &window.columns[0]);
        let (scipy, bins) = (&column["scipy"], &column["canonical_equal_mass"]["bins10"]);
        close(&case, told.psi.unwrap(), number(&bins["psi_floor_1e4"]), EXACT);
        close(&case, told.chi2.unwrap(), number(&bins["chi2"]["stat"]), EXACT);
        let (ks, error, exact) = (told.ks.unwrap(), told.ks_error.unwrap(), number(&scipy["ks_stat"]));
        assert!(ks <= exact + 1e-12 && exact <= ks + error + 1e-12, "{case}: {ks} + {error}, exact {exact}");
        let Counted::Numeric(numeric) = &frozen.columns[0].counted else { panic!("{case} is numeric") };
        close(&case, numeric.mean.unwrap(), number(&scipy["mean_ref"]), EXACT);
        close(&case, numeric.std.unwrap(), number(&scipy["std_ref_ddof0"]), EXACT);
        let scale = flightdeck_drift::Scale::of(&numeric.edges);
        let (mean, _) = scale.mean_std(&window.columns[0].moments, window.columns[0].values()).unwrap();
        let range = numeric.max.unwrap() - numeric.min.unwrap();
        assert!((mean - number(&scipy["mean_cur"])).abs() <= range.max(1.0) * 1e-6, "{case}: {mean}");
    }
}

#[test]
fn categories_reproduce_the_measures_over_their_union() {
    for (case, column) in columns("categorical") {
        let sides = rows(column["file"].as_str().unwrap());
        let [baseline, current] = sides.each_ref().map(|rows| Texts::of(rows.iter().map(Option::as_deref)));
        let told = compare(&[baseline.sample("x")], &[current.sample("x")]);
        let told = &told.columns[0];
        assert_eq!(told.baseline_nulls, column["null_ref"].as_u64().unwrap(), "{case}");
        assert_eq!(told.current_nulls, column["null_cur"].as_u64().unwrap(), "{case}");
        let Some(cells) = column["counts"].as_object() else {
            assert_eq!((told.status, told.psi, told.p), (Status::NoValues, None, None), "{case}");
            continue;
        };
        let (a, b): (Vec<u64>, Vec<u64>) = cells.values().map(counts).map(|c| (c[0], c[1])).unzip();
        check(&case, &measures(&a, &b).unwrap(), &homogeneity(&a, &b).unwrap(), &column["canonical"]);
        close(&case, told.psi.unwrap(), number(&column["canonical"]["psi_floor_1e4"]), EXACT);
        assert!(
            (told.js_distance_base2.unwrap() - number(&column["canonical"]["js_distance_base2"])).abs()
                < ROOT
        );
        let (all_a, all_b): (u64, u64) = (a.iter().sum(), b.iter().sum());
        let smaller = all_a.min(all_b) as f64 / (all_a + all_b) as f64;
        if a.iter().zip(&b).all(|(a, b)| (a + b) as f64 * smaller >= 5.0) {
            // No cell is merged: the definitions coincide.
            close(&case, told.chi2.unwrap(), number(&column["canonical"]["chi2"]["stat"]), EXACT);
            close(&case, told.p.unwrap(), number(&column["canonical"]["chi2"]["p"]), 1e-6);
        }
    }
}

#[test]
fn adjusted_p_values_and_e_values_are_reproduced() {
    let expected = &expected()["multiplicity"];
    let list = |name: &str| expected[name].as_array().unwrap().iter().map(number).collect::<Vec<_>>();
    let p = list("p");
    for (name, found) in [
        ("bonferroni", multiplicity::bonferroni(&p)),
        ("bh_adjusted", multiplicity::benjamini_hochberg(&p)),
        ("by_adjusted", multiplicity::benjamini_yekutieli(&p)),
    ] {
        found.iter().zip(list(name)).for_each(|(found, expected)| close(name, *found, expected, EXACT));
    }
    let rejected: Vec<u64> =
        multiplicity::e_bh(&list("e"), number(&expected["ebh_q"])).into_iter().map(|at| at as u64).collect();
    assert_eq!(rejected, counts(&expected["ebh_rejected_indices"]));
}

#[test]
fn the_sequential_detector_is_reproduced_window_by_window() {
    for sequence in expected()["sequential"].as_array().unwrap() {
        let baseline = &sequence["baseline"];
        let tolerance = Tolerance { rho: number(&sequence["rho"]), floor: 0.0 };
        let null = Null::of(baseline["k"].as_u64().unwrap(), baseline["n"].as_u64().unwrap(), tolerance);
        close("q_hi", null.high, number(&sequence["q_hi"]), EXACT);
        close("q_lo", null.low, number(&sequence["q_lo"]), EXACT);
        let bets = null.bets();
        let rates: Vec<f64> =
            sequence["alternatives"].as_array().unwrap().iter().map(|a| number(&a["theta"])).collect();
        bets.iter().zip(&rates).for_each(|(bet, rate)| close("theta", bet.rate, *rate, EXACT));
        let mut states = vec![0.0; bets.len()];
        assert_eq!((bets.len(), sequence["windows"].as_array().unwrap().len()), (rates.len(), 12));
        for window in sequence["windows"].as_array().unwrap() {
            let (k, n) = (window["k"].as_u64().unwrap(), window["n"].as_u64().unwrap());
            for (at, bet) in bets.iter().enumerate() {
                close("log e", bet.log_e(k, n), number(&window["log_e"][at]), EXACT);
                let log = update(&mut states[at], bet.log_e(k, n));
                close("sr", log.exp(), number(&window["sr"][at]), EXACT);
            }
            let logs: Vec<f64> = states.iter().map(|state| log_m(*state)).collect();
            close("mean_sr", log_mean_exp(&logs).exp(), number(&window["mean_sr"]), EXACT);
        }
    }
}
