//! Who is let in, over what, and how a server ends.

use crate::support::{PROGRAM, Server, command, endpoint, eventually, four_columns, linear, model, request};
use flightdeck_core::{Digest, Role, Scope};
use flightdeck_protocol::pairing::Code;
use flightdeck_protocol::{Bound, Control, Pin, TokenCreated, TokenRequest};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

async fn encrypted(data: &Path) -> Server {
    Server::start_with(data, &["--tls", "on"]).await
}

fn pin(bound: &Bound) -> Pin {
    Digest::from_bytes(bound.key.unwrap().0).into()
}

fn code(bound: &Bound) -> Code {
    bound.code.as_ref().unwrap().parse().unwrap()
}

/// What another program's TLS finds. `None` when there is none to ask.
fn openssl(server: &Server, arguments: &[&str]) -> Option<(bool, String)> {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", server.address()]).args(arguments);
    let asked = command.stdin(Stdio::null()).output().ok()?;
    Some((asked.status.success(), String::from_utf8_lossy(&asked.stdout).into_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn k6_a_desktop_pairs_once_with_the_code_and_holds_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let server = encrypted(folder.path()).await;
    let first = code(&server.bound);
    let met = Control::pair(&server.base, &first, "desk").await.unwrap();
    assert_eq!(met.pin, pin(&server.bound));
    let paired = Control::pinned(&server.base, Some(met.token), met.pin);
    assert_eq!(paired.handshake().await.unwrap().runner_id, met.runner_id);
    let again = Control::pair(&server.base, &first, "thief").await.unwrap_err();
    assert_eq!(again.code(), "no-pairing-code");

    // A new code, made beside the running server.
    let made = Command::new(PROGRAM).arg("pair").arg("--data").arg(&server.data).output().unwrap();
    let made: Bound = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((made.key, &made.listen), (server.bound.key, &server.bound.listen));
    let wrong = Code::from_bytes([1; 13]);
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(Control::pair(&server.base, &wrong, "thief").await.unwrap_err().code().to_owned());
    }
    assert_eq!(codes[..5], ["wrong-pairing-code"; 5]);
    assert_eq!(codes[5..], ["no-pairing-code"; 2], "five tries, then nothing");
    let late = Control::pair(&server.base, &code(&made), "desk").await.unwrap_err();
    assert_eq!(late.code(), "no-pairing-code");
    let audit = paired.audit(0).await.unwrap().rows;
    let actions: Vec<_> = audit.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["make-pairing-code", "pair", "make-pairing-code"]);

    // Somebody is paired: the next start shows no code, and has the same key.
    server.control.stop().await.unwrap();
    let (data, key) = (server.data.clone(), server.bound.key);
    assert_eq!(server.wait().code(), Some(0));
    let server = encrypted(&data).await;
    assert_eq!((&server.bound.code, server.bound.key), (&None, key));
}

