//! One session, and whoever has its lock runs it.

use ort::session::{Session, SessionOutputs};
use ort::value::TensorRef;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone)]
pub(crate) struct Model(Arc<Mutex<Session>>);

/// Elements of an output.
pub(crate) enum Elements<'a> {
    Floats(&'a [f32]),
    Integers(&'a [i64]),
}

pub(crate) struct Output<'a> {
    pub(crate) name: &'a str,
    pub(crate) shape: Vec<i64>,
    pub(crate) elements: Elements<'a>,
}

impl Output<'_> {
    pub(crate) fn data_type(&self) -> &'static str {
        match self.elements {
            Elements::Floats(_) => "FP32",
            Elements::Integers(_) => "INT64",
        }
    }

    /// Appends the elements, little-endian.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self.elements {
            Elements::Floats(values) => out.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Elements::Integers(values) => out.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
    }
}

impl Model {
    pub(crate) fn load(path: &str) -> Result<Self, Box<dyn Error>> {
        let environment = ort::init_from(flightdeck_engine::library()?)?.build()?;
        let session = Session::builder(&environment)?
            .with_intra_threads(1)
            .map_err(|error| error.to_string())?
            .with_intra_op_spinning(false)
            .map_err(|error| error.to_string())?
            .commit_from_file(path)?;
        Ok(Self(Arc::new(Mutex::new(session))))
    }

    /// Runs the model on one input and shows its outputs to `take`.
    pub(crate) fn run<T>(
        &self,
        shape: &[usize],
        values: &[f32],
        take: impl FnOnce(&[Output<'_>]) -> T,
    ) -> Result<T, Box<dyn Error>> {
        let value = TensorRef::from_array_view((shape, values))?;
        let mut session = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(ort::inputs![value])?;
        let outputs = read(&outputs)?;
        Ok(take(&outputs))
    }
}

fn read<'a>(outputs: &'a SessionOutputs<'_>) -> Result<Vec<Output<'a>>, Box<dyn Error>> {
    let mut found = Vec::new();
    for index in 0..outputs.len() {
        let (name, value) = (outputs.keys().nth(index).unwrap_or_default(), &outputs[index]);
        let (shape, elements) = if let Ok((shape, values)) = value.try_extract_tensor::<f32>() {
            (shape.to_vec(), Elements::Floats(values))
        } else {
            let (shape, values) = value.try_extract_tensor::<i64>()?;
            (shape.to_vec(), Elements::Integers(values))
        };
        found.push(Output { name, shape, elements });
    }
    Ok(found)
}

/// Little-endian floats.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).filter_map(|four| Some(f32::from_le_bytes(four.try_into().ok()?))).collect()
}
