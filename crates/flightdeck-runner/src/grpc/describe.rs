//! What the server and its models are, how they are served, and what they did.

use super::service::Service;
use crate::app::App;
use crate::data::{Ask, Chosen, EXTENSIONS, choose, is_batched};
use crate::problem::Problem;
use crate::serving::{Endpoint, Figures, Model, Spent};
use flightdeck_core::{Action, DataType as Element};
use flightdeck_grpc::inference::model_metadata_response::TensorMetadata;
use flightdeck_grpc::inference::repository_index_response::ModelIndex;
use flightdeck_grpc::inference::{
    DataType, InferStatistics, ModelConfig, ModelConfigRequest, ModelConfigResponse, ModelInput,
    ModelMetadataRequest, ModelMetadataResponse, ModelOutput, ModelReadyRequest, ModelReadyResponse,
    ModelStatistics, ModelStatisticsRequest, ModelStatisticsResponse, RepositoryIndexRequest,
    RepositoryIndexResponse, ServerMetadataResponse, StatisticDuration,
};
use flightdeck_protocol::Phase;
use std::sync::Arc;

pub(super) fn server() -> ServerMetadataResponse {
    ServerMetadataResponse {
        name: "flightdeck".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        extensions: EXTENSIONS.map(str::to_owned).into(),
    }
}

/// A model that is not there is not ready.
pub(super) fn ready(app: &App, asked: &ModelReadyRequest) -> ModelReadyResponse {
    let ask = Ask { name: &asked.name, version: &asked.version, key: None };
    ModelReadyResponse { ready: choose(app, &ask).is_ok() }
}

fn described(service: &Service, name: &str, version: &str) -> Result<Chosen, Problem> {
    service.allow(Action::Describe, name)?;
    choose(&service.app, &Ask { name, version, key: None })
}

pub(super) fn model(
    service: &Service,
    asked: &ModelMetadataRequest,
) -> Result<ModelMetadataResponse, Problem> {
    let chosen = described(service, &asked.name, &asked.version)?;
    let signature = &chosen.served.model.signature;
    let tensor = |name: &str, data_type: Element, shape: &[i64]| TensorMetadata {
        name: name.to_owned(),
        datatype: data_type.as_str().to_owned(),
        shape: shape.to_vec(),
    };
    Ok(ModelMetadataResponse {
        name: asked.name.clone(),
        versions: chosen.versions(),
        platform: "onnxruntime_onnx".into(),
        inputs: signature.inputs.iter().map(|t| tensor(&t.name, t.data_type, &t.shape)).collect(),
        outputs: signature.outputs.iter().map(|t| tensor(&t.name, t.data_type, &t.shape)).collect(),
    })
}

pub(super) fn config(service: &Service, asked: &ModelConfigRequest) -> Result<ModelConfigResponse, Problem> {
    let chosen = described(service, &asked.name, &asked.version)?;
    let (model, signature) = (&chosen.served.model, &chosen.served.model.signature);
    let batches = is_batched(signature);
    let dims = |shape: &[i64]| shape.get(usize::from(batches)..).unwrap_or_default().to_vec();
    let input = |t: &flightdeck_core::Input| ModelInput {
        name: t.name.clone(),
        data_type: element(t.data_type).into(),
        dims: dims(&t.shape),
    };
    let output = |t: &flightdeck_core::Output| ModelOutput {
        name: t.name.clone(),
        data_type: element(t.data_type).into(),
        dims: dims(&t.shape),
    };
    let config = ModelConfig {
        name: asked.name.clone(),
        platform: "onnxruntime_onnx".into(),
        max_batch_size: if batches { model.lane.max_rows() as i32 } else { 0 },
        input: signature.inputs.iter().map(input).collect(),
        output: signature.outputs.iter().map(output).collect(),
        backend: "onnxruntime".into(),
    };
    Ok(ModelConfigResponse { config: Some(config) })
}

