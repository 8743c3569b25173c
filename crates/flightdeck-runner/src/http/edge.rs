//! What every request gets and every answer carries, whatever it is about: an id, a place in the log, headers that tell
//! browsers to make nothing of it.

use super::traffic::{Delivery, Running, Traffic};
use crate::problem::Problem;
use axum::Router;
use axum::body::Body;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Request, Response, Version};
use flightdeck_protocol::PREFIX;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tower::ServiceExt;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// An id of the client's is taken up to this length.
const ID_BYTES: usize = 64;
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

tokio::task_local! {
    static CURRENT: HeaderValue;
}

/// The id of the request that this task answers.
pub(crate) fn request_id() -> Option<String> {
    CURRENT.try_with(|id| id.to_str().map(str::to_owned)).ok()?.ok()
}

/// The service of one connection.
#[derive(Clone)]
pub(super) struct Edge {
    pub(super) router: Router,
    pub(super) encrypted: bool,
    pub(super) traffic: Arc<Traffic>,
}

impl hyper::service::Service<Request<Incoming>> for Edge {
    type Response = Response<Delivery>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let running = Running::begin(&self.traffic);
        let (router, encrypted) = (self.router.clone(), self.encrypted);
        Box::pin(async move {
            let id = identify(request.headers());
            let is_control = request.uri().path().starts_with(PREFIX);
            let mut response = CURRENT.scope(id.clone(), answer(router, request.map(Body::new))).await;
            dress(response.headers_mut(), (is_control, encrypted));
            response.headers_mut().insert(REQUEST_ID, id);
            Ok(response.map(|body| running.answer(body)))
        })
    }
}

async fn answer(router: Router, request: Request<Body>) -> Response<Body> {
    let is_http1 = request.version() < Version::HTTP_2;
    if is_http1 && request.uri().scheme().is_some() {
        let problem = Problem::bad("absolute-address", "the request names a whole address, as for a proxy");
        let mut response = problem.hint("Send the path alone.").into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let (method, path) = (
        request.method().clone(),
        tracing::enabled!(tracing::Level::DEBUG).then(|| request.uri().path().to_owned()),
    );
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    if let Some(path) = path {
        // Without the query: somebody may have put a secret there.
        tracing::debug!(request = request_id(), %method, ?path, status = response.status().as_u16(), "answered");
    }
    response
}

/// The client's id when it can stand anywhere, else a new one.
fn identify(headers: &HeaderMap) -> HeaderValue {
    let is_sane = |id: &&HeaderValue| {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=ID_BYTES).contains(&id.len()) && id.as_bytes().iter().all(is_plain)
    };
    headers.get(REQUEST_ID).filter(is_sane).cloned().unwrap_or_else(new_id)
}

/// Unlikely to be made twice, by this process or another; it guards nothing.
fn new_id() -> HeaderValue {
    static START: OnceLock<u64> = OnceLock::new();
    static MADE: AtomicU64 = AtomicU64::new(0);
    let start = *START.get_or_init(|| {
        let mut bytes = [0; 8];
        let _ = getrandom::fill(&mut bytes);
        u64::from_le_bytes(bytes)
    });
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    // SplitMix64: every input has its own output.
    let mut mixed = start.wrapping_add(made.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    let digits =
        std::array::from_fn::<u8, 16, _>(|at| b"0123456789abcdef"[(mixed >> (60 - 4 * at)) as usize & 15]);
    HeaderValue::from_bytes(&digits).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

fn dress(headers: &mut HeaderMap, (is_control, encrypted): (bool, bool)) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A page of ours says itself what it needs.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    if is_control {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if encrypted {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, A_YEAR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r22_an_id_is_taken_only_if_it_can_stand_anywhere() {
        let given = |id: &[u8]| {
            let headers = [(REQUEST_ID, HeaderValue::from_bytes(id).unwrap())].into_iter().collect();
            identify(&headers) == id
        };
        for sane in [&b"a"[..], b"4bf92f35-77b3.4d_A", &[b'x'; 64]] {
            assert!(given(sane));
        }
        for wrong in [&b""[..], b"a b", b"\"", b"\xff", b"a\tb", &[b'x'; 65], b"{}"] {
            assert!(!given(wrong), "{wrong:?}");
        }
        let made: std::collections::BTreeSet<_> =
            (0..1000).map(|_| identify(&HeaderMap::new()).to_str().unwrap().to_owned()).collect();
        assert!(made.len() == 1000 && made.iter().all(|id| id.len() == 16));
    }

    #[test]
    fn an_answer_is_of_no_use_to_a_browser_unless_its_handler_says_so() {
        let dressed = |control, encrypted| {
            let mut headers = HeaderMap::new();
            dress(&mut headers, (control, encrypted));
            headers
        };
        let plain = dressed(false, false);
        assert_eq!(plain["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(
            (&plain["x-content-type-options"], &plain["referrer-policy"]),
            (&HeaderValue::from_static("nosniff"), &HeaderValue::from_static("no-referrer"))
        );
        assert!(!plain.contains_key("cache-control") && !plain.contains_key("strict-transport-security"));
        let control = dressed(true, true);
        assert!(control["cache-control"] == "no-store" && control.contains_key("strict-transport-security"));
        let mut page = HeaderMap::new();
        page.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"));
        dress(&mut page, (false, false));
        assert_eq!(page["content-security-policy"], "default-src 'self'");
    }
}
