//! Whom a pinned client talks to, and whom it tells nothing.

use crate::server::{Identity, Server};
use flightdeck_protocol::{Control, ControlError, Handshake, PROTOCOL, Pin, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn token() -> Token {
    Token::from_bytes([0xc7; 32])
}

fn runner(line: &str, _body: &str) -> (u16, String) {
    let handshake =
        Handshake { protocol: PROTOCOL, version: "0".into(), runner_id: "r".into(), boot_epoch: 1, pid: 1 };
    match line {
        "GET /flightdeck/v1/handshake HTTP/1.1" => (200, serde_json::to_string(&handshake).unwrap()),
        other => (404, format!(r#"{{"error":"{other}"}}"#)),
    }
}

#[tokio::test]
async fn k5_the_key_that_was_pinned_is_talked_to_whatever_its_dates_and_names() {
    let dates = [(2000, 2001), (2020, 2090), (2095, 2099)];
    for (from, to) in dates {
        let identity = Identity::new(|params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        });
        let server = Server::start(&identity, runner).await;
        let control = Control::pinned(&server.base, Some(token()), identity.pin());
        assert_eq!(control.handshake().await.unwrap().runner_id, "r");
        assert!(server.heard().contains(token().reveal()));
    }
}

#[tokio::test]
async fn k5_another_certificate_hears_nothing_and_is_shown_with_the_one_expected() {
    let (paired, other) = (Identity::new(|_| ()), Identity::new(|_| ()));
    let server = Server::start(&other, runner).await;
    let control = Control::pinned(&server.base, Some(token()), paired.pin());
    for _ in 0..3 {
        let refused = control.handshake().await.unwrap_err();
        let ControlError::OtherCertificate { expected, found, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!((*expected, *found), (paired.pin(), other.pin()));
        assert_eq!(refused.code(), "other-certificate");
        assert!(refused.to_string().contains(&other.pin().to_string()));
    }
    assert_eq!(server.heard(), "");
}

#[tokio::test]
async fn k5_the_same_key_in_a_new_certificate_is_the_same_runner() {
    // A certificate may be renewed; who holds the key is who was paired.
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = |name: &str| {
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        Pin::of_certificate(params.self_signed(&key).unwrap().der()).unwrap()
    };
    assert_eq!(certificate("a"), certificate("b"));
    assert_ne!(certificate("a"), Identity::new(|_| ()).pin());
    assert_eq!(certificate("a").to_string().parse(), Ok(certificate("a")));
    assert_eq!(Pin::of_certificate(b"no certificate"), None);
}

/// A port where somebody answers every connection with these bytes, and what they heard.
async fn plain(answer: &'static [u8]) -> (String, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        stream.write_all(answer).await.unwrap();
        let mut heard = buffer[..count].to_vec();
        stream.read_to_end(&mut heard).await.unwrap_or_default();
        heard
    });
    (base, heard)
}

#[tokio::test]
async fn k5_a_port_without_tls_or_with_an_old_one_is_no_runner_and_hears_no_token() {
    // A web server that speaks plainly, and one that wants TLS 1.1: a fatal alert, protocol_version.
    let answers: [&[u8]; 2] =
        [b"HTTP/1.1 400 Bad Request\r\n\r\n", &[0x15, 0x03, 0x02, 0x00, 0x02, 0x02, 0x46]];
    for answer in answers {
        let (base, heard) = plain(answer).await;
        let control = Control::pinned(base, Some(token()), Identity::new(|_| ()).pin());
        let refused = control.handshake().await.unwrap_err();
        assert_eq!(refused.code(), "not-a-runner", "{refused:?}");
        assert!(refused.to_string().contains("TLS"), "{refused}");
        let heard = heard.await.unwrap();
        let token = token();
        assert!(!heard.windows(64).any(|part| part == token.reveal().as_bytes()));
    }
}

#[tokio::test]
async fn k5_an_address_without_tls_is_not_even_tried() {
    let (base, heard) = plain(b"").await;
    let control = Control::pinned(base.replace("https", "http"), Some(token()), Identity::new(|_| ()).pin());
    assert!(control.handshake().await.is_err());
    assert!(!heard.is_finished());
    heard.abort();
}

#[tokio::test]
async fn a_redirect_takes_the_token_nowhere() {
    let identity = Identity::new(|_| ());
    let other = Server::start(&identity, runner).await;
    let elsewhere = other.base.clone();
    let server = Server::start(&identity, move |_, _| (307, format!("\r\nlocation: {elsewhere}"))).await;
    let control = Control::pinned(&server.base, Some(token()), identity.pin());
    assert!(control.handshake().await.is_err());
    assert_eq!(other.heard(), "");
}
