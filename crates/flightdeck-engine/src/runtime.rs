//! ONNX Runtime: loaded once, then sessions.
//!
//! Nothing here looks at a model file before ONNX Runtime does: whoever calls has had it inspected.

use crate::RunTimes;
use crate::convert::{input_value, output_tensor};
pub use crate::runtime_error::RuntimeError;
use flightdeck_core::{DataType, Tensor};
use ort::environment::Environment;
use ort::session::builder::SessionBuilder;
use ort::session::{RunOptions, SessionInputValue};
use ort::value::{TensorElementType, ValueType};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// ONNX Runtime, loaded. Clones share it; the process keeps one.
#[derive(Clone)]
pub struct Runtime {
    environment: Environment,
}

/// A loaded model. It runs one thing at a time.
pub struct Session {
    inner: ort::session::Session,
    inputs: Vec<TensorInfo>,
    outputs: Vec<TensorInfo>,
    load_ms: f64,
    times: RunTimes,
    options: Arc<RunOptions>,
}

/// Ends the run that a session is at. It ends at the model's next operator, with an error.
#[derive(Clone)]
pub struct Stop(Arc<RunOptions>);

/// Where a model is loaded from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A file, with its data files beside it.
    File(&'a Path),
    /// These bytes, with the data files in this folder.
    Bytes {
        /// The model.
        model: &'a [u8],
        /// Where its data files lie.
        folder: &'a Path,
    },
}

/// An input or output as the model declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Its element type.
    pub data_type: DataType,
    /// Its shape; -1 where the size is free.
    pub shape: Vec<i64>,
}

/// How a session runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// Threads of one run. With 1 it runs on the caller's thread.
    pub threads: usize,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { threads: 1 }
    }
}

impl Runtime {
    /// Loads the library where installations put it.
    pub fn load() -> Result<Self, RuntimeError> {
        Self::load_from(&crate::library()?)
    }

    /// Loads this library.
    pub fn load_from(library: &Path) -> Result<Self, RuntimeError> {
        let builder = ort::init_from(library).map_err(|error| RuntimeError::Library(error.to_string()))?;
        let environment = builder.with_name("flightdeck").with_telemetry(false).build();
        Ok(Self { environment: environment.map_err(|error| RuntimeError::Library(error.to_string()))? })
    }

    /// What the library says of itself.
    pub fn version(&self) -> String {
        ort::info().to_owned()
    }

    /// Loads a model. Threads of ONNX Runtime never spin: an idle server is idle.
    pub fn session(&self, model: Source<'_>, options: SessionOptions) -> Result<Session, RuntimeError> {
        commit(self.builder(options)?, model)
    }

    /// Loads a model so that each of its runs leaves a trace: events with the time that each operator took, in a file
    /// whose name begins with `trace`. Such runs are slower.
    pub fn traced_session(&self, model: Source<'_>, trace: &Path) -> Result<Session, RuntimeError> {
        let builder = self.builder(SessionOptions::default())?;
        commit(builder.with_profiling(trace)?, model)
    }

    fn builder(&self, options: SessionOptions) -> Result<SessionBuilder, RuntimeError> {
        let builder = ort::session::Session::builder(&self.environment);
        Ok(builder
            .map_err(|error| RuntimeError::of(&error, RuntimeError::Load))?
            .with_intra_threads(options.threads)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?)
    }
}

fn commit(mut builder: SessionBuilder, model: Source<'_>) -> Result<Session, RuntimeError> {
    let start = Instant::now();
    let inner = match model {
        Source::File(path) => builder.commit_from_file(path),
        Source::Bytes { model, folder } => {
            builder.with_config_entry(EXTERNAL_FOLDER, folder.to_string_lossy())?.commit_from_memory(model)
        }
    };
    let inner = inner.map_err(|error| RuntimeError::of(&error, RuntimeError::Load))?;
    let inputs = infos(inner.inputs())?;
    let outputs = infos(inner.outputs())?;
    let options = RunOptions::new().map_err(|error| RuntimeError::of(&error, RuntimeError::Load))?;
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    Ok(Session { inner, inputs, outputs, load_ms, times: RunTimes::default(), options: Arc::new(options) })
}

/// Where the data files of a model lie that is not loaded from a file itself.
const EXTERNAL_FOLDER: &str = "session.model_external_initializers_file_folder_path";

impl Session {
    /// Its inputs, in the model's order.
    pub fn inputs(&self) -> &[TensorInfo] {
        &self.inputs
    }

