//! More than can be done is refused at once, and what was accepted is done.

use crate::support::{Server, build, endpoint, model, request};
use flightdeck_protocol::oip::{InferRequest, InferResponse};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn r19_overload_is_refused_with_a_time_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    server.deploy("s", &build(&model("slow"), None, b"")).await;
    let body = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let client = reqwest::Client::new();
    let requests: Vec<_> = (0..120)
        .map(|_| {
            let post = client.post(format!("{}/v2/models/s/infer", server.base)).body(body.clone());
            tokio::spawn(async move {
                let answer = post.send().await.unwrap();
                let again =
                    answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
                (answer.status().as_u16(), again)
            })
        })
        .collect();
    let (mut done, mut refused) = (0, 0);
    for request in requests {
        match request.await.unwrap() {
            (200, None) => done += 1,
            (503, Some(seconds)) if seconds == "1" => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(done >= 8 && refused > 0, "{done} done, {refused} refused");
    let live = server.control.live(&endpoint("s")).await.unwrap();
    assert_eq!((live.rows, live.errors, live.requests), (done, refused, done + refused));
    // And afterwards it serves as before.
    assert!(server.control.infer(&endpoint("s"), &request_of(40)).await.is_ok());
}

fn request_of(rows: usize) -> InferRequest {
    request(&vec![[1.0; 4]; rows])
}

/// The answer of `e`. A server that is slow today has no room for all at once, and says when to come back.
async fn admitted(server: &Server, asked: &InferRequest) -> InferResponse {
    loop {
        match server.control.infer(&endpoint("e"), asked).await {
            Err(error) if error.code() == "overload" => tokio::task::yield_now().await,
            answer => return answer.unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_any_size_share_runs_and_get_their_own_rows() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    server.deploy("e", &crate::support::four_columns("linear", crate::support::linear)).await;
    let requests: Vec<_> = (1..=48_u16)
        .map(|n| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let rows: Vec<[f32; 4]> =
                    (0..n * 5).map(|row| [f32::from(n), f32::from(row), 1.0, 0.0]).collect();
                let answer = admitted(&server, &request(&rows)).await;
                let expected = rows.iter().map(|row| crate::support::linear(*row)).collect();
                assert_eq!(answer.outputs[0].data, flightdeck_core::TensorData::Fp32(expected), "{n}");
            })
        })
        .collect();
    for request in requests {
        request.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r19_a_request_past_its_deadline_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    server.deploy("s", &build(&model("slow"), None, b"")).await;
    let mut body = serde_json::to_value(request(&[[1.0; 4]])).unwrap();
    let mut post = async |timeout_us: u64| {
        body["parameters"] = serde_json::json!({"timeout": timeout_us});
        let post = reqwest::Client::new().post(format!("{}/v2/models/s/infer", server.base)).json(&body);
        let answer = post.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap())
    };
    let (status, answer) = post(1).await;
    assert_eq!((status, &answer["code"]), (504, &"deadline".into()), "{answer}");
    assert_eq!(post(10_000_000).await.0, 200);
    assert_eq!(post(0).await.0, 200, "no time is no deadline");
    let live = server.control.live(&endpoint("s")).await.unwrap();
    assert_eq!((live.rows, live.errors, live.requests), (2, 1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn r19_clients_that_leave_stop_their_work_and_free_their_room() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    server.deploy("s", &build(&model("slow"), None, b"")).await;
    let url = format!("{}/v2/models/s/infer", server.base);
    // Minutes of work each: the first is run, the second fills the queue.
    let long: Vec<_> = (0..2)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(
                async move { server.control.infer(&endpoint("s"), &request_of(20_000)).await.is_ok() },
            )
        })
        .collect();
    let body = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let ask = async || reqwest::Client::new().post(&url).body(body.clone()).send().await.unwrap();
    crate::support::eventually(async || {
        let late = serde_json::json!({"timeout": 50_000});
        let mut short = serde_json::to_value(request(&[[1.0; 4]])).unwrap();
        short["parameters"] = late;
        reqwest::Client::new().post(&url).json(&short).send().await.unwrap().status() == 503
    })
    .await;
    long.iter().for_each(tokio::task::JoinHandle::abort);
    crate::support::eventually(async || ask().await.status() == 200).await;
    let live = server.control.live(&endpoint("s")).await.unwrap();
    assert!(live.rows < 1000, "{live:?}");
}

/// Requests at once to a slow model with these settings: how many were answered, and in how many runs.
async fn runs(serving: flightdeck_protocol::Serving) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    let package = build(&model("slow"), None, b"");
    server.upload(&package).await;
    let wanted = flightdeck_protocol::EndpointDesired { serving, ..crate::support::desired(package.root) };
    server.control.put_endpoint(&endpoint("s"), &wanted).await.unwrap();
    let requests: Vec<_> = (0..16)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(
                async move { server.control.infer(&endpoint("s"), &request(&[[1.0; 4]])).await.is_ok() },
            )
        })
        .collect();
    let mut answered = 0;
    for request in requests {
        answered += u64::from(request.await.unwrap());
    }
    let stats = reqwest::get(format!("{}/v2/models/s/stats", server.base)).await.unwrap();
    let stats: serde_json::Value = stats.json().await.unwrap();
    let stats = &stats["model_stats"][0];
    assert_eq!(stats["inference_count"], answered);
    assert_eq!(stats["inference_stats"]["success"]["count"], answered);
    (answered, stats["execution_count"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_share_runs_unless_the_endpoint_says_never() {
    use flightdeck_protocol::Serving;
    let (answered, shared) = runs(Serving { max_rows: Some(8), ..Serving::default() }).await;
    assert!(shared < answered, "{answered} requests in {shared} runs");
    let (answered, alone) = runs(Serving { batch: false, max_rows: Some(8), ..Serving::default() }).await;
    assert_eq!(answered, alone);
}
