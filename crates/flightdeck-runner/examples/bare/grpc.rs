//! `ModelInfer` with raw contents; no other method does anything.

use crate::model::{Model, floats};
use flightdeck_grpc::inference::grpc_inference_service_server::{
    GrpcInferenceService, GrpcInferenceServiceServer,
};
use flightdeck_grpc::inference::model_infer_response::InferOutputTensor;
use flightdeck_grpc::inference::{
    ModelConfigRequest, ModelConfigResponse, ModelInferRequest, ModelInferResponse, ModelMetadataRequest,
    ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse, ModelStatisticsRequest,
    ModelStatisticsResponse, ModelStreamInferResponse, RepositoryIndexRequest, RepositoryIndexResponse,
    ServerLiveRequest, ServerLiveResponse, ServerMetadataRequest, ServerMetadataResponse, ServerReadyRequest,
    ServerReadyResponse,
};
use std::error::Error;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming, async_trait};

struct Service(Model);

pub(crate) async fn serve(listener: TcpListener, model: Model) -> Result<(), Box<dyn Error>> {
    let service = GrpcInferenceServiceServer::new(Service(model));
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Ok(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming).await?)
}

impl Service {
    fn run(&self, request: &ModelInferRequest) -> Result<ModelInferResponse, Box<dyn Error>> {
        let input = request.inputs.first().ok_or("no input")?;
        let raw = request.raw_input_contents.first().ok_or("no raw contents")?;
        let shape: Vec<usize> = input.shape.iter().map(|size| *size as usize).collect();
        self.0.run(&shape, &floats(raw), |outputs| {
            let mut response = ModelInferResponse { model_name: "m".into(), ..ModelInferResponse::default() };
            for output in outputs {
                response.outputs.push(InferOutputTensor {
                    name: output.name.into(),
                    datatype: output.data_type().into(),
                    shape: output.shape.clone(),
                    ..InferOutputTensor::default()
                });
                let mut raw = Vec::new();
                output.write(&mut raw);
                response.raw_output_contents.push(raw.into());
            }
            response
        })
    }
}

#[async_trait]
impl GrpcInferenceService for Service {
    type ModelStreamInferStream = tokio_stream::Empty<Result<ModelStreamInferResponse, Status>>;

    async fn model_infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<Response<ModelInferResponse>, Status> {
        self.run(request.get_ref()).map(Response::new).map_err(|error| Status::internal(error.to_string()))
    }

    async fn model_stream_infer(
        &self,
        _: Request<Streaming<ModelInferRequest>>,
    ) -> Result<Response<Self::ModelStreamInferStream>, Status> {
        Err(Status::unimplemented("model_stream_infer"))
    }

    async fn server_live(
        &self,
        _: Request<ServerLiveRequest>,
    ) -> Result<Response<ServerLiveResponse>, Status> {
        Err(Status::unimplemented("server_live"))
    }

    async fn server_ready(
        &self,
        _: Request<ServerReadyRequest>,
    ) -> Result<Response<ServerReadyResponse>, Status> {
        Err(Status::unimplemented("server_ready"))
    }

    async fn model_ready(
        &self,
        _: Request<ModelReadyRequest>,
    ) -> Result<Response<ModelReadyResponse>, Status> {
        Err(Status::unimplemented("model_ready"))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        Err(Status::unimplemented("server_metadata"))
    }

    async fn model_metadata(
        &self,
        _: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        Err(Status::unimplemented("model_metadata"))
    }

    async fn model_config(
        &self,
        _: Request<ModelConfigRequest>,
    ) -> Result<Response<ModelConfigResponse>, Status> {
        Err(Status::unimplemented("model_config"))
    }

    async fn model_statistics(
        &self,
        _: Request<ModelStatisticsRequest>,
    ) -> Result<Response<ModelStatisticsResponse>, Status> {
        Err(Status::unimplemented("model_statistics"))
    }

    async fn repository_index(
        &self,
        _: Request<RepositoryIndexRequest>,
    ) -> Result<Response<RepositoryIndexResponse>, Status> {
        Err(Status::unimplemented("repository_index"))
    }
}
