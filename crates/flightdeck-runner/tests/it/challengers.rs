//! Versions beside a champion: shadows that change nothing, canaries that answer a share.

use crate::counts::pulled;
use crate::support::{
    Built, Server, build, desired, endpoint, eventually, four_columns, linear, model, other, request,
};
use flightdeck_core::{Challenge, Challenger, TrafficPolicy, VersionRole};
use flightdeck_protocol::{EndpointDesired, EndpointState, LiveVersion, Phase, STICKY_KEY};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn with(champion: &Built, challengers: &[(&Built, Challenge)]) -> EndpointDesired {
    let challenger =
        |(built, challenge): &(&Built, Challenge)| Challenger { version: built.root, challenge: *challenge };
    let challengers = challengers.iter().map(challenger).collect();
    EndpointDesired {
        policy: TrafficPolicy { champion: champion.root, challengers },
        ..desired(champion.root)
    }
}

pub(crate) fn beside(champion: &Built, shadow: &Built) -> EndpointDesired {
    with(champion, &[(shadow, Challenge::Shadow)])
}

pub(crate) async fn put(server: &Server, wanted: &EndpointDesired) -> EndpointState {
    server.control.put_endpoint(&endpoint("e"), wanted).await.unwrap()
}

pub(crate) async fn start(folder: &tempfile::TempDir, packages: &[&Built]) -> Server {
    let server = Server::start(folder.path()).await;
    for package in packages {
        server.upload(package).await;
    }
    server
}

pub(crate) fn pair() -> [Built; 2] {
    [four_columns("linear", linear), four_columns("other", other)]
}

pub(crate) async fn seen(server: &Server, package: &Built, role: VersionRole) -> LiveVersion {
    let versions = server.control.live(&endpoint("e")).await.unwrap().versions;
    versions.into_iter().find(|seen| seen.version == package.root && seen.role == role).unwrap()
}

/// Whether a shadow is through with everything that was answered.
async fn is_through(server: &Server, package: &Built) -> bool {
    let live = server.control.live(&endpoint("e")).await.unwrap();
    let shadow = seen(server, package, VersionRole::Shadow).await;
    shadow.rows + shadow.dropped + shadow.failed == live.rows
}

