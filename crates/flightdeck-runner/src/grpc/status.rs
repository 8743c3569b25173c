//! Problems as gRPC says them: one code of gRPC's, the same sentence as over HTTP, and our own code beside it.

use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// The metadata that carries the stable word of a problem.
const CODE: &str = "flightdeck-code";
const HINT: &str = "flightdeck-hint";
/// What a client that tries again by itself waits, in milliseconds; what `Retry-After` is over HTTP.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Whether a request is gRPC's, so that it is refused in its form.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
}

/// A problem as the answer to a call that was not carried out.
pub(crate) fn refusal(problem: &Problem) -> Response<Body> {
    status(problem).into_http()
}

/// A method that is not there.
pub(crate) fn unknown_method(path: &str) -> Response<Body> {
    let mut problem = Problem::unknown("method", path);
    problem.status = StatusCode::NOT_IMPLEMENTED;
    refusal(&problem)
}

/// A problem as a status.
pub(super) fn status(problem: &Problem) -> Status {
    let mut metadata = MetadataMap::new();
    let mut add = |name: &'static str, text: &str| {
        if let Ok(value) = MetadataValue::try_from(text) {
            metadata.insert(name, value);
        }
    };
    add(CODE, &problem.code);
    if let Some(hint) = &problem.hint {
        add(HINT, hint);
    }
    if matches!(problem.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        add(PUSHBACK, &(u64::from(problem.retry_after.unwrap_or(1)) * 1000).to_string());
    }
    Status::with_metadata(code(problem.status), problem.message.clone(), metadata)
}

/// The code of gRPC for a status of HTTP.
const fn code(status: StatusCode) -> Code {
    match status.as_u16() {
        400 | 422 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        408 | 504 => Code::DeadlineExceeded,
        409 => Code::FailedPrecondition,
        413 | 429 | 431 | 507 => Code::ResourceExhausted,
        405 | 415 | 501 => Code::Unimplemented,
        503 => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// What the framing itself refused, as a problem of ours: an answer of ours has its code with it.
pub(super) fn of_framing(headers: &HeaderMap) -> Option<Problem> {
    let status = Status::from_header_map(headers).filter(|_| !headers.contains_key(CODE))?;
    framing(&status)
}

/// What the framing says of a message that cannot be read; `None` where there is nothing wrong with it.
pub(super) fn framing(status: &Status) -> Option<Problem> {
    match status.code() {
        Code::Ok => None,
        Code::OutOfRange | Code::ResourceExhausted => {
            let message = format!("the message is larger than {} bytes", flightdeck_grpc::MAX_MESSAGE_BYTES);
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message);
            Some(problem.hint("Send fewer rows at once."))
        }
        Code::Unimplemented => {
            let hint = "Use gzip, deflate or none.";
            let message = "the compression of the message is not served";
            Some(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoded-body", message).hint(hint))
        }
        _ => Some(Problem::bad("bad-request", "the message cannot be read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_and_the_code_are_those_of_http() {
        let status = status(&Problem::overload());
        let problem = Problem::overload();
        assert_eq!((status.code(), status.message()), (Code::Unavailable, problem.message.as_str()));
        assert_eq!(status.metadata().get("flightdeck-code").unwrap(), "overload");
        assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "1000");
        let answer: Response<Body> = refusal(&problem);
        assert_eq!(
            (answer.status(), &answer.headers()["grpc-status"]),
            (StatusCode::OK, &"14".parse().unwrap())
        );
        assert_eq!(of_framing(answer.headers()), None);
    }

    #[test]
    fn r5_what_the_framing_refuses_is_the_clients_fault() {
        let cases = [
            (Code::OutOfRange, "body-too-large", Code::ResourceExhausted),
            (Code::ResourceExhausted, "body-too-large", Code::ResourceExhausted),
            (Code::Internal, "bad-request", Code::InvalidArgument),
            (Code::Unimplemented, "encoded-body", Code::Unimplemented),
        ];
        for (said, word, expected) in cases {
            let answer: Response<Body> = Status::new(said, "words of a library").into_http();
            let problem = of_framing(answer.headers()).unwrap();
            assert_eq!((&*problem.code, status(&problem).code()), (word, expected));
        }
    }
}
