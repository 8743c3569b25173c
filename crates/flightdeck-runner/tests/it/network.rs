//! Connections that mean no good, spoken to byte by byte.

use crate::support::{Server, four_columns, linear, request};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The settings of a server that waits for nobody.
const HASTY: &str = "[http]\nheader_seconds = 1\nbody_seconds = 5\nbody_grace_seconds = 0.5\nidle_seconds = 1\n\
                     connections_per_address = 20\nheader_count = 50\nheader_bytes = 16384\nbody_bytes = 4194304\n";

async fn hasty(folder: &std::path::Path) -> Server {
    Server::configured(folder, HASTY).await
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// What is answered until the connection is closed. Panics when it stays open.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("still open after {answer:?}: {error}"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn say(server: &Server, text: &str) -> String {
    let mut stream = connect(server);
    stream.write_all(text.as_bytes()).unwrap();
    rest(&mut stream)
}

fn head(server: &Server, method: &str, headers: &str) -> String {
    format!("{method} /v2/models/e/infer HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.address())
}

#[tokio::test(flavor = "multi_thread")]
async fn r9_a_request_that_could_be_read_in_two_ways_is_refused_and_the_connection_closed() {
    let folder = tempfile::tempdir().unwrap();
    let server = hasty(folder.path()).await;
    let smuggled = format!("GET /v2 HTTP/1.1\r\nHost: {}\r\n\r\n", server.address());
    let wrong = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Content-Length: 4\nX: y\r\n",
        "Content-Length : 4\r\n",
        "X: y\r\n folded\r\n",
    ];
    for headers in wrong {
        let answer = say(&server, &format!("{}0\r\n\r\n{smuggled}", head(&server, "POST", headers)));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{headers:?}: {answer}");
    }
    let absolute = format!("GET http://{0}/v2 HTTP/1.1\r\nHost: {0}\r\n\r\n", server.address());
    let answer = say(&server, &absolute);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("absolute-address"), "{answer}");
    // Said properly, two requests over one connection are two.
    let twice = format!("{smuggled}{}", smuggled.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    assert_eq!(say(&server, &twice).matches("HTTP/1.1 200").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_too_much_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = hasty(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let many = "X: y\r\n".repeat(60);
    assert!(say(&server, &head(&server, "POST", &many)).starts_with("HTTP/1.1 431 "));
    let long = format!("X: {}\r\n", "y".repeat(1 << 20));
    let mut stream = connect(&server);
    // The answer comes before all of it is sent, and what is sent then is thrown away.
    let _ = stream.write_all(head(&server, "POST", &long).as_bytes());
    let answer = rest(&mut stream);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let large = head(&server, "POST", "Content-Length: 5000000\r\nConnection: close\r\n");
    let mut stream = connect(&server);
    stream.write_all(large.as_bytes()).unwrap();
    stream.write_all(&vec![b' '; 5_000_000]).unwrap();
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("body-too-large"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_who_is_too_slow_is_let_go_and_the_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = hasty(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    // Each of them drips: a head that never ends, the beginning of HTTP/2, nothing at all, a body of a byte at a time.
    let body = head(&server, "POST", "Content-Length: 100\r\n");
    let drips = ["GET / HTTP/1.1\r\nX: ", "PRI * HT", "", body.as_str()].map(|text| {
        let mut stream = connect(&server);
        stream.write_all(text.as_bytes()).unwrap();
        let mut dripping = stream.try_clone().unwrap();
        let drip = tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(100));
            while dripping.write_all(b" ").is_ok() {
                tick.tick().await;
            }
        });
        (stream, drip)
    });
    let body = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let client = reqwest::Client::new();
    for _ in 0..100 {
        let answer =
            client.post(format!("{}/v2/models/e/infer", server.base)).body(body.clone()).send().await;
        assert_eq!(answer.unwrap().status(), 200);
    }
    // None of them is waited for: they are ended while they go on dripping.
    let answers = drips.map(|(mut stream, drip)| {
        let answer = tokio::task::block_in_place(|| rest(&mut stream));
        drip.abort();
        answer
    });
    assert!(answers[..3].iter().all(|answer| !answer.contains("200 OK")), "{answers:?}");
    assert!(answers[3].starts_with("HTTP/1.1 408 ") && answers[3].contains("slow-body"), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_three_megabytes_in_tiny_chunks_take_no_more_memory_than_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let post = |chunk: &str, times: usize| {
        let head = head(&server, "POST", "Transfer-Encoding: chunked\r\nConnection: close\r\n");
        let mut stream = connect(&server);
        stream.write_all(head.as_bytes()).unwrap();
        let chunks = chunk.repeat(1000);
        for _ in 0..times / 1000 {
            stream.write_all(chunks.as_bytes()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        rest(&mut stream)
    };
    assert!(post("4\r\n    \r\n", 1000).starts_with("HTTP/1.1 400 "));
    let before = resident(&server);
    assert!(post("1\r\n \r\n", 500_000).starts_with("HTTP/1.1 400 "));
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes more");
}

fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_holds_enough_connections_gets_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::configured(folder.path(), "[http]\nconnections_per_address = 20\n").await;
    let status = |stream: &mut TcpStream| {
        let ask = format!("GET /v2/health/live HTTP/1.1\r\nHost: {}\r\n\r\n", server.address());
        let _ = stream.write_all(ask.as_bytes());
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).map(|()| String::from_utf8_lossy(&answer).into_owned())
    };
    // The test's own client holds one or two.
    let mut held: Vec<TcpStream> = (0..25).map(|_| connect(&server)).collect();
    let answered = held.iter_mut().filter_map(|stream| status(stream).ok()).count();
    assert!((15..=20).contains(&answered), "{answered}");
    drop(held);
    crate::support::eventually(async || status(&mut connect(&server)).is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_an_id_and_is_of_no_use_to_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let client = reqwest::Client::new();
    for path in ["/v2", "/nowhere", "/v2/models/none", "/flightdeck/v1/endpoints", "/v2/models/none/infer"] {
        let ask = client.get(format!("{}{path}", server.base)).header("x-request-id", "my-id.7");
        let headers = ask.send().await.unwrap().headers().clone();
        assert_eq!(headers["x-request-id"], "my-id.7", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(headers.contains_key("cache-control"), path.starts_with("/flightdeck"), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
    }
    let made = client.get(format!("{}/v2", server.base)).header("x-request-id", "a b").send().await.unwrap();
    assert_eq!(made.headers()["x-request-id"].len(), 16);
}
