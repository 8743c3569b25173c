//! The one table of routes. The router is built from it and from nothing else; every request passes one authorization.

use super::call::{Answer, Call};
use crate::app::App;
use crate::problem::Problem;
use crate::{control, data};
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{Method, Response, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};
use flightdeck_core::{Action, Forbidden, Object, Principal, authorize};
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

/// All routes.
pub(crate) const ROUTES: [Route; 24] = routes! {
    Get "/v2" Describe Runner => data::server_metadata;
    Get "/v2/health/live" Probe Runner => data::live;
    Get "/v2/health/ready" Probe Runner => data::ready;
    Get "/v2/models/{name}" Describe Endpoint => data::model_metadata;
    Get "/v2/models/{name}/versions/{version}" Describe Endpoint => data::model_metadata;
    Get "/v2/models/{name}/ready" Probe Endpoint => data::model_ready;
    Get "/v2/models/{name}/versions/{version}/ready" Probe Endpoint => data::model_ready;
    Post "/v2/models/{name}/infer" Infer Endpoint => data::infer;
    Post "/v2/models/{name}/versions/{version}/infer" Infer Endpoint => data::infer;
    Post "/flightdeck/v1/endpoints/{name}/predict" Infer Endpoint => data::predict;
    Get "/flightdeck/v1/handshake" View Runner => control::handshake;
    Get "/flightdeck/v1/blobs/{sha256}" Upload Runner => control::blob_state;
    Put "/flightdeck/v1/blobs/{sha256}" Upload Runner => control::blob_part;
    Post "/flightdeck/v1/packages" Upload Runner => control::store_package;
    Get "/flightdeck/v1/endpoints" View Runner => control::endpoints;
    Get "/flightdeck/v1/endpoints/{name}" View Endpoint => control::endpoint;
    Put "/flightdeck/v1/endpoints/{name}" Deploy Endpoint => control::put_endpoint;
    Delete "/flightdeck/v1/endpoints/{name}" Deploy Endpoint => control::remove_endpoint;
    Get "/flightdeck/v1/endpoints/{name}/live" View Endpoint => control::live;
    Get "/flightdeck/v1/windows" Pull Runner => control::windows;
    Post "/flightdeck/v1/windows/ack" Pull Runner => control::ack;
    Post "/flightdeck/v1/flush" Operate Runner => control::flush;
    Get "/flightdeck/v1/audit" Audit Runner => control::audit;
    Post "/flightdeck/v1/stop" Operate Runner => control::stop;
};

/// The router of all routes. Everything else is an error with a body, too.
pub(crate) fn router(app: Arc<App>) -> Router {
    let wrong_method = || async {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "this address does not take that method")
            .into_response()
    };
    let nowhere =
        |request: Request| async move { Problem::unknown("address", request.uri().path()).into_response() };
    let router = ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, serve(route)));
    router.method_not_allowed_fallback(wrong_method).fallback(nowhere).with_state(app)
}

fn serve(route: &'static Route) -> MethodRouter<Arc<App>> {
    let filter = match route.method {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Delete => MethodFilter::DELETE,
    };
    on(filter, async move |State(app): State<Arc<App>>, params: RawPathParams, request: Request| {
        dispatch(route, app, (params, request)).await
    })
}

async fn dispatch(
    route: &Route,
    app: Arc<App>,
    (params, request): (RawPathParams, Request),
) -> Response<Body> {
    let is_head = request.method() == Method::HEAD;
    let answer = match admit(route, &app, (params, request)) {
        Ok(call) => (route.handler)(app, call).await,
        Err(problem) => Err(problem),
    };
    let mut response = answer.unwrap_or_else(Problem::into_response);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// The one gate: where it comes from, who asks, whether they may.
fn admit(route: &Route, app: &App, (params, request): (RawPathParams, Request)) -> Result<Call, Problem> {
    let (parts, body) = request.into_parts();
    app.keyring.check_source(&parts.headers, &parts.uri)?;
    let principal = app.keyring.principal(&parts.headers)?;
    let query = parts.uri.query().map(str::to_owned);
    let call = Call { principal, params, query, headers: parts.headers, body };
    let object = match route.object {
        ObjectFrom::Runner => Object::Runner,
        // A text that cannot be a name cannot be an endpoint; who may not ask for one is not told even that.
        ObjectFrom::Endpoint => call.name().map_or(Object::Runner, Object::Endpoint),
    };
    authorize(&app.grants, &call.principal, route.action, &object)
        .map_err(|forbidden| refused(&call.principal, &forbidden))?;
    Ok(call)
}

fn refused(principal: &Principal, forbidden: &Forbidden) -> Problem {
    match principal {
        Principal::Anonymous => Problem::new(StatusCode::UNAUTHORIZED, "token-needed", forbidden.to_string())
            .hint("Send the control token as Authorization: Bearer."),
        Principal::Key(_) => Problem::new(StatusCode::FORBIDDEN, "forbidden", forbidden.to_string()),
    }
}
