//! Tensors that were read somewhere, against what a version takes.

use super::Rows;
use crate::problem::Problem;
use flightdeck_core::{Input, Signature, Tensor};
use std::fmt;

/// Named tensors as the rows that a version is asked about: all of its inputs, each once, of its types and shapes and
/// with one number of rows. Without times.
pub(crate) fn fit(tensors: Vec<Tensor>, signature: &Signature) -> Result<Rows, Problem> {
    let placed = tensors.into_iter().enumerate().map(|(at, tensor)| {
        let place = find(at, &tensor.name, signature)?;
        let input = &signature.inputs[place];
        if tensor.data_type() != input.data_type {
            return Err(wrong_type(at, input, tensor.data_type()));
        }
        check_shape(&tensor.shape, input).map_err(|said| wrong_shape(at, said))?;
        Ok((place, tensor))
    });
    arrange(placed.collect::<Result<_, _>>()?, signature)
}

/// Refuses outputs that the version does not have.
pub(crate) fn check_outputs<'a>(
    mut names: impl Iterator<Item = &'a str>,
    signature: &Signature,
) -> Result<(), Problem> {
    let is_known = |name: &str| signature.outputs.iter().any(|output| output.name == name);
    match names.find(|name| !is_known(name)) {
        Some(name) => Err(Problem::bad("bad-output", format!("the model has no output \"{}\"", shown(name)))),
        None => Ok(()),
    }
}

/// The place of an input in the signature; `at` is its place in the request.
pub(super) fn find(at: usize, name: &str, signature: &Signature) -> Result<usize, Problem> {
    let place = signature.inputs.iter().position(|input| input.name == name);
    let unknown = || {
        let said = format!("inputs[{at}].name: the model has no input \"{}\"", shown(name));
        Problem::bad("unknown-input", said)
    };
    place.ok_or_else(unknown)
}

pub(super) fn wrong_type(at: usize, input: &Input, stated: impl fmt::Display) -> Problem {
    let wanted = input.data_type;
    let said = format!("inputs[{at}].datatype: the model takes {wanted}, not {stated}");
    Problem::bad("bad-datatype", said)
}

pub(super) fn wrong_shape(at: usize, said: impl fmt::Display) -> Problem {
    Problem::bad("bad-shape", format!("inputs[{at}].shape: {said}"))
}

/// Says what is wrong with a shape.
pub(super) fn check_shape(shape: &[usize], input: &Input) -> Result<(), String> {
    let wanted = &input.shape;
    let is_size = |(size, wanted): (&usize, &i64)| *wanted < 0 || *wanted == *size as i64;
    if let Some(size) = shape.iter().find(|size| **size == 0) {
        Err(format!("{size} is no size"))
    } else if shape.len() == wanted.len() && shape.iter().zip(wanted).all(is_size) {
        Ok(())
    } else {
        Err(format!("the model takes {wanted:?}, not {shape:?}"))
    }
}

/// Inputs with their places, in the signature's order.
pub(super) fn arrange(placed: Vec<(usize, Tensor)>, signature: &Signature) -> Result<Rows, Problem> {
    let mut inputs: Vec<Option<Tensor>> = signature.inputs.iter().map(|_| None).collect();
    for (place, tensor) in placed {
        if let Some(first) = inputs[place].replace(tensor) {
            return Err(Problem::bad("bad-input", format!("input \"{}\" is given twice", first.name)));
        }
    }
    let missing =
        |input: &Input| Problem::bad("missing-input", format!("input \"{}\" is missing", input.name));
    let given = inputs.into_iter().zip(&signature.inputs);
    let inputs = given.map(|(tensor, input)| tensor.ok_or_else(|| missing(input)));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let count = count(&inputs, signature)?;
    Ok(Rows { inputs, count, times: None, deadline: None })
}

/// How many rows the inputs have; one where they do not count them.
fn count(inputs: &[Tensor], signature: &Signature) -> Result<usize, Problem> {
    let batched = |(_, input): &(_, &Input)| input.batch_axis == Some(0);
    let mut rows = None;
    for (tensor, _) in inputs.iter().zip(&signature.inputs).filter(batched) {
        let own = tensor.shape.first().copied();
        if rows.is_some() && rows != own {
            let message = format!("input \"{}\" has another number of rows than the others", tensor.name);
            return Err(Problem::bad("bad-shape", message));
        }
        rows = own;
    }
    Ok(rows.unwrap_or(1))
}

/// A name as an error may show it.
pub(super) fn shown(name: &str) -> impl fmt::Display {
    let cut: String = name.chars().take(80).collect();
    cut.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::{DataType, Output, OutputRole, Task, TensorData};

    fn signature() -> Signature {
        let input = |name: &str, data_type, shape: &[i64]| Input {
            name: name.into(),
            data_type,
            shape: shape.to_vec(),
            batch_axis: Some(0),
            columns: vec![],
        };
        let output = Output {
            name: "y".into(),
            data_type: DataType::Fp32,
            shape: vec![-1],
            role: OutputRole::Other,
            classes: vec![],
        };
        let inputs = vec![input("a", DataType::Fp32, &[-1, 2]), input("b", DataType::Int64, &[-1])];
        Signature { task: Task::Other, inputs, outputs: vec![output] }
    }

    fn floats(name: &str, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        Tensor::new(name, shape.to_vec(), TensorData::Fp32(vec![0.5; count])).unwrap()
    }

    fn whole(name: &str, count: usize) -> Tensor {
        Tensor::new(name, vec![count], TensorData::Int64(vec![7; count])).unwrap()
    }

    #[test]
    fn tensors_come_into_the_signatures_order() {
        let rows = fit(vec![whole("b", 3), floats("a", &[3, 2])], &signature()).unwrap();
        assert_eq!((rows.inputs[0].name.as_str(), rows.inputs[1].name.as_str(), rows.count), ("a", "b", 3));
    }

    #[test]
    fn r1_r2_tensors_that_do_not_fit_are_named() {
        let good = || whole("b", 2);
        let cases = [
            (vec![floats("a", &[2, 3]), good()], "bad-shape", "inputs[0].shape"),
            (vec![floats("a", &[2]), good()], "bad-shape", "inputs[0].shape"),
            (vec![floats("a", &[0, 2]), good()], "bad-shape", "inputs[0].shape"),
            (vec![floats("a", &[3, 2]), good()], "bad-shape", "another number of rows"),
            (vec![good(), floats("b", &[2, 2])], "bad-datatype", "inputs[1].datatype"),
            (vec![floats("z", &[2, 2])], "unknown-input", "inputs[0].name"),
            (vec![good()], "missing-input", "\"a\""),
            (vec![good(), good()], "bad-input", "twice"),
        ];
        for (tensors, code, said) in cases {
            let problem = fit(tensors, &signature()).err().unwrap();
            assert!(problem.code == code && problem.message.contains(said), "{problem:?}");
        }
        let unknown = check_outputs(["y", "z\n"].into_iter(), &signature()).unwrap_err();
        assert!(unknown.message.ends_with("\"z\\n\""), "{unknown:?}");
        assert_eq!(check_outputs(["y"].into_iter(), &signature()), Ok(()));
    }
}
