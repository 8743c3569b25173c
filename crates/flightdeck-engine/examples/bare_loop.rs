//! What a profile is compared with: ONNX Runtime in a loop, nothing around it.
//!
//! `bare_loop MODEL.onnx GOLDEN.json MILLISECONDS BATCH…` runs the golden rows, over and over, for that long per batch size and
//! prints one line of JSON: `{"<batch>": p50 in microseconds, …}`. Each run makes its values from the rows, as for rows that
//! were never seen before, and leaves the outputs where they are.

use flightdeck_core::{Tensor, TensorData};
use flightdeck_engine::{library, rows};
use ort::session::{Session, SessionInputValue};
use ort::value::{Tensor as Value, TensorRef};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

const WARM_RUNS: usize = 5;

#[derive(Deserialize)]
struct Golden {
    inputs: Vec<Tensor>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, golden, milliseconds, batches @ ..] = arguments.as_slice() else {
        return Err("usage: bare_loop MODEL.onnx GOLDEN.json MILLISECONDS BATCH…".into());
    };
    let golden: Golden = serde_json::from_slice(&std::fs::read(golden)?)?;
    let budget = Duration::from_millis(milliseconds.parse()?);
    let environment = ort::init_from(library()?)?.build()?;
    let mut session = Session::builder(&environment)?
        .with_intra_threads(1)
        .map_err(|error| error.to_string())?
        .with_intra_op_spinning(false)
        .map_err(|error| error.to_string())?
        .commit_from_file(model)?;
    let mut medians = BTreeMap::new();
    for batch in batches {
        let size = batch.parse()?;
        let inputs: Vec<Tensor> = golden.inputs.iter().map(|tensor| rows::cycle(tensor, size)).collect();
        medians.insert(batch, p50_us(&mut session, &inputs, budget)?);
    }
    #[expect(clippy::print_stdout, reason = "the line is what it is run for")]
    {
        println!("{}", serde_json::to_string(&medians)?);
    }
    Ok(())
}

fn p50_us(session: &mut Session, inputs: &[Tensor], budget: Duration) -> Result<f64, Box<dyn Error>> {
    for _ in 0..WARM_RUNS {
        run(session, inputs)?;
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < budget || times.is_empty() {
        let began = Instant::now();
        run(session, inputs)?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn run(session: &mut Session, inputs: &[Tensor]) -> Result<(), Box<dyn Error>> {
    let values: Vec<SessionInputValue<'_>> = inputs.iter().map(value).collect::<Result<_, _>>()?;
    black_box(session.run(values.as_slice())?);
    Ok(())
}

fn value(tensor: &Tensor) -> Result<SessionInputValue<'_>, Box<dyn Error>> {
    let shape = tensor.shape.as_slice();
    Ok(match &tensor.data {
        TensorData::Fp32(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
        TensorData::Fp64(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
        TensorData::Int64(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
        TensorData::Bytes(v) => Value::from_string_array((shape, v.as_slice()))?.into(),
        _ => return Err(format!("input {} is not of the sample models' types", tensor.name).into()),
    })
}