/// The bodies of answers, to the byte, to requests of several forms.
async fn answers(server: &Server) -> Vec<Vec<u8>> {
    let client = reqwest::Client::new();
    let rows = [[0.25, 2.0, 3.0, 4.0], [5.0, -6.0, f32::MAX, 8.5]];
    let infer = serde_json::to_vec(&request(&rows)).unwrap();
    let named = br#"{"rows": [{"f0": 1, "f1": 2, "f2": null, "f3": 4}]}"#.to_vec();
    let requests = [
        ("/v2/models/e/infer", infer),
        ("/v2/models/e/infer", b"{}".to_vec()),
        ("/flightdeck/v1/endpoints/e/predict", named),
        ("/flightdeck/v1/endpoints/e/predict", b"f0,f1,f2,f3\n9,8,7,6\n".to_vec()),
    ];
    let mut answers = Vec::new();
    for (path, body) in requests {
        let answer = client.post(format!("{}{path}", server.base)).body(body).send().await.unwrap();
        let status = answer.status().as_u16().to_string().into_bytes();
        answers.push([status, answer.bytes().await.unwrap().to_vec()].concat());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_the_same_to_the_byte_beside_shadows() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, shadow] = pair();
    let (slow, picky) = (build(&model("slow"), None, b""), build(&model("picky"), None, b""));
    let server = start(&folder, &[&champion, &shadow, &slow, &picky]).await;
    put(&server, &desired(champion.root)).await;
    let alone = answers(&server).await;
    let shadows = [&shadow, &slow, &picky].map(|package| (package, Challenge::Shadow));
    let state = put(&server, &with(&champion, &shadows)).await;
    let roles: Vec<_> = state.versions.iter().map(|version| version.role).collect();
    assert_eq!(roles, [VersionRole::Champion, VersionRole::Shadow, VersionRole::Shadow, VersionRole::Shadow]);
    assert_eq!(answers(&server).await, alone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_or_failing_shadow_changes_nothing_and_every_row_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, _] = pair();
    let (slow, picky) = (build(&model("slow"), None, b""), build(&model("picky"), None, b""));
    let server = Arc::new(start(&folder, &[&champion, &slow, &picky]).await);
    put(&server, &with(&champion, &[(&slow, Challenge::Shadow), (&picky, Challenge::Shadow)])).await;
    let clients: Vec<_> = (0..8_u8)
        .map(|client| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                for n in 0..40_u8 {
                    // Beyond 1 the picky one fails.
                    let row = [f32::from(client) / 4.0, f32::from(n), 1.0, 2.0];
                    assert_eq!(server.infer("e", row).await, linear(row));
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let live = server.control.live(&endpoint("e")).await.unwrap();
    assert_eq!((live.requests, live.rows, live.errors), (320, 320, 0));
    assert_eq!(seen(&server, &champion, VersionRole::Champion).await.share, 100.0);
    eventually(async || is_through(&server, &picky).await).await;
    let picky = seen(&server, &picky, VersionRole::Shadow).await;
    // Four of eight clients send a first column below 1. A run of several requests that fails is run again one by one.
    assert_eq!((picky.rows, picky.failed, picky.dropped, picky.share), (160, 160, 0, 0.0));
    // Shadows that leave drop what waits.
    put(&server, &desired(champion.root)).await;
    eventually(async || is_through(&server, &slow).await).await;
    assert!(seen(&server, &slow, VersionRole::Shadow).await.dropped > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_counts_the_same_rows_into_windows_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, shadow] = pair();
    let server = start(&folder, &[&champion, &shadow]).await;
    put(&server, &beside(&champion, &shadow)).await;
    for n in 0..50_u8 {
        server.infer("e", [f32::from(n), 1.0, f32::NAN, 2.0]).await;
    }
    eventually(async || is_through(&server, &shadow).await).await;
    server.control.stop().await.unwrap();
    assert_eq!(server.wait().code(), Some(0));

    let server = Server::start(folder.path()).await;
    assert_eq!(server.control.windows(0, 10).await.unwrap().gaps, []);
    let mut found = BTreeMap::new();
    for (key, counts) in pulled(&server, 0).await {
        let (rows, zeros, missing) = found.entry((key.version, key.role)).or_insert((0, 0, 0));
        *rows += counts.rows;
        *zeros += counts.columns[0].values();
        *missing += counts.columns[2].missing();
        assert_eq!((counts.errors, key.edge_set), (0, counts.edge_set));
    }
    let expected = [(champion.root, VersionRole::Champion), (shadow.root, VersionRole::Shadow)];
    assert_eq!(found, expected.map(|key| (key, (50, 50, 50))).into());
    // What it was before the end it is again.
    let state = server.control.endpoint(&endpoint("e")).await.unwrap();
    let roles: Vec<_> = state.versions.iter().map(|version| (version.version, version.role)).collect();
    assert_eq!((roles, state.error), (expected.to_vec(), None));
    server.infer("e", [1.0; 4]).await;
    eventually(async || seen(&server, &shadow, VersionRole::Shadow).await.rows == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_and_the_champion_are_compared_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, shadow] = pair();
    let server = start(&folder, &[&champion, &shadow]).await;
    put(&server, &beside(&champion, &shadow)).await;
    // Both give 1 for the first row.
    let rows = [[0.5, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0]];
    server.control.infer(&endpoint("e"), &request(&rows)).await.unwrap();
    eventually(async || is_through(&server, &shadow).await).await;
    let agreement = seen(&server, &shadow, VersionRole::Shadow).await.agreement.unwrap();
    let expected = rows.map(|row| f64::from((linear(row) - other(row)).abs())).iter().sum::<f64>() / 3.0;
    assert_eq!((agreement.champion, agreement.rows, agreement.equal), (champion.root, 3, 1));
    assert!((agreement.mean_abs.unwrap() - expected).abs() < 1e-9, "{agreement:?}");
    assert_eq!(seen(&server, &champion, VersionRole::Champion).await.agreement, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_with_other_tensors_finds_its_columns_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, _] = pair();
    let split = build(&model("split"), None, b"");
    let server = start(&folder, &[&champion, &split]).await;
    put(&server, &beside(&champion, &split)).await;
    let rows = [[1.0, 2.0, 3.0, 4.0], [-0.5, 0.0, 0.25, 9.0]];
    server.control.infer(&endpoint("e"), &request(&rows)).await.unwrap();
    eventually(async || is_through(&server, &split).await).await;
    let agreement = seen(&server, &split, VersionRole::Shadow).await.agreement.unwrap();
    let difference = |row: [f32; 4]| f64::from((linear(row) - (4.0 * row[0] + 2.0 * row[2] - 1.0)).abs());
    let expected = rows.map(difference).iter().sum::<f64>() / 2.0;
    assert_eq!((agreement.rows, agreement.mean_abs), (2, Some(expected)));
    server.control.flush().await.unwrap();
    let windows = pulled(&server, 0).await;
    let (_, counts) = windows.iter().find(|(key, _)| key.role == VersionRole::Shadow).unwrap();
    let of = |place: usize| (counts.columns[place].min, counts.columns[place].max);
    assert_eq!((of(0), of(1)), ((Some(0.25), Some(3.0)), (Some(-0.5), Some(1.0))), "f2 before f0");

    // What watches with other tensors cannot answer requests that were written for the champion's.
    let canary = with(&champion, &[(&split, Challenge::Canary(5))]);
    let refused = server.control.put_endpoint(&endpoint("e"), &canary).await.unwrap_err();
    assert_eq!(refused.code(), "challenger-inputs");
    // As the champion it takes requests of its own.
    assert_eq!(put(&server, &desired(split.root)).await.preflight, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn canaries_answer_their_share_and_a_key_stays_with_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, canary] = pair();
    let server = start(&folder, &[&champion, &canary]).await;
    let state = put(&server, &with(&champion, &[(&canary, Challenge::Canary(25))])).await;
    assert_eq!(state.versions[1].role, VersionRole::Canary);
    for _ in 0..100 {
        server.infer("e", [1.0; 4]).await;
    }
    let shares = async |package, role| {
        let seen = seen(&server, package, role).await;
        (seen.rows, seen.share)
    };
    assert_eq!(shares(&canary, VersionRole::Canary).await, (25, 25.0));
    assert_eq!(shares(&champion, VersionRole::Champion).await, (75, 75.0));

    let client = reqwest::Client::new();
    let body = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let ask = async |path: &str, key: &str| {
        let post = client.post(format!("{}/v2/models/e{path}/infer", server.base)).header(STICKY_KEY, key);
        let answer: serde_json::Value =
            serde_json::from_slice(&post.body(body.clone()).send().await.unwrap().bytes().await.unwrap())
                .unwrap();
        answer["model_version"].as_str().map(str::to_owned)
    };
    let mut first = Vec::new();
    for user in 0..40 {
        first.push(ask("", &format!("user-{user}")).await.unwrap());
    }
    assert!(first.contains(&canary.root.hex()) && first.contains(&champion.root.hex()));
    put(&server, &with(&champion, &[(&canary, Challenge::Canary(50))])).await;
    for (user, before) in first.iter().enumerate() {
        let now = ask("", &format!("user-{user}")).await.unwrap();
        assert!(now == *before || now == canary.root.hex(), "a larger share keeps who it had");
    }
    // Who answers can be asked for by version, who watches cannot.
    let path = format!("/versions/{}", canary.root.hex());
    assert_eq!(ask(&path, "user-1").await, Some(canary.root.hex()));
    put(&server, &beside(&champion, &canary)).await;
    assert_eq!(ask(&path, "user-1").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_stand_beside_a_champion_is_refused_with_why() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, wrong] = [four_columns("linear", linear), four_columns("linear", other)];
    let classes = build(&model("classes"), None, b"");
    let server = start(&folder, &[&champion, &wrong, &classes]).await;
    put(&server, &desired(champion.root)).await;
    let refused = async |wanted: EndpointDesired| {
        server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap_err().code().to_owned()
    };
    assert_eq!(refused(beside(&champion, &classes)).await, "challenger-inputs");
    assert_eq!(refused(beside(&champion, &wrong)).await, "preflight-differs");
    assert_eq!(refused(beside(&champion, &champion)).await, "bad-policy");
    let [_, missing] = pair();
    assert_eq!(refused(beside(&champion, &missing)).await, "package-missing");
    let state = server.control.endpoint(&endpoint("e")).await.unwrap();
    assert_eq!((state.versions.len(), state.desired), (1, desired(champion.root)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenger_that_cannot_be_loaded_again_is_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, shadow] = pair();
    let server = start(&folder, &[&champion, &shadow]).await;
    put(&server, &beside(&champion, &shadow)).await;
    let data = server.kill();
    let damaged = data.join("artifacts/packages").join(shadow.root.hex()).join("model.onnx");
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let server = Server::start(&data).await;
    let state = server.control.endpoint(&endpoint("e")).await.unwrap();
    assert_eq!((state.phase, state.versions.len()), (Phase::Ready, 1));
    assert!(state.error.unwrap().error.contains("model.onnx"));
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
}
