//! One step from one champion to another, while requests come in.

use crate::challengers::{beside, pair, put, seen, start};
use crate::support::{desired, endpoint, eventually, linear, other, request};
use flightdeck_core::{TensorData, VersionRole};
use flightdeck_protocol::EndpointState;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_a_shadow_is_promoted_and_sent_back() {
    let folder = tempfile::tempdir().unwrap();
    let packages = pair();
    let [one, two] = &packages;
    let server = Arc::new(start(&folder, &[one, two]).await);
    let before = put(&server, &beside(one, two)).await;
    let loaded = |state: &EndpointState| -> BTreeMap<_, _> {
        state.versions.iter().map(|served| (served.version, served.loaded_at)).collect()
    };
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4_u8)
        .map(|client| {
            let (server, done) = (Arc::clone(&server), Arc::clone(&done));
            let first = one.root.hex();
            tokio::spawn(async move {
                let row = [f32::from(client), 1.0, 2.0, 3.0];
                let mut count = 0_u64;
                while !done.load(Ordering::Relaxed) {
                    let answer = server.control.infer(&endpoint("e"), &request(&[row])).await.unwrap();
                    let expected = if answer.model_version == first { linear(row) } else { other(row) };
                    assert_eq!(answer.outputs[0].data, TensorData::Fp32(vec![expected]));
                    count += 1;
                }
                count
            })
        })
        .collect();
    for swap in 0..50 {
        let wanted = if swap % 2 == 0 { beside(two, one) } else { beside(one, two) };
        let state = put(&server, &wanted).await;
        assert_eq!((state.preflight.is_none(), state.versions[0].version), (true, wanted.policy.champion));
        assert_eq!(loaded(&state), loaded(&before), "nothing is loaded again");
    }
    done.store(true, Ordering::Relaxed);
    let mut sent = 0;
    for client in clients {
        sent += client.await.unwrap();
    }
    // Each request was answered by one of the two and shown to the other, or that is recorded.
    let through = async || {
        let mut sums = [0; 2];
        for package in &packages {
            let shadow = seen(&server, package, VersionRole::Shadow).await;
            sums[0] += seen(&server, package, VersionRole::Champion).await.rows;
            sums[1] += shadow.rows + shadow.dropped;
        }
        sums == [sent; 2]
    };
    eventually(through).await;
    let live = server.control.live(&endpoint("e")).await.unwrap();
    assert_eq!((live.requests, live.rows, live.errors), (sent, sent, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_champion_before_is_kept_warm() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = pair();
    let server = start(&folder, &[&one, &two]).await;
    let first = put(&server, &desired(one.root)).await;
    assert!(put(&server, &desired(two.root)).await.preflight.is_some());
    let back = put(&server, &desired(one.root)).await;
    assert_eq!((back.preflight, back.previous), (None, Some(two.root)));
    assert_eq!(back.versions[0].loaded_at, first.versions[0].loaded_at);
    assert_eq!((server.infer("e", [1.0; 4]).await, back.versions.len()), (linear([1.0; 4]), 1));
}