const fn element(data_type: Element) -> DataType {
    match data_type {
        Element::Bool => DataType::TypeBool,
        Element::Uint8 => DataType::TypeUint8,
        Element::Uint16 => DataType::TypeUint16,
        Element::Uint32 => DataType::TypeUint32,
        Element::Uint64 => DataType::TypeUint64,
        Element::Int8 => DataType::TypeInt8,
        Element::Int16 => DataType::TypeInt16,
        Element::Int32 => DataType::TypeInt32,
        Element::Int64 => DataType::TypeInt64,
        Element::Fp16 => DataType::TypeFp16,
        Element::Bf16 => DataType::TypeBf16,
        Element::Fp32 => DataType::TypeFp32,
        Element::Fp64 => DataType::TypeFp64,
        Element::Bytes => DataType::TypeString,
    }
}

/// Of one model and version, of all its versions, or of all models that the client may ask about.
pub(super) fn statistics(
    service: &Service,
    asked: &ModelStatisticsRequest,
) -> Result<ModelStatisticsResponse, Problem> {
    if !asked.name.is_empty() {
        // Says what is unknown as every other question does.
        described(service, &asked.name, &asked.version)?;
    }
    let is_asked = |endpoint: &Endpoint| asked.name.is_empty() || endpoint.name.as_str() == asked.name;
    let endpoints = visible(service).into_iter().filter(|endpoint| is_asked(endpoint));
    let is_version = |model: &Model| asked.version.is_empty() || model.version_text == asked.version;
    let of = |endpoint: Arc<Endpoint>| {
        let lineup = endpoint.lineup();
        let models: Vec<ModelStatistics> = lineup
            .iter()
            .flat_map(|lineup| lineup.answering())
            .filter(|served| is_version(&served.model))
            .map(|served| figures(&endpoint, &served.model))
            .collect();
        models
    };
    Ok(ModelStatisticsResponse { model_stats: endpoints.flat_map(of).collect() })
}

fn figures(endpoint: &Endpoint, model: &Model) -> ModelStatistics {
    let Figures {
        success,
        fail,
        queue,
        compute_input,
        compute_infer,
        compute_output,
        inference_count,
        execution_count,
        last_inference_ms,
        ..
    } = model.statistics().read();
    let spent = |spent: Spent| Some(StatisticDuration { count: spent.count, ns: spent.ns });
    ModelStatistics {
        name: endpoint.name.to_string(),
        version: model.version_text.clone(),
        last_inference: u64::try_from(last_inference_ms).unwrap_or_default(),
        inference_count,
        execution_count,
        inference_stats: Some(InferStatistics {
            success: spent(success),
            fail: spent(fail),
            queue: spent(queue),
            compute_input: spent(compute_input),
            compute_infer: spent(compute_infer),
            compute_output: spent(compute_output),
        }),
    }
}

/// One entry for each version that answers; one without a version where none does.
pub(super) fn index(service: &Service, asked: &RepositoryIndexRequest) -> RepositoryIndexResponse {
    let entry = |endpoint: &Endpoint, version: &str, state: &str, reason: String| ModelIndex {
        name: endpoint.name.to_string(),
        version: version.to_owned(),
        state: state.to_owned(),
        reason,
    };
    let of = |endpoint: Arc<Endpoint>| {
        if let Some(lineup) = endpoint.lineup() {
            let ready = |served: &crate::serving::Served| {
                entry(&endpoint, &served.model.version_text, "READY", String::new())
            };
            return lineup.answering().map(ready).collect();
        }
        let condition = endpoint.condition();
        let (state, reason) = match condition.error.filter(|_| condition.phase == Phase::Failed) {
            Some(error) => ("UNAVAILABLE", error.error),
            None => ("LOADING", String::new()),
        };
        vec![entry(&endpoint, "", state, reason)]
    };
    let all = visible(service).into_iter().flat_map(of);
    RepositoryIndexResponse { models: all.filter(|entry| !asked.ready || entry.state == "READY").collect() }
}

/// The endpoints that the client may ask about.
fn visible(service: &Service) -> Vec<Arc<Endpoint>> {
    let may = |endpoint: &Arc<Endpoint>| service.allow(Action::Describe, endpoint.name.as_str()).is_ok();
    service.app.endpoints.all().into_iter().filter(may).collect()
}