    /// Its outputs, in the model's order.
    pub fn outputs(&self) -> &[TensorInfo] {
        &self.outputs
    }

    /// How long loading took, in milliseconds.
    pub const fn load_ms(&self) -> f64 {
        self.load_ms
    }

    /// Runs the model on all of its inputs, found by name. All outputs, in the model's order.
    pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, RuntimeError> {
        let start = Instant::now();
        if inputs.len() != self.inputs.len() {
            let (given, wanted) = (inputs.len(), self.inputs.len());
            return Err(RuntimeError::Inputs(format!("{given} inputs were given, the model takes {wanted}")));
        }
        let values = self.inputs.iter().enumerate().map(|(place, info)| {
            // Usually they come in the model's order.
            let found = inputs.get(place).filter(|tensor| tensor.name == info.name);
            let found = found.or_else(|| inputs.iter().find(|tensor| tensor.name == info.name));
            let missing = || RuntimeError::Inputs(format!("input \"{}\" is not given", info.name));
            let tensor = found.ok_or_else(missing)?;
            if tensor.data_type() != info.data_type {
                let (name, given, wanted) = (&info.name, tensor.data_type(), info.data_type);
                return Err(RuntimeError::Inputs(format!("input \"{name}\" is {wanted}, not {given}")));
            }
            input_value(tensor)
        });
        let values = values.collect::<Result<Vec<SessionInputValue<'_>>, _>>()?;
        let given = Instant::now();
        let failed = |error| RuntimeError::of(&error, RuntimeError::Run);
        // A run before this one may have been stopped.
        self.options.unterminate().map_err(failed)?;
        let answers = self.inner.run_with_options(values.as_slice(), &*self.options).map_err(failed)?;
        let ran = Instant::now();
        let outputs = self.outputs.iter().zip(answers.values());
        let outputs = outputs.map(|(info, value)| output_tensor(info, &value)).collect();
        self.times = RunTimes {
            input_ns: (given - start).as_nanos() as u64,
            infer_ns: (ran - given).as_nanos() as u64,
            output_ns: ran.elapsed().as_nanos() as u64,
        };
        outputs
    }

    /// A handle that ends a run from another thread.
    pub fn stop(&self) -> Stop {
        Stop(Arc::clone(&self.options))
    }

    /// What the parts of the last run took that succeeded.
    pub const fn times(&self) -> RunTimes {
        self.times
    }

    /// Ends the trace of a session that leaves one, and gives the name of its file.
    pub fn end_trace(&mut self) -> Result<PathBuf, RuntimeError> {
        let name = self.inner.end_profiling().map_err(|error| RuntimeError::Run(error.to_string()))?;
        Ok(name.into())
    }
}

impl Stop {
    /// Ends the run that the session is at; without one nothing happens.
    pub fn stop(&self) {
        // It only sets a flag: there is nothing that could fail.
        let _ = self.0.terminate();
    }
}

fn infos(outlets: &[ort::value::Outlet]) -> Result<Vec<TensorInfo>, RuntimeError> {
    let info = |outlet: &ort::value::Outlet| {
        let name = outlet.name().to_owned();
        match outlet.dtype() {
            ValueType::Tensor { ty, shape, .. } => match data_type(*ty) {
                Some(data_type) => Ok(TensorInfo { name, data_type, shape: shape.to_vec() }),
                None => Err(RuntimeError::Unsupported { name, kind: ty.to_string() }),
            },
            other => Err(RuntimeError::Unsupported { name, kind: other.to_string() }),
        }
    };
    outlets.iter().map(info).collect()
}

const fn data_type(element: TensorElementType) -> Option<DataType> {
    Some(match element {
        TensorElementType::Bool => DataType::Bool,
        TensorElementType::Uint8 => DataType::Uint8,
        TensorElementType::Uint16 => DataType::Uint16,
        TensorElementType::Uint32 => DataType::Uint32,
        TensorElementType::Uint64 => DataType::Uint64,
        TensorElementType::Int8 => DataType::Int8,
        TensorElementType::Int16 => DataType::Int16,
        TensorElementType::Int32 => DataType::Int32,
        TensorElementType::Int64 => DataType::Int64,
        TensorElementType::Float16 => DataType::Fp16,
        TensorElementType::Bfloat16 => DataType::Bf16,
        TensorElementType::Float32 => DataType::Fp32,
        TensorElementType::Float64 => DataType::Fp64,
        TensorElementType::String => DataType::Bytes,
        _ => return None,
    })
}
