//! The one table of routes. The router is built from it and from nothing else; every request passes one authorization.

use super::body::Held;
use super::call::{Answer, Call};
use super::coding::{Coding, compressed};
use super::messages::Messages;
use super::pace::{Pace, Paced};
use crate::app::App;
use crate::problem::Problem;
use crate::traces::Begun;
use crate::{control, data, grpc, metrics, telemetry};
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{Response, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};
use flightdeck_core::{Action, Object};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

type Handler = fn(Arc<App>, Call) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One route: what is asked for, of what, and who answers.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) method: Verb,
    pub(crate) path: &'static str,
    pub(crate) action: Action,
    pub(crate) object: ObjectFrom,
    handler: Handler,
}

/// The methods that routes use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// Where the object of an authorization comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectFrom {
    /// It is the server.
    Runner,
    /// The path names an endpoint.
    Endpoint,
    /// The message names an endpoint, and its handler asks again. The route asks whether anything is allowed at all.
    Message,
}

macro_rules! routes {
    ($($method:ident $path:literal $action:ident $object:ident => $handler:path;)*) => {
        [$(Route {
            method: Verb::$method,
            path: $path,
            action: Action::$action,
            object: ObjectFrom::$object,
            handler: |app, call| Box::pin($handler(app, call)),
        }),*]
    };
}

/// Where Prometheus looks.
const METRICS: &str = "/metrics";

/// All routes.
pub(crate) const ROUTES: &[Route] = &routes! {
    Get "/v2" Describe Runner => data::server_metadata;
    Get "/v2/openapi.json" Describe Runner => data::openapi;
    Get "/v2/docs" Describe Runner => data::docs;
    Get "/v2/open_inference_grpc.proto" Describe Runner => data::proto;
    Get "/v2/health/live" Probe Runner => data::live;
    Get "/v2/health/ready" Probe Runner => data::ready;
    Get "/v2/models" Describe Runner => data::models;
    Post "/v2/repository/index" Describe Runner => data::repository_index;
    Get "/v2/models/{name}" Describe Endpoint => data::model_metadata;
    Get "/v2/models/{name}/versions/{version}" Describe Endpoint => data::model_metadata;
    Get "/v2/models/{name}/config" Describe Endpoint => data::model_config;
    Get "/v2/models/{name}/versions/{version}/config" Describe Endpoint => data::model_config;
    Get "/v2/models/stats" Describe Runner => data::stats;
    Get "/v2/models/{name}/stats" Describe Endpoint => data::model_stats;
    Get "/v2/models/{name}/versions/{version}/stats" Describe Endpoint => data::model_stats;
    Get "/v2/models/{name}/ready" Describe Endpoint => data::model_ready;
    Get "/v2/models/{name}/versions/{version}/ready" Describe Endpoint => data::model_ready;
    Post "/v2/models/{name}/infer" Infer Endpoint => data::infer;
    Post "/v2/models/{name}/versions/{version}/infer" Infer Endpoint => data::infer;
    Post "/flightdeck/v1/endpoints/{name}/predict" Infer Endpoint => data::predict;
    Get "/metrics" View Runner => metrics::metrics;
    Post "/inference.GRPCInferenceService/ServerLive" Probe Runner => grpc::inference;
    Post "/inference.GRPCInferenceService/ServerReady" Probe Runner => grpc::inference;
    Post "/inference.GRPCInferenceService/ModelReady" Describe Message => grpc::inference;
    Post "/inference.GRPCInferenceService/ServerMetadata" Describe Runner => grpc::inference;
    Post "/inference.GRPCInferenceService/ModelMetadata" Describe Message => grpc::inference;
    Post "/inference.GRPCInferenceService/ModelInfer" Infer Message => grpc::inference;
    Post "/inference.GRPCInferenceService/ModelStreamInfer" Infer Message => grpc::stream;
    Post "/inference.GRPCInferenceService/ModelConfig" Describe Message => grpc::inference;
    Post "/inference.GRPCInferenceService/ModelStatistics" Describe Message => grpc::inference;
    Post "/inference.GRPCInferenceService/RepositoryIndex" Describe Message => grpc::inference;
    Post "/grpc.health.v1.Health/Check" Probe Runner => grpc::health;
    Post "/grpc.health.v1.Health/Watch" Describe Runner => grpc::health;
    Get "/flightdeck/v1/handshake" View Runner => control::handshake;
    Get "/flightdeck/v1/blobs/{sha256}" Upload Runner => control::blob_state;
    Put "/flightdeck/v1/blobs/{sha256}" Upload Runner => control::blob_part;
    Post "/flightdeck/v1/packages" Upload Runner => control::store_package;
    Get "/flightdeck/v1/endpoints" View Runner => control::endpoints;
    Get "/flightdeck/v1/endpoints/{name}" View Endpoint => control::endpoint;
    Put "/flightdeck/v1/endpoints/{name}" Deploy Endpoint => control::put_endpoint;
    Delete "/flightdeck/v1/endpoints/{name}" Deploy Endpoint => control::remove_endpoint;
    Get "/flightdeck/v1/endpoints/{name}/live" View Endpoint => control::live;
    Post "/flightdeck/v1/endpoints/{name}/labels" Label Endpoint => telemetry::send_labels;
    Get "/flightdeck/v1/endpoints/{name}/outcomes" View Endpoint => telemetry::outcomes;
    Get "/flightdeck/v1/endpoints/{name}/samples" ReadSamples Endpoint => telemetry::samples;
    Get "/flightdeck/v1/labels" Pull Runner => telemetry::labels;
    Post "/flightdeck/v1/labels/ack" Pull Runner => telemetry::ack_labels;
    Get "/flightdeck/v1/windows" Pull Runner => control::windows;
    Post "/flightdeck/v1/windows/ack" Pull Runner => control::ack;
    Post "/flightdeck/v1/windows/refuse" Pull Runner => control::refuse;
    Post "/flightdeck/v1/flush" Operate Runner => control::flush;
    Get "/flightdeck/v1/audit" Audit Runner => control::audit;
    Post "/flightdeck/v1/stop" Operate Runner => control::stop;
    Post "/flightdeck/v1/pair" Pair Runner => control::pair;
    Get "/flightdeck/v1/tokens" ManageTokens Runner => control::tokens;
    Post "/flightdeck/v1/tokens" ManageTokens Runner => control::make_token;
    Delete "/flightdeck/v1/tokens/{id}" ManageTokens Runner => control::revoke_token;
};

