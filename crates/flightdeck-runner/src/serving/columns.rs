//! Showing one version the rows that were made for another: columns are found by their names.

use flightdeck_core::{Cell, Column, RowError, Signature, Tensor, assemble};
use flightdeck_engine::rows;

/// Whether two versions take the same tensors.
pub(crate) fn are_same(one: &Signature, other: &Signature) -> bool {
    let inputs = |signature: &Signature| -> Vec<_> {
        let input = |input: &flightdeck_core::Input| {
            let columns: Vec<_> = input.columns.iter().map(|c| (c.index, c.name.clone())).collect();
            (input.name.clone(), input.data_type, input.shape.len(), input.batch_axis, columns)
        };
        signature.inputs.iter().map(input).collect()
    };
    inputs(one) == inputs(other)
}

/// The first thing that one version takes and another does not have; `None` when rows of the other can be shown to it.
pub(crate) fn lacking(own: &Signature, other: &Signature) -> Option<String> {
    let is_known = |column: &Column| other.columns().any(|(_, known)| known.name == column.name);
    let tabular = |signature: &Signature| {
        signature.inputs.iter().all(|input| input.batch_axis == Some(0) && !input.columns.is_empty())
    };
    if !tabular(own) || !tabular(other) {
        return own.inputs.first().map(|input| input.name.clone());
    }
    own.columns().find(|(_, column)| !is_known(column)).map(|(_, column)| column.name.clone())
}

/// The tensors of `own` from those of `other`, which are its inputs in its order. What stands for a missing value there
/// becomes what stands for one here.
pub(crate) fn carried(
    own: &Signature,
    other: &Signature,
    tensors: &[Tensor],
) -> Result<Vec<Tensor>, RowError> {
    let places: Vec<(&Tensor, &Column)> = other
        .inputs
        .iter()
        .zip(tensors)
        .flat_map(|(input, tensor)| input.columns.iter().map(move |column| (tensor, column)))
        .collect();
    let names: Vec<String> = places.iter().map(|(_, column)| column.name.clone()).collect();
    let count = tensors.iter().map(rows::count).max().unwrap_or(0);
    let row = |row: usize| places.iter().map(|(tensor, column)| cell(tensor, column, row)).collect();
    let cells: Vec<Vec<Cell>> = (0..count).map(row).collect();
    assemble(own, &names, &cells)
}

fn cell(tensor: &Tensor, column: &Column, row: usize) -> Cell {
    let place = row * rows::width(tensor) + column.index;
    let Some(text) = tensor.data.text(place) else { return Cell::Missing };
    let number = tensor.data.number(place);
    let is_missing = column.missing.as_ref().is_some_and(|missing| match number {
        Some(number) => missing.parse() == Ok(number),
        None => *missing == text,
    });
    match number {
        _ if is_missing => Cell::Missing,
        Some(number) if number.is_nan() => Cell::Missing,
        Some(number) if tensor.data_type().is_float() => Cell::Number(number),
        // Whole numbers are exact as their text.
        Some(_) => text.parse().map_or(Cell::Text(text), Cell::Integer),
        None => Cell::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::{ColumnKind, DataType, Input, Task, TensorData, Unknown};

    fn input(name: &str, data_type: DataType, columns: &[&str], missing: Option<&str>) -> Input {
        let column = |(index, name): (usize, &&str)| Column {
            name: (*name).into(),
            index,
            kind: ColumnKind::Numeric,
            missing: missing.map(str::to_owned),
            unknown: Unknown::Unstated,
        };
        let shape = vec![-1, columns.len() as i64];
        let columns = columns.iter().enumerate().map(column).collect();
        Input { name: name.into(), data_type, shape, batch_axis: Some(0), columns }
    }

    fn signature(inputs: Vec<Input>) -> Signature {
        Signature { task: Task::Other, inputs, outputs: vec![] }
    }

    #[test]
    fn columns_find_their_places_by_name() {
        let other = signature(vec![
            input("x", DataType::Fp32, &["a", "b"], Some("-1")),
            input("city", DataType::Bytes, &["city"], Some("?")),
            input("n", DataType::Int64, &["n"], None),
        ]);
        let own = signature(vec![
            input("city", DataType::Bytes, &["city"], Some("none")),
            input("b", DataType::Fp64, &["b"], Some("NaN")),
            input("k", DataType::Int32, &["n"], None),
        ]);
        let tensors = [
            Tensor::new("x", vec![2, 2], TensorData::Fp32(vec![1.0, 2.5, 3.0, -1.0])).unwrap(),
            Tensor::new("city", vec![2, 1], TensorData::Bytes(vec!["Bonn".into(), "?".into()])).unwrap(),
            Tensor::new("n", vec![2, 1], TensorData::Int64(vec![7, -8])).unwrap(),
        ];
        assert_eq!((are_same(&own, &other), lacking(&own, &other)), (false, None));
        let found = carried(&own, &other, &tensors).unwrap();
        assert_eq!(found[0].data, TensorData::Bytes(vec!["Bonn".into(), "none".into()]));
        assert!(matches!(&found[1].data, TensorData::Fp64(v) if v[0] == 2.5 && v[1].is_nan()));
        assert_eq!(found[2].data, TensorData::Int32(vec![7, -8]));
        assert_eq!(lacking(&other, &own).as_deref(), Some("a"));
    }

    #[test]
    fn a_value_that_does_not_fit_is_an_error() {
        let other = signature(vec![input("n", DataType::Fp32, &["n"], None)]);
        let own = signature(vec![input("n", DataType::Int32, &["n"], None)]);
        let half = [Tensor::new("n", vec![1, 1], TensorData::Fp32(vec![0.5])).unwrap()];
        assert!(carried(&own, &other, &half).is_err());
    }
}
