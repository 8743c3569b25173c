//! Tree ensembles: how many comparisons a row makes on its way down.

use crate::attributes::Attributes;
use crate::message::Node;
use std::collections::{HashMap, HashSet};

/// Larger ensembles are not counted.
const MOST_NODES: usize = 20_000_000;

/// A comparison for each level, as deep as the leaves of each tree lie on average (every leaf counting the same, since
/// the file does not say how often each is reached), and an addition for each number that a leaf gives.
pub(super) fn cost(node: &Node<'_>) -> Option<u64> {
    let forest = if node.op_type == "TreeEnsemble" { Forest::by_roots(node)? } else { Forest::by_ids(node)? };
    let mut sum = 0.0;
    let mut leaves = 0_u64;
    for root in &forest.roots {
        let (depth, count) = forest.depths(*root)?;
        sum += depth as f64 / count as f64;
        leaves += count;
    }
    let per_leaf = forest.weights.checked_div(leaves)?.max(1);
    Some(sum.round() as u64 + per_leaf * forest.roots.len() as u64)
}

/// Nodes by number with the two that follow each; none for a leaf.
struct Forest {
    children: Vec<Option<[usize; 2]>>,
    roots: Vec<usize>,
    /// Numbers in all leaves.
    weights: u64,
}

impl Forest {
    /// As the classifier and the regressor of versions 1 and 3 state them.
    fn by_ids(node: &Node<'_>) -> Option<Self> {
        let stated = Attributes::of(node);
        let ints = |name| stated.ints(name, MOST_NODES);
        let (trees, ids) = (ints("nodes_treeids")?, ints("nodes_nodeids")?);
        let (yes, no) = (ints("nodes_truenodeids")?, ints("nodes_falsenodeids")?);
        let leaves: Vec<bool> = stated.texts("nodes_modes").map(|mode| mode == b"LEAF").collect();
        let count = trees.len();
        if [ids.len(), yes.len(), no.len(), leaves.len()] != [count; 4] {
            return None;
        }
        let places: HashMap<(i64, i64), usize> =
            (0..count).map(|place| ((trees[place], ids[place]), place)).collect();
        let follow = |place: usize| {
            let child = |id: i64| places.get(&(trees[place], id)).copied();
            if leaves[place] { Some(None) } else { Some(Some([child(yes[place])?, child(no[place])?])) }
        };
        let children = (0..count).map(follow).collect::<Option<Vec<_>>>()?;
        // The first node of a tree is its root.
        let mut seen = HashSet::new();
        let roots = (0..count).filter(|place| seen.insert(trees[*place])).collect();
        let weights =
            stated.ints("class_ids", MOST_NODES)?.len().max(stated.ints("target_ids", MOST_NODES)?.len());
        Some(Self { children, roots, weights: weights as u64 })
    }

    /// As version 5 states them: inner nodes first, and after them here the leaves.
    fn by_roots(node: &Node<'_>) -> Option<Self> {
        let stated = Attributes::of(node);
        let ints = |name| stated.ints(name, MOST_NODES);
        let (yes, no) = (ints("nodes_truenodeids")?, ints("nodes_falsenodeids")?);
        let (yes_leaf, no_leaf) = (ints("nodes_trueleafs")?, ints("nodes_falseleafs")?);
        let (inner, leaves) = (yes.len(), ints("leaf_targetids")?.len());
        if [no.len(), yes_leaf.len(), no_leaf.len()] != [inner; 3] {
            return None;
        }
        let child = |id: i64, is_leaf: i64| {
            let id = usize::try_from(id).ok()?;
            let (start, end) = if is_leaf == 0 { (0, inner) } else { (inner, inner + leaves) };
            start.checked_add(id).filter(|place| *place < end)
        };
        let follow = |at: usize| Some(Some([child(yes[at], yes_leaf[at])?, child(no[at], no_leaf[at])?]));
        let mut children = (0..inner).map(follow).collect::<Option<Vec<_>>>()?;
        children.resize(inner + leaves, None);
        let root = |root: &i64| usize::try_from(*root).ok().filter(|root| *root < inner);
        let roots = ints("tree_roots")?.iter().map(root).collect::<Option<_>>()?;
        Some(Self { children, roots, weights: leaves as u64 })
    }

    /// The depths of all leaves below a root together, and how many leaves there are. `None` when a tree comes back to a
    /// node, or is deeper than any tree.
    fn depths(&self, root: usize) -> Option<(u64, u64)> {
        let (mut sum, mut leaves, mut visited) = (0_u64, 0_u64, 0_usize);
        let mut open = vec![(root, 0_u64)];
        while let Some((place, depth)) = open.pop() {
            visited += 1;
            if visited > self.children.len() {
                return None;
            }
            match self.children[place] {
                None => {
                    sum = sum.checked_add(depth)?;
                    leaves += 1;
                }
                Some(children) => open.extend(children.map(|child| (child, depth + 1))),
            }
        }
        Some((sum, leaves))
    }
}