/// The methods and paths of all routes.
#[cfg(test)]
pub(crate) fn routes() -> impl Iterator<Item = (String, &'static str)> {
    ROUTES.iter().map(|route| (format!("{:?}", route.method).to_uppercase(), route.path))
}

/// The router of all routes. Everything else is an error with a body, too.
pub(crate) fn router(app: Arc<App>) -> Router {
    let wrong_method = || async {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "this address does not take that method")
            .into_response()
    };
    let nowhere = |request: Request| async move {
        let path = request.uri().path();
        if grpc::is_grpc(request.headers()) {
            return grpc::unknown_method(path);
        }
        data::not_served(path).unwrap_or_else(|| Problem::unknown("address", path)).into_response()
    };
    let routes = ROUTES.iter().filter(|route| !app.is_pod || is_of_a_pod(route));
    let router = routes.fold(Router::new(), |router, route| router.route(route.path, serve(route)));
    router.method_not_allowed_fallback(wrong_method).fallback(nowhere).with_state(app)
}

fn serve(route: &'static Route) -> MethodRouter<Arc<App>> {
    let filter = match route.method {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Delete => MethodFilter::DELETE,
    };
    on(filter, async move |State(app): State<Arc<App>>, params: Params, request: Request| match params {
        Ok(params) => dispatch(route, app, (params, request)).await,
        Err(_) => Problem::bad("bad-address", "the address is not UTF-8").into_response(),
    })
}

type Params = Result<RawPathParams, RawPathParamsRejection>;

async fn dispatch(
    route: &Route,
    app: Arc<App>,
    (params, request): (RawPathParams, Request),
) -> Response<Body> {
    let is_grpc = grpc::is_grpc(request.headers());
    // What is compressed over gRPC are messages, not answers.
    let may_be_compressed = route.action == Action::Infer && !is_grpc;
    let coding = Coding::accepted(request.headers()).filter(|_| may_be_compressed);
    let traced = app.traces.as_ref().and_then(|_| Begun::of(request.headers(), app.now()));
    let traced = traced.map(|begun| Traced { begun, app: Arc::clone(&app), endpoint: named(&app, &params) });
    let answer = match admit(route, &app, (params, request)) {
        Ok(call) => sheltered((route.handler)(app, call)).await,
        Err(problem) => Err(problem),
    };
    let response = match (answer, coding) {
        (Ok(response), Some(coding)) => compressed(response, coding).await,
        (Err(problem), _) if is_grpc => grpc::refusal(&problem),
        (answer, _) => answer.unwrap_or_else(Problem::into_response),
    };
    if let Some(Traced { begun, app, endpoint }) = traced
        && let Some(traces) = &app.traces
    {
        traces.end(&begun, route.name(), endpoint, response.status());
    }
    response
}