#[tokio::test(flavor = "multi_thread")]
async fn k5_another_key_an_old_version_and_plain_words_get_nothing() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = encrypted(folder.path()).await;
    let stranger = encrypted(other.path()).await;
    let fooled = Control::pinned(&stranger.base, Some(crate::support::token()), pin(&server.bound));
    assert_eq!(fooled.handshake().await.unwrap_err().code(), "other-certificate");

    let mut plain = TcpStream::connect(server.address()).unwrap();
    plain.write_all(b"GET /v2 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    // It says nothing at all: the handshake has an end, too.
    let mut silent = TcpStream::connect(server.address()).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);

    for version in ["-tls1_2", "-tls1_3"] {
        if let Some((agreed, said)) = openssl(&server, &[version, "-alpn", "h2"]) {
            assert!(agreed && said.contains("ALPN protocol: h2"), "{version}: {said}");
        }
    }
    if let Some((agreed, said)) = openssl(&server, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]) {
        assert!(!agreed || said.contains("Cipher is (NONE)"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k5_a_new_certificate_is_shown_while_connections_last() {
    let folder = tempfile::tempdir().unwrap();
    let server = encrypted(folder.path()).await;
    let (old, control) = (pin(&server.bound), &server.control);
    control.handshake().await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let made = encrypted(other.path()).await;
    let new = pin(&made.bound);
    // The key first: a certificate that does not fit is not taken, whenever it is looked at.
    for file in ["tls.key", "tls.crt"] {
        std::fs::copy(made.data.join(file), folder.path().join(format!("{file}.x"))).unwrap();
        std::fs::rename(folder.path().join(format!("{file}.x")), folder.path().join(file)).unwrap();
    }
    assert!(Command::new("kill").args(["-HUP", &server.pid().to_string()]).status().unwrap().success());
    let shows = async |pin: Pin| {
        Control::pinned(&server.base, Some(crate::support::token()), pin).handshake().await.is_ok()
    };
    eventually(async || shows(new).await).await;
    assert!(!shows(old).await);
    control.handshake().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_r13_other_machines_are_served_encrypted_and_need_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--listen", "0.0.0.0:0"]).await;
    assert!(server.bound.code.is_some());
    server.deploy("e", &four_columns("linear", linear)).await;
    assert!((server.infer("e", [1.0; 4]).await - linear([1.0; 4])).abs() < 1e-5);
    let as_holder = |token: Option<&str>| {
        Control::pinned(&server.base, token.map(|token| token.parse().unwrap()), pin(&server.bound))
    };
    let ask = async |token: Option<&str>, name: &str| {
        let answer = as_holder(token).infer(&endpoint(name), &request(&[[1.0; 4]])).await;
        answer.map_or_else(|error| error.code().to_owned(), |_| "ok".into())
    };
    assert_eq!(ask(None, "e").await, "token-needed");
    let scope = Scope::Endpoint(endpoint("e"));
    let wanted = TokenRequest { name: "shop".into(), role: Role::Caller, scope, days: Some(1) };
    let made = server.control.create_token(&wanted).await.unwrap();
    assert_eq!(ask(Some(&made.token), "e").await, "ok");
    assert_eq!(ask(Some(&made.token), "other").await, "forbidden");
    assert_eq!(as_holder(Some(&made.token)).endpoints().await.unwrap_err().code(), "forbidden");

    // Made beside the server, it holds within a moment; taken back, no longer at all.
    let mut command = Command::new(PROGRAM);
    command.args([
        "token",
        "--role",
        "caller",
        "--endpoint",
        "e",
        "--days",
        "1",
        "--name",
        "beside",
        "--data",
    ]);
    let printed = command.arg(&server.data).output().unwrap();
    let beside: TokenCreated = serde_json::from_slice(&printed.stdout).unwrap();
    eventually(async || ask(Some(&beside.token), "e").await == "ok").await;
    for token in [&made, &beside] {
        server.control.revoke_token(&token.info.id).await.unwrap();
        assert_eq!(ask(Some(&token.token), "e").await, "wrong-token");
    }
    let audit = server.control.audit(0).await.unwrap();
    let text = serde_json::to_string(&audit).unwrap();
    assert!(text.contains("make-token") && text.contains("revoke-token"));
    assert!(!text.contains(&made.token) && !text.contains(&beside.token), "no token is written down");
}

#[tokio::test(flavor = "multi_thread")]
async fn r21_what_was_begun_is_answered_when_the_server_is_told_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let body = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!("Host: {}\r\nContent-Length: {}\r\n", server.address(), body.len());
    let head = format!("POST /v2/models/e/infer HTTP/1.1\r\n{head}Expect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // The server says so when it waits for the body: the request has begun.
    let mut goes_on = [0; 25];
    stream.read_exact(&mut goes_on).unwrap();
    assert_eq!(&goes_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let client = server.control.clone();
    assert!(Command::new("kill").arg(server.pid().to_string()).status().unwrap().success());
    eventually(async || client.ready().await.is_err()).await;
    stream.write_all(&body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("connection: close"), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
    let server = Server::start(folder.path()).await;
    assert_eq!(server.control.windows(0, 10).await.unwrap().windows.len(), 1, "and counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn r22_what_a_client_says_stays_on_its_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runner.toml");
    std::fs::write(&file, "[log]\nformat = \"json\"\nlevel = \"debug,hyper=off\"\n").unwrap();
    let mut command = command(folder.path());
    command.arg("--config").arg(&file);
    let mut server = Server::launch(command, folder.path(), Stdio::piped());
    let log = server.take_log();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head =
        "GET /v2/models/a%0A%1B%5B31m?x=secret HTTP/1.1\r\nConnection: close\r\nX-Request-Id: a\"}\r\n";
    stream.write_all(format!("{head}Host: {}\r\n\r\n", server.address()).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    server.control.stop().await.unwrap();
    let lines: Vec<String> = BufReader::new(log).lines().map(Result::unwrap).collect();
    assert!(lines.iter().any(|line| line.contains("/v2/models/a%0A")), "{lines:?}");
    for line in &lines {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        assert!(!line.contains(['\u{1b}', '\r']) && !line.contains("secret"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_9_a_pod_answers_when_it_is_warm_and_only_what_a_pod_should() {
    let (models, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::copy(model("linear"), models.path().join("linear.onnx")).unwrap();
    for folder in [models.path().to_owned(), models.path().join("linear.onnx")] {
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode & 0o555)).unwrap();
    }
    let mut child = command(data.path())
        .args(["--pod", "--name", "churn", "--listen", "0.0.0.0:0", "--models"])
        .arg(models.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let bound: Bound = serde_json::from_str(&line).unwrap();
    assert_eq!((&bound.code, bound.key), (&None, None));
    let base = format!("http://{}", bound.listen.replace("0.0.0.0", "127.0.0.1"));
    let client = reqwest::Client::new();
    let get = async |path: &str| {
        client.get(format!("{base}{path}")).header("host", "churn.default").send().await.unwrap()
    };
    // Bound is ready: the first question finds it warm.
    assert_eq!(get("/v2/health/ready").await.status(), 200);
    let body = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let answer = client.post(format!("{base}/v2/models/churn/infer")).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(get("/metrics").await.status(), 200);
    for control in ["/flightdeck/v1/endpoints", "/flightdeck/v1/tokens", "/flightdeck/v1/pair"] {
        assert_eq!(get(control).await.status(), 404, "{control}");
    }
    // Told to end twice, it does not wait.
    let pid = child.id().to_string();
    Command::new("kill").arg(&pid).status().unwrap();
    eventually(async || get("/v2/health/ready").await.status() == 503).await;
    Command::new("kill").arg(&pid).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_when_it_is_warm_that_it_lives_and_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut command = command(folder.path());
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000");
    let server = Server::launch(command, folder.path(), Stdio::null());
    let hear = || {
        let mut word = [0; 64];
        let length = socket.recv(&mut word).unwrap();
        String::from_utf8_lossy(&word[..length]).trim().to_owned()
    };
    let until = |wanted: &str| {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|word| word != wanted) {
            heard.push(hear());
        }
        heard
    };
    assert!(until("READY=1").len() <= 2);
    until("WATCHDOG=1");
    until("WATCHDOG=1");
    server.control.stop().await.unwrap();
    until("STOPPING=1");
    assert_eq!(server.wait().code(), Some(0));
}
