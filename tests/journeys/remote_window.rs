//! A runner elsewhere in the real window: paired, chosen, refused when its key is another, and paired again.

use flightdeck_journeys::{Desk, Display, Remote, Window, sample};
use thirtyfour::By;
use thirtyfour::prelude::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runner_elsewhere_is_met_chosen_and_met_again() {
    let desk = Desk::with_keychain();
    let mut remote = Remote::start();
    let (model, training) = (sample("flights/flights-late.onnx"), sample("flights/training.csv"));
    desk.json(["import".as_ref(), model.as_os_str(), "--baseline".as_ref(), training.as_os_str()]);
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("flights-late").await;

    go(&window, "Runners").await;
    window.see("A runner elsewhere").await;
    window.shots("runners-empty").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());

    window.press("Add a runner…").await;
    type_into(&window, "Address", &remote.url).await;
    type_into(&window, "Pairing code", "00000-00000-00000-00000").await;
    type_into(&window, "Name", "edge").await;
    window.press("Pair").await;
    window.click(By::Css(".sheet [role=alert]"), "the refusal").await;
    window.shots("runners-refused").await;
    type_into(&window, "Pairing code", remote.code.as_deref().unwrap()).await;
    window.shots("runners-pair").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());
    window.press("Pair").await;
    window.see("edge is paired").await;
    window.shots("runners-paired").await;
    window.press("Show the runner").await;
    window.see("Nothing answers here yet").await;
    window.shots("runners-list").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());

    go(&window, "Models").await;
    window.press("Open").await;
    window.press("Deploy…").await;
    window.click(By::XPath("//label[contains(., 'edge')]"), "the runner").await;
    window.press("Advanced").await;
    window.click(By::XPath("//label[contains(., 'Run each request alone')]"), "alone").await;
    window.shots("deploy-runner").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());
    window.press("Deploy").await;
    window.see("answers with version 1").await;
    window.see("flightdeck runner token edge").await;
    window.press("gRPC").await;
    window.shots("deployed-elsewhere").await;
    window.press("Open live").await;
    window.see("on edge").await;
    let live = desk.json(["live", "edge/flights-late"]);
    assert_eq!(live["serving"]["never_batch"], true);

    // Another key under the same address.
    remote.restart(true);
    go(&window, "Runners").await;
    window.see("another certificate").await;
    window.see("Key it shows").await;
    window.shots("runners-other-key").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());
    window.press("Pair again…").await;
    window.see("Pair again only if you know why").await;
    type_into(&window, "Pairing code", remote.code.as_deref().unwrap()).await;
    window.shots("runners-pair-again").await;
    window.press("Pair").await;
    window.see("edge is paired").await;
    window.press("Show the runner").await;
    window.see_gone("another certificate").await;

    // Parting asks first.
    window.press("Remove…").await;
    window.see("Remove edge?").await;
    window.shots("runners-remove").await;
    window.press("Remove").await;
    window.see("edge is no longer known here").await;
    window.close().await;
    assert!(desk.keychain().secrets().is_empty());
}

async fn type_into(window: &Window, label: &str, text: &str) {
    let path = format!("//label[normalize-space(.)='{label}']/following-sibling::*//input");
    let field = window.page.find(By::XPath(&path)).await.unwrap();
    field.click().await.unwrap();
    field.send_keys(Key::Control + "a").await.unwrap();
    field.send_keys(text).await.unwrap();
}

/// Goes to a place of the rail.
async fn go(window: &Window, place: &str) {
    let path = format!("//nav//button[starts-with(normalize-space(.), '{place}')]");
    window.click(By::XPath(&path), place).await;
}
