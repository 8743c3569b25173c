//! The interface described for programs and for people: the documents and the page that a server shows.

use crate::app::App;
use crate::http::{Answer, Call};
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use std::sync::Arc;

const DOCUMENT: &str = include_str!("../../pages/openapi.json");
const PAGE: &str = include_str!("../../pages/docs.html");
/// Nothing but the page's own style, which is known by its digest.
const POLICY: &str = "default-src 'none'; style-src 'sha256-f+QMTCIgCy+pJxxCu6+lLCEQ8ICGwrD9am6772ioHS4='; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /v2/openapi.json`.
pub(crate) async fn openapi(_app: Arc<App>, _call: Call) -> Answer {
    Ok(text(DOCUMENT, "application/json"))
}

/// `GET /v2/open_inference_grpc.proto`.
pub(crate) async fn proto(_app: Arc<App>, _call: Call) -> Answer {
    Ok(text(flightdeck_grpc::PROTO, "text/plain; charset=utf-8"))
}

/// `GET /v2/docs`.
pub(crate) async fn docs(_app: Arc<App>, _call: Call) -> Answer {
    let mut response = text(PAGE, "text/html; charset=utf-8");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

fn text(text: &'static str, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use serde_json::Value;
    use sha2::{Digest, Sha256};

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    #[test]
    fn the_document_has_the_routes_of_the_data_plane_and_no_others() {
        let document = document();
        let described = document["paths"].as_object().unwrap().iter().flat_map(|(path, verbs)| {
            verbs.as_object().unwrap().keys().map(move |verb| format!("{} {path}", verb.to_uppercase()))
        });
        let mut described: Vec<String> = described.collect();
        let is_data = |path: &str| path.starts_with("/v2") || path.ends_with("/predict");
        let served = crate::http::routes().filter(|(_, path)| is_data(path));
        let mut served: Vec<String> = served.map(|(verb, path)| format!("{verb} {path}")).collect();
        described.sort();
        served.sort();
        assert_eq!(described, served);
    }

    #[test]
    fn the_document_refers_to_what_it_has_and_uses_all_of_it() {
        let document = document();
        let pieces: Vec<&str> = DOCUMENT.split("\"$ref\": \"#").skip(1).collect();
        let named: Vec<&str> = pieces.iter().map(|piece| piece.split('"').next().unwrap()).collect();
        assert!(named.len() > 50);
        for pointer in &named {
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        for kind in ["schemas", "responses", "parameters"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                assert!(named.contains(&format!("/components/{kind}/{name}").as_str()), "{kind} {name}");
            }
        }
        for (path, verbs) in document["paths"].as_object().unwrap() {
            for operation in verbs.as_object().unwrap().values() {
                let listed = operation["parameters"].to_string();
                for name in path.split('{').skip(1).map(|part| part.split('}').next().unwrap()) {
                    assert!(listed.contains(&format!("#/components/parameters/{name}")), "{path} {name}");
                }
            }
        }
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_runs_nothing() {
        let style = PAGE.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
        assert!(POLICY.contains(&format!("'sha256-{digest}'")), "the style's digest is {digest}");
        assert_eq!(PAGE.matches("<style").count(), 1);
        for foreign in ["<script", "javascript:", " style=", " src=", "@import", "url(", "<link", "<iframe"] {
            assert!(!PAGE.contains(foreign), "{foreign}");
        }
        let links = PAGE.split("href=\"").skip(1).map(|link| link.split('"').next().unwrap());
        for link in links {
            let own = link.strip_prefix('#').map(|id| PAGE.contains(&format!("id=\"{id}\"")));
            let served = ["/v2/openapi.json", "/v2/open_inference_grpc.proto"];
            assert!(own.unwrap_or(served.contains(&link)), "{link}");
        }
    }
}
