//! The service that is generated from the protocol's file: each method asks what its route already knows to be allowed
//! somewhere once more, of the model that the message names.

use super::{describe, infer, status, stream};
use crate::app::App;
use crate::problem::Problem;
use flightdeck_core::{Action, Name, Object, Principal};
use flightdeck_grpc::inference::grpc_inference_service_server::GrpcInferenceService;
use flightdeck_grpc::inference::{
    ModelConfigRequest, ModelConfigResponse, ModelInferRequest, ModelInferResponse, ModelMetadataRequest,
    ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse, ModelStatisticsRequest,
    ModelStatisticsResponse, RepositoryIndexRequest, RepositoryIndexResponse, ServerLiveRequest,
    ServerLiveResponse, ServerMetadataRequest, ServerMetadataResponse, ServerReadyRequest,
    ServerReadyResponse,
};
use flightdeck_protocol::STICKY_KEY;
use std::sync::Arc;
use std::time::Instant;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Request, Response, Status, Streaming, async_trait};

/// Whoever asks, for the length of one call.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) app: Arc<App>,
    principal: Principal,
    start: Instant,
    deadline: Option<Instant>,
}

impl Service {
    pub(super) const fn new(
        app: Arc<App>,
        principal: Principal,
        start: Instant,
        deadline: Option<Instant>,
    ) -> Self {
        Self { app, principal, start, deadline }
    }

    /// Whether this may be asked of the model with that name. A text that cannot be a name cannot be a model.
    pub(super) fn allow(&self, action: Action, name: &str) -> Result<(), Problem> {
        let object = name.parse::<Name>().map_or(Object::Runner, Object::Endpoint);
        self.app.authorize(&self.principal, action, &object)
    }

    /// A prediction for a request that has just arrived.
    pub(super) async fn infer(
        &self,
        asked: ModelInferRequest,
        key: Option<&[u8]>,
        start: Instant,
    ) -> Result<ModelInferResponse, Problem> {
        self.allow(Action::Infer, &asked.model_name)?;
        infer::infer(&self.app, asked, infer::Circumstances { key, start, deadline: self.deadline }).await
    }
}

/// What holds one client to one version.
fn key(metadata: &MetadataMap) -> Option<&[u8]> {
    metadata.get(STICKY_KEY).map(MetadataValue::<Ascii>::as_encoded_bytes)
}

/// An answer or a problem as the generated server takes it.
fn said<T>(answer: Result<T, Problem>) -> Result<Response<T>, Status> {
    answer.map(Response::new).map_err(|problem| status::status(&problem))
}

#[async_trait]
impl GrpcInferenceService for Service {
    async fn server_live(
        &self,
        _: Request<ServerLiveRequest>,
    ) -> Result<Response<ServerLiveResponse>, Status> {
        said(Ok(ServerLiveResponse { live: true }))
    }

    async fn server_ready(
        &self,
        _: Request<ServerReadyRequest>,
    ) -> Result<Response<ServerReadyResponse>, Status> {
        said(Ok(ServerReadyResponse { ready: self.app.is_ready() }))
    }

    async fn model_ready(
        &self,
        request: Request<ModelReadyRequest>,
    ) -> Result<Response<ModelReadyResponse>, Status> {
        let request = request.get_ref();
        let allowed = self.allow(Action::Describe, &request.name);
        said(allowed.map(|()| describe::ready(&self.app, request)))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        said(Ok(describe::server()))
    }

    async fn model_metadata(
        &self,
        request: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        said(describe::model(self, request.get_ref()))
    }

    async fn model_infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<Response<ModelInferResponse>, Status> {
        let (metadata, _, asked) = request.into_parts();
        said(self.infer(asked, key(&metadata), self.start).await)
    }

    type ModelStreamInferStream = stream::Answers;

    async fn model_stream_infer(
        &self,
        request: Request<Streaming<ModelInferRequest>>,
    ) -> Result<Response<stream::Answers>, Status> {
        let (metadata, _, asked) = request.into_parts();
        let key = key(&metadata).map(Arc::from);
        said(Ok(stream::answers(self.clone(), key, asked)))
    }

    async fn model_config(
        &self,
        request: Request<ModelConfigRequest>,
    ) -> Result<Response<ModelConfigResponse>, Status> {
        said(describe::config(self, request.get_ref()))
    }

    async fn model_statistics(
        &self,
        request: Request<ModelStatisticsRequest>,
    ) -> Result<Response<ModelStatisticsResponse>, Status> {
        said(describe::statistics(self, request.get_ref()))
    }

    async fn repository_index(
        &self,
        request: Request<RepositoryIndexRequest>,
    ) -> Result<Response<RepositoryIndexResponse>, Status> {
        said(Ok(describe::index(self, request.get_ref())))
    }
}
