//! Which cells a model needs: backwards over the names that cells give and take.

use super::{Analysis, CellAnalysis};
use std::collections::{BTreeSet, HashSet};

/// The positions of the cells that `targets` need, in order; without targets, what the last fit of each variable needs.
/// A notebook that shows no fit (it may stand in a function) needs all its cells.
///
/// In doubt a cell is kept: what has an effect that no name shows, what only running would tell, and everything
/// that holds only imports and definitions. A cell that is not Python is left out, since it cannot give anything.
pub fn needed(analysis: &Analysis, targets: &[&str]) -> Vec<usize> {
    let fits = analysis.cells.iter().any(|cell| !cell.fits.is_empty());
    if targets.is_empty() && !fits {
        return analysis.cells.iter().map(|cell| cell.index).collect();
    }
    let targets: HashSet<&str> = match targets {
        [] => analysis.cells.iter().flat_map(|cell| &cell.fits).map(|fit| fit.variable.as_str()).collect(),
        named => named.iter().copied().collect(),
    };
    let gives = |cell: &CellAnalysis| cell.defines.iter().any(|name| targets.contains(name.as_str()));
    let Some(last) = analysis.cells.iter().rposition(gives) else { return Vec::new() };
    let cells = &analysis.cells[..=last];
    // What functions read when they are called may be bound after them: such names are wanted everywhere, and wanting
    // them can bring in more functions.
    let mut everywhere = HashSet::new();
    loop {
        let taken = backwards(cells, &targets, &everywhere);
        let deferred = taken.iter().flat_map(|at| &cells[*at].deferred).map(String::as_str);
        let before = everywhere.len();
        everywhere.extend(deferred);
        if everywhere.len() == before {
            return taken.into_iter().map(|at| cells[at].index).collect();
        }
    }
}

fn backwards<'a>(
    cells: &'a [CellAnalysis],
    targets: &HashSet<&'a str>,
    everywhere: &HashSet<&'a str>,
) -> BTreeSet<usize> {
    let mut wanted = targets.clone();
    let mut all = false;
    let mut taken = BTreeSet::new();
    for (at, cell) in cells.iter().enumerate().rev() {
        if cell.error.is_some() || cell.empty {
            continue;
        }
        let gives = cell.defines.iter().map(String::as_str);
        let gives = gives.clone().any(|name| wanted.contains(name) || everywhere.contains(name));
        let kept = cell.effects || cell.dynamic || cell.star || cell.definitions_only;
        if !(all || gives || kept) {
            continue;
        }
        taken.insert(at);
        all |= cell.dynamic;
        for name in &cell.kills {
            wanted.remove(name.as_str());
        }
        wanted.extend(cell.uses.iter().map(String::as_str));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::super::Fit;
    use super::*;

    fn cell(index: usize, kills: &[&str], uses: &[&str]) -> CellAnalysis {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        CellAnalysis {
            index,
            defines: own(kills),
            kills: own(kills),
            uses: own(uses),
            ..CellAnalysis::default()
        }
    }

    fn of(cells: Vec<CellAnalysis>) -> Analysis {
        Analysis { cells }
    }

    #[test]
    fn only_what_the_model_needs_is_kept() {
        let mut fit = cell(5, &["clf"], &["X"]);
        fit.fits = vec![Fit { variable: "clf".into(), class: None, line: 1 }];
        let cells = of(vec![
            cell(0, &["df"], &[]),
            cell(1, &["fig"], &["df"]),
            cell(3, &["X"], &["df"]),
            cell(4, &["table"], &["X"]),
            fit,
            cell(6, &["report"], &["clf"]),
        ]);
        assert_eq!(needed(&cells, &[]), [0, 3, 5]);
        assert_eq!(needed(&cells, &["clf"]), [0, 3, 5]);
        assert_eq!(needed(&cells, &["table"]), [0, 3, 4]);
        assert_eq!(needed(&cells, &["nothing"]), [0_usize; 0]);
        assert_eq!(needed(&of(vec![cell(0, &["x"], &[]), cell(2, &["y"], &[])]), &[]), [0, 2]);
    }

    #[test]
    fn a_name_that_is_bound_anew_does_not_bring_its_past() {
        let cells = of(vec![cell(0, &["x"], &[]), cell(1, &["x"], &[]), cell(2, &["m"], &["x"])]);
        assert_eq!(needed(&cells, &["m"]), [1, 2]);
    }

    #[test]
    fn what_a_function_reads_may_be_bound_after_it_and_anew() {
        let mut function = cell(0, &["f"], &[]);
        function.deferred = vec!["limit".into()];
        let cells =
            of(vec![function, cell(1, &["limit"], &["g"]), cell(2, &["g"], &[]), cell(3, &["m"], &["f"])]);
        assert_eq!(needed(&cells, &["m"]), [0, 1, 3]);
    }

    #[test]
    fn effects_are_kept_and_what_only_running_tells_keeps_everything_before() {
        let (mut seed, mut eval, mut broken) =
            (cell(1, &[], &["np"]), cell(3, &[], &[]), cell(2, &["m"], &[]));
        (seed.effects, eval.dynamic) = (true, true);
        broken.error = Some(super::super::SyntaxFault { line: 1, message: "invalid syntax".into() });
        let mut cells = vec![cell(0, &["np"], &[]), seed, broken, cell(4, &["m"], &[])];
        assert_eq!(needed(&of(cells.clone()), &["m"]), [0, 1, 4]);
        cells.insert(3, eval);
        cells.insert(0, cell(9, &["unrelated"], &[]));
        assert_eq!(needed(&of(cells), &["m"]), [9, 0, 1, 3, 4]);
    }
}