/// A request that is traced.
struct Traced {
    begun: Begun,
    app: Arc<App>,
    endpoint: Option<String>,
}

/// The endpoint that a path names, when there is one of that name: what else a path says is told to nobody.
fn named(app: &App, params: &RawPathParams) -> Option<String> {
    let (_, name) = params.iter().find(|(key, _)| *key == "name")?;
    app.endpoints.get(name).map(|endpoint| endpoint.name.to_string())
}

/// A route as traces name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteName {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
}

impl Route {
    const fn name(&self) -> RouteName {
        let method = match self.method {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Delete => "DELETE",
        };
        RouteName { method, path: self.path }
    }
}

/// A fault of a handler ends its own request, with an answer.
async fn sheltered(handler: impl Future<Output = Answer>) -> Answer {
    let ended = AssertUnwindSafe(handler).catch_unwind().await;
    // What a panic says is in the log already.
    ended.unwrap_or_else(|_| Err(Problem::internal("answer", &"a handler panicked")))
}

/// The largest body of a request that needs no grant.
const ANYBODYS_BYTES: usize = 8 << 10;

/// The one gate: where it comes from, who asks, whether they may.
fn admit(route: &Route, app: &App, (params, request): (RawPathParams, Request)) -> Result<Call, Problem> {
    let (parts, body) = request.into_parts();
    app.keyring.check_source(&parts.headers, &parts.uri)?;
    let principal = app.keyring.principal(&parts.headers, app.database.clock().as_ref())?;
    let query = parts.uri.query().map(str::to_owned);
    let (headers, held, http) = (parts.headers, Held::default(), &app.settings.http);
    let is_stream = route.path.ends_with("/ModelStreamInfer");
    let body = if is_stream {
        Body::new(Messages::new(body, http.body_seconds.duration()))
    } else {
        Body::new(Paced::new(body, Pace::new(http)))
    };
    // What nobody has to be known for is short.
    let is_anybodys = matches!(route.action, Action::Probe | Action::Pair);
    let most_bytes = if is_anybodys { ANYBODYS_BYTES.min(http.body_bytes) } else { http.body_bytes };
    let call = Call { path: route.path, principal, params, query, headers, body, most_bytes, held };
    let object = match route.object {
        ObjectFrom::Runner => Object::Runner,
        // A text that cannot be a name cannot be an endpoint; who may not ask for one is not told even that.
        ObjectFrom::Endpoint => call.name().map_or(Object::Runner, Object::Endpoint),
        ObjectFrom::Message => {
            return app.authorize_somewhere(&call.principal, route.action).map(|()| call);
        }
    };
    if !is_shown(route, app) {
        app.authorize(&call.principal, route.action, &object)?;
    }
    Ok(call)
}

/// Figures are everybody's where a cluster scrapes them, or where the configuration says so.
fn is_shown(route: &Route, app: &App) -> bool {
    route.path == METRICS && (app.is_pod || app.settings.metrics.open)
}

