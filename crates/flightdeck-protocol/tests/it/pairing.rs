//! Two sides that know one code, one that does not, and one in between.

use crate::server::{Identity, Server};
use flightdeck_protocol::pairing::{Code, PairRequest, Paired};
use flightdeck_protocol::{Control, ControlError, Pin, Token};

fn code() -> Code {
    "01234-56789-ABCDE-FGHJK".parse().unwrap()
}

/// A runner that waits for this code, shows a certificate with this pin, and believes that it shows `own`.
fn waiting(code: Code, own: Pin) -> impl Fn(&str, &str) -> (u16, String) {
    move |line, body| {
        if !line.starts_with("POST /flightdeck/v1/pair ") {
            return (200, "{}".into());
        }
        let asked: PairRequest = serde_json::from_str(body).unwrap();
        if !asked.proof.is_equal(&code.client_proof(own.as_bytes(), &asked.nonce)) {
            return (403, r#"{"error":"the code is another","code":"wrong-code"}"#.into());
        }
        let token = Token::from_bytes([5; 32]).reveal().to_owned();
        let proof = code.server_proof(own.as_bytes(), &asked.nonce, &token);
        let paired = Paired { runner_id: "r".into(), token, token_id: "t".into(), proof };
        (200, serde_json::to_string(&paired).unwrap())
    }
}

#[tokio::test]
async fn who_knows_the_code_gets_a_token_for_the_key_that_was_shown() {
    let identity = Identity::new(|_| ());
    let server = Server::start(&identity, waiting(code(), identity.pin())).await;
    let met = Control::pair(&server.base, &code(), "desk").await.unwrap();
    assert_eq!((met.runner_id.as_str(), met.token_id.as_str(), met.pin), ("r", "t", identity.pin()));
    assert_eq!(met.certificate, identity.certificate.to_vec());
    assert_eq!(met.token, Token::from_bytes([5; 32]));
    let heard = server.heard();
    assert!(
        !heard.contains("0123456789") && !heard.contains(&code().reveal()),
        "the code never travels: {heard}"
    );
}

#[tokio::test]
async fn k6_a_wrong_code_is_refused_in_the_runners_words() {
    let identity = Identity::new(|_| ());
    let server = Server::start(&identity, waiting(code(), identity.pin())).await;
    let wrong = "01234-56789-ABCDE-FGHJ0".parse().unwrap();
    let refused = Control::pair(&server.base, &wrong, "desk").await.unwrap_err();
    assert_eq!(refused.code(), "wrong-code");
}

#[tokio::test]
async fn k6_a_relay_with_a_key_of_its_own_is_refused() {
    let (relay, runner) = (Identity::new(|_| ()), Identity::new(|_| ()));
    // It passes everything on to the runner, which believes in its own key.
    let between = Server::start(&relay, waiting(code(), runner.pin())).await;
    let refused = Control::pair(&between.base, &code(), "desk").await.unwrap_err();
    assert_eq!(refused.code(), "wrong-code");
}

#[tokio::test]
async fn k6_who_gives_a_token_without_knowing_the_code_is_not_believed() {
    let identity = Identity::new(|_| ());
    let pin = identity.pin();
    let server = Server::start(&identity, move |line, body| {
        if !line.starts_with("POST") {
            return (200, "{}".into());
        }
        let asked: PairRequest = serde_json::from_str(body).unwrap();
        let token = Token::from_bytes([5; 32]).reveal().to_owned();
        let guessed: Code = "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ".parse().unwrap();
        let proof = guessed.server_proof(pin.as_bytes(), &asked.nonce, &token);
        let paired = Paired { runner_id: "r".into(), token, token_id: "t".into(), proof };
        (200, serde_json::to_string(&paired).unwrap())
    })
    .await;
    let refused = Control::pair(&server.base, &code(), "desk").await.unwrap_err();
    assert!(matches!(refused, ControlError::Unproved { .. }), "{refused:?}");
}
