//! Names written directly onto what they name, so that no two of them touch.

use crate::canvas::TEXT;

/// From one label's baseline to the next.
const LEADING: f64 = TEXT + 2.0;

/// Baselines near the wanted ones, `LEADING` apart and inside `top..bottom` as far as there is room.
pub(crate) fn spread(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut placed = wanted.to_vec();
    let mut least = top;
    for &index in &order {
        placed[index] = placed[index].max(least);
        least = placed[index] + LEADING;
    }
    let mut most = bottom;
    for &index in order.iter().rev() {
        placed[index] = placed[index].min(most);
        most = placed[index] - LEADING;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        let placed = spread(&[50.0, 51.0, 52.0, 10.0], 5.0, 60.0);
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= LEADING - 1e-9), "{placed:?}");
        assert!(placed[3] < placed[0] && placed[0] < placed[1] && placed[1] < placed[2]);
        assert!(sorted[3] <= 60.0);
        assert!(spread(&[], 0.0, 1.0).is_empty());
    }
}