/// A predictor in a cluster has nothing that could be changed, and no token that could allow it.
fn is_of_a_pod(route: &Route) -> bool {
    matches!(route.action, Action::Probe | Action::Describe | Action::Infer) || route.path == METRICS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{EndpointMap, Parted};
    use crate::clock::SystemClock;
    use crate::config::Settings;
    use crate::counting::Closer;
    use crate::http::{Keyring, Reach};
    use crate::state::{self, Identity};
    use axum::http::{Method, header};
    use flightdeck_core::{Clock, Role};
    use flightdeck_engine::client::{Worker, WorkerConfig};
    use flightdeck_package::{Artifacts, Parts};
    use flightdeck_protocol::Token;
    use std::path::Path;
    use tower::ServiceExt;

    const HOST: &str = "127.0.0.1:9";

    fn app(data: &Path, role: Role) -> Arc<App> {
        let clock = Arc::new(SystemClock);
        let now = clock.now();
        let database = state::open(data, clock).unwrap();
        let address = HOST.parse().unwrap();
        let app = App::new(Parted {
            address,
            identity: Identity::begin(&database, [0; 16], now).unwrap(),
            artifacts: Artifacts::open(data.join("a")).unwrap(),
            parts: Parts::open(data.join("p")).unwrap(),
            watch: crate::serving::Watch::start().unwrap(),
            worker: Worker::new(WorkerConfig::with_program("none".into())),
            closer: Closer::start(database.clone(), Box::new(Vec::new), u64::MAX).0,
            keyring: Keyring::new(Some(&Token::from_bytes([1; 32])), Reach::Loopback(address))
                .with_role(role),
            encryption: None,
            settings: Arc::new(Settings::default()),
            is_pod: false,
            endpoints: Arc::new(EndpointMap::default()),
            database,
        });
        Arc::new(app)
    }

    async fn ask(app: &Arc<App>, verb: Method, path: &str, token: Option<&str>) -> StatusCode {
        let path = path
            .replace("{name}", "e")
            .replace("{version}", "1")
            .replace("{sha256}", &"0".repeat(64))
            .replace("{id}", "t");
        let mut request = Request::builder().method(verb).uri(path).header(header::HOST, HOST);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from("{}")).unwrap();
        router(Arc::clone(app)).oneshot(request).await.unwrap().status()
    }

    fn verb(route: &Route) -> Method {
        match route.method {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Delete => Method::DELETE,
        }
    }

    #[tokio::test]
    async fn r12_every_route_needs_its_grant() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(folder.path(), Role::Admin);
        let (right, wrong) = ("01".repeat(32), "02".repeat(32));
        for route in ROUTES {
            let is_open =
                matches!(route.action, Action::Probe | Action::Describe | Action::Infer | Action::Pair);
            let data = ["/v2", "/inference.GRPCInferenceService/", "/grpc.health.v1."];
            let is_data = data.iter().any(|start| route.path.starts_with(start));
            let is_control = !is_data && !route.path.ends_with("/predict") && !route.path.ends_with("/pair");
            assert_eq!(is_control, !is_open, "{}", route.path);
            let denied = async |token| {
                let status = ask(&app, verb(route), route.path, token).await;
                matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
            };
            assert_eq!(denied(None).await, !is_open, "{}", route.path);
            assert!(denied(Some(&wrong)).await, "{}", route.path);
            assert!(!denied(Some(&right)).await, "{}", route.path);
        }
    }

    #[tokio::test]
    async fn r12_a_viewer_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(folder.path(), Role::Viewer);
        for route in ROUTES {
            let changes = matches!(
                route.action,
                Action::Upload
                    | Action::Deploy
                    | Action::Operate
                    | Action::Audit
                    | Action::Label
                    | Action::ReadSamples
                    | Action::ManageTokens
            );
            let status = ask(&app, verb(route), route.path, Some(&"01".repeat(32))).await;
            assert_eq!(status == StatusCode::FORBIDDEN, changes, "{} {status}", route.path);
        }
    }

    #[tokio::test]
    async fn r12_there_is_no_route_outside_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(folder.path(), Role::Admin);
        let token = "01".repeat(32);
        for route in ROUTES {
            for method in
                [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE]
            {
                let stands = ROUTES.iter().any(|other| other.path == route.path && verb(other) == method);
                let status = ask(&app, method.clone(), route.path, Some(&token)).await;
                assert_eq!(status == StatusCode::METHOD_NOT_ALLOWED, !stands, "{method} {}", route.path);
            }
        }
        let outside = ["/", "/v2/repository", "/v2/systemsharedmemory", "/flightdeck", "/debug"];
        for path in outside {
            assert_eq!(ask(&app, Method::GET, path, Some(&token)).await, StatusCode::NOT_FOUND, "{path}");
        }
        // The one call that adds a route stands in this file.
        let adding = [".rou", "te("].concat();
        let count: usize = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")))
            .iter()
            .map(|source| source.matches(&adding).count())
            .sum();
        assert_eq!(count, 1);
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered() {
        let problem = sheltered(async { panic!("/srv/secret") }).await.unwrap_err();
        assert_eq!((problem.status, &*problem.code), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
        assert!(!problem.message.contains("secret"));
    }

    fn sources(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| {
                if path.is_dir() { sources(&path) } else { vec![std::fs::read_to_string(path).unwrap()] }
            })
            .collect()
    }
}
