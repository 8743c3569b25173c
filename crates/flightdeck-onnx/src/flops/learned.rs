//! The operators of `ai.onnx.ml`.

use super::known::{Known, Shape};
use super::{elements, trees};
use crate::attributes::Attributes;
use crate::message::Node;

pub(super) fn visit<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    match node.op_type {
        "LinearClassifier" => linear(node, known),
        "LinearRegressor" => linear_regressor(node, known),
        "SVMClassifier" | "SVMRegressor" => svm(node, known),
        "TreeEnsembleClassifier" | "TreeEnsembleRegressor" | "TreeEnsemble" => tree(node, known),
        // A difference and a product.
        "Scaler" => same(node, known, 2),
        // Squares, their sum, and the division; without the squares where the norm needs none.
        "Normalizer" => {
            let squares = Attributes::of(node).text("norm") == Some(b"L2");
            same(node, known, if squares { 3 } else { 2 })
        }
        "Imputer" | "Binarizer" => same(node, known, 1),
        "OneHotEncoder" => one_hot(node, known),
        "ArrayFeatureExtractor" => picked(node, known),
        "FeatureVectorizer" => {
            joined(node, known);
            Some(0)
        }
        "LabelEncoder" | "CategoryMapper" => same(node, known, 0),
        "ZipMap" | "CastMap" | "DictVectorizer" => Some(0),
        _ => None,
    }
}

fn same<'a>(node: &Node<'a>, known: &mut Known<'a>, each: u64) -> Option<u64> {
    let Some(shape) = known.input(node, 0).cloned() else { return (each == 0).then_some(0) };
    let cost = elements(&shape)?.checked_mul(each);
    known.set_first(node, Some(shape));
    cost
}

/// Rows of the first input.
fn rows<'a>(node: &Node<'a>, known: &Known<'a>) -> Option<u64> {
    match known.input(node, 0)?.as_slice() {
        [_] | [] => Some(1),
        [rows, ..] => Some(*rows),
    }
}

/// Notes a label and scores.
fn classified<'a>(node: &Node<'a>, known: &mut Known<'a>, (rows, classes): (u64, u64)) {
    known.set_first(node, Some(vec![rows]));
    if let Some(scores) = node.outputs.get(1) {
        known.set(scores, Some(vec![rows, classes]));
    }
}

fn classes(node: &Node<'_>) -> u64 {
    let stated = Attributes::of(node);
    let numbers = ["classlabels_ints", "classlabels_int64s"].map(|name| stated.ints(name, 1 << 20));
    let numbers = numbers.into_iter().flatten().map(|numbers| numbers.len()).max().unwrap_or(0);
    numbers.max(stated.texts("classlabels_strings").count()) as u64
}

/// What turns sums into scores: three for each with softmax, one with a function of one number.
fn transformed(node: &Node<'_>, scores: u64) -> Option<u64> {
    let each = match Attributes::of(node).text("post_transform") {
        None | Some(b"NONE") => 0,
        Some(b"LOGISTIC" | b"PROBIT") => 1,
        Some(_) => 3,
    };
    scores.checked_mul(each)
}

/// Two for each coefficient, one for each intercept.
fn linear<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let (stated, rows) = (Attributes::of(node), rows(node, known)?);
    let sums = stated.floats("coefficients").checked_mul(2)?.checked_add(stated.floats("intercepts"))?;
    let classes = classes(node);
    classified(node, known, (rows, classes));
    rows.checked_mul(sums.checked_add(transformed(node, classes)?)?)
}

fn linear_regressor<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let (stated, rows) = (Attributes::of(node), rows(node, known)?);
    let targets = u64::try_from(stated.int("targets").unwrap_or(1)).ok()?;
    let sums = stated.floats("coefficients").checked_mul(2)?.checked_add(stated.floats("intercepts"))?;
    known.set_first(node, Some(vec![rows, targets]));
    rows.checked_mul(sums.checked_add(transformed(node, targets)?)?)
}

/// For each support vector its distance (three for each feature with a radial kernel, two with the others) and the
/// kernel's function of it (none, two, or three), and two for each coefficient. Without vectors it is linear.
fn svm<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let (stated, rows) = (Attributes::of(node), rows(node, known)?);
    let vectors = if node.op_type == "SVMClassifier" {
        stated
            .ints("vectors_per_class", 1 << 20)?
            .iter()
            .try_fold(0_u64, |sum, n| sum.checked_add_signed(*n))?
    } else {
        u64::try_from(stated.int("n_supports").unwrap_or(0)).ok()?
    };
    let numbers = stated.floats("support_vectors");
    let (each, function) = match stated.text("kernel_type") {
        Some(b"RBF") => (3, 2),
        Some(b"POLY" | b"SIGMOID") => (2, 3),
        _ => (2, 0),
    };
    let kernels = numbers.checked_mul(each)?.checked_add(vectors.checked_mul(function)?)?;
    let votes = stated.floats("coefficients").checked_mul(2)?.checked_add(stated.floats("rho"))?;
    let outputs = if node.op_type == "SVMClassifier" {
        let classes = classes(node);
        classified(node, known, (rows, classes));
        classes
    } else {
        known.set_first(node, Some(vec![rows, 1]));
        1
    };
    rows.checked_mul(kernels.checked_add(votes)?.checked_add(transformed(node, outputs)?)?)
}

fn tree<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let (stated, rows) = (Attributes::of(node), rows(node, known)?);
    let walk = trees::cost(node)?;
    let outputs = if node.op_type == "TreeEnsembleClassifier" {
        let classes = classes(node);
        classified(node, known, (rows, classes));
        classes
    } else {
        let targets = u64::try_from(stated.int("n_targets").unwrap_or(1)).ok()?;
        known.set_first(node, Some(vec![rows, targets]));
        targets
    };
    rows.checked_mul(walk.checked_add(transformed(node, outputs)?)?)
}

/// Looks up; the categories become a further axis.
fn one_hot<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let stated = Attributes::of(node);
    let numbers = stated.ints("cats_int64s", 1 << 24)?.len() as u64;
    let categories = numbers.max(stated.texts("cats_strings").count() as u64);
    if let Some(mut shape) = known.input(node, 0).cloned() {
        shape.push(categories);
        known.set_first(node, Some(shape));
    }
    Some(0)
}

/// Columns by their places; a value of one dimension is a row.
fn picked<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    if let (Some(shape), Some(places)) = (known.input(node, 0), known.input(node, 1)) {
        let count = elements(places)?;
        let mut shape: Shape = if shape.len() == 1 { vec![1, shape[0]] } else { shape.clone() };
        *shape.last_mut()? = count;
        known.set_first(node, Some(shape));
    }
    Some(0)
}

fn joined<'a>(node: &Node<'a>, known: &mut Known<'a>) {
    let mut widths = (0..node.inputs.len()).map(|place| known.input(node, place)?.get(1).copied());
    let width = widths.try_fold(0_u64, |sum, width| sum.checked_add(width?));
    if let (Some(width), Some(rows)) = (width, rows(node, known)) {
        known.set_first(node, Some(vec![rows, width]));
    }
}
