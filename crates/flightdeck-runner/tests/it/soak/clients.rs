//! Clients that know what they have to be answered, one per connection.

use super::Soak;
use crate::support::floats;
use flightdeck_core::{Tensor, TensorData};
use flightdeck_grpc::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use flightdeck_protocol::oip::InferResponse;
use reqwest::Client;
use std::sync::Arc;
use std::time::Duration;
use tonic::Code;
use tonic::transport::Channel;

/// How a client writes and reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Binary,
    Grpc,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Json, Self::Binary, Self::Grpc];
}

/// What a client heard.
pub(super) enum Answer {
    Given {
        version: String,
        values: Vec<f32>,
    },
    /// Too much to do, or the model's process is gone: said in time and in words.
    Refused(String),
    Failed(String),
}

/// Longer than anything takes; a request that takes longer was lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Numbers that a seed decides.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

pub(super) async fn ask_until_the_end(soak: Arc<Soak>, (form, name): (Form, &'static str), seed: u64) {
    let mut random = Random::new(seed);
    let http = Client::builder().timeout(PATIENCE).build().unwrap();
    let channel = Channel::from_shared(soak.server.base.clone()).unwrap().timeout(PATIENCE).connect_lazy();
    let mut grpc = GrpcInferenceServiceClient::new(channel);
    while !soak.is_over() {
        let count = 1 + random.below(if name == super::BUSY { 2 } else { 12 });
        let mut row = || [(); 4].map(|()| random.below(2_000) as f32 / 100.0 - 10.0);
        let rows: Vec<[f32; 4]> = (0..count).map(|_| row()).collect();
        let tensor = floats("x", 4, rows.concat());
        let url = format!("{}/v2/models/{name}/infer", soak.server.base);
        let answer = match form {
            Form::Json => json(&http, &url, &tensor).await,
            Form::Binary => binary(&http, &url, &tensor).await,
            Form::Grpc => remote(&mut grpc, name, &tensor).await,
        };
        let was_refused = matches!(answer, Answer::Refused(_));
        soak.judge(name, &rows, answer);
        if was_refused {
            // As a polite client does, only sooner: it has to be too much.
            tokio::time::sleep(Duration::from_millis(5 + random.below(20))).await;
        }
    }
}

async fn json(http: &Client, url: &str, tensor: &Tensor) -> Answer {
    let body = serde_json::json!({"inputs": [tensor]});
    heard(http.post(url).json(&body).send().await, |body, _| {
        let response: InferResponse = serde_json::from_slice(body).ok()?;
        let TensorData::Fp32(values) = &response.outputs.first()?.data else { return None };
        Some((response.model_version.clone(), values.clone()))
    })
    .await
}

async fn binary(http: &Client, url: &str, tensor: &Tensor) -> Answer {
    let header = serde_json::json!({
        "inputs": [{"name": tensor.name, "shape": tensor.shape, "datatype": "FP32",
            "parameters": {"binary_data_size": flightdeck_core::raw::size(&tensor.data)}}],
        "parameters": {"binary_data_output": true},
    });
    let mut body = serde_json::to_vec(&header).unwrap();
    let length = body.len();
    flightdeck_core::raw::write(&tensor.data, &mut body);
    let request = http.post(url).header("Inference-Header-Content-Length", length).body(body);
    heard(request.send().await, |body, header| {
        let (head, raw) = body.split_at_checked(header)?;
        let head: serde_json::Value = serde_json::from_slice(head).ok()?;
        let values = raw.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        Some((head["model_version"].as_str()?.to_owned(), values))
    })
    .await
}

/// Reads an answer over HTTP; `read` gets the body and the length of its JSON.
async fn heard(
    sent: reqwest::Result<reqwest::Response>,
    read: impl FnOnce(&[u8], usize) -> Option<(String, Vec<f32>)>,
) -> Answer {
    let response = match sent {
        Ok(response) => response,
        Err(error) => return Answer::Failed(format!("not answered: {error:?}")),
    };
    let status = response.status().as_u16();
    let header = response.headers().get("inference-header-content-length");
    let header = header.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Answer::Failed(format!("half an answer: {error:?}")),
    };
    match status {
        200 => match read(&body, header) {
            Some((version, values)) => Answer::Given { version, values },
            None => Answer::Failed(format!("no answer in {}", String::from_utf8_lossy(&body))),
        },
        429 | 503 | 504 => Answer::Refused(status.to_string()),
        _ => Answer::Failed(format!("{status} {}", String::from_utf8_lossy(&body))),
    }
}

async fn remote(grpc: &mut GrpcInferenceServiceClient<Channel>, name: &str, tensor: &Tensor) -> Answer {
    let request = flightdeck_grpc::request(name, "", std::slice::from_ref(tensor));
    match grpc.model_infer(request).await {
        Ok(response) => {
            let response = response.into_inner();
            let version = response.model_version.clone();
            match flightdeck_grpc::answer(response).as_deref() {
                Ok([Tensor { data: TensorData::Fp32(values), .. }]) => {
                    Answer::Given { version, values: values.clone() }
                }
                other => Answer::Failed(format!("no answer in {other:?}")),
            }
        }
        Err(status) => match status.code() {
            Code::Unavailable if status.message().is_empty() => Answer::Failed(format!("{status:?}")),
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => {
                Answer::Refused(format!("{:?}", status.code()))
            }
            _ => Answer::Failed(format!("{status:?}")),
        },
    }
}
