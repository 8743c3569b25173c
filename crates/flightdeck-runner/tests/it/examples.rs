//! The examples of the page that a server shows, run as somebody would who copies them.

use crate::support::{Server, four_columns, linear};
use std::process::Command;

struct Example {
    command: String,
    answer: String,
}

/// Every command of the page that is followed by an answer.
fn examples(page: &str) -> Vec<Example> {
    let text = |from: &str| {
        let inner = from.split("</pre>").next().unwrap();
        inner.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    };
    let blocks = page.split("<pre class=\"run\">").skip(1);
    let example = |block: &str| {
        let answer = block.split("<pre class=\"answer\">").nth(1).expect("a command without an answer");
        Example { command: text(block), answer: text(answer) }
    };
    blocks.map(example).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_page_answer_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.deploy("mine", &package).await;
    let answer = reqwest::get(format!("{}/v2/docs", server.base)).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let examples = examples(&answer.text().await.unwrap());
    assert!(examples.len() >= 9);
    for Example { command, answer } in examples {
        let ran = Command::new("sh")
            .args(["-c", &command])
            .env("RUNNER", &server.base)
            .env("MODEL", "mine")
            .output()
            .unwrap();
        let said = String::from_utf8(ran.stdout).unwrap().replace(&package.root.hex(), "…");
        let said = said.replace("sha256:…", "…");
        assert_eq!(said.trim_end(), answer, "{command}");
    }
    let document = reqwest::get(format!("{}/v2/openapi.json", server.base)).await.unwrap();
    let document: serde_json::Value = document.json().await.unwrap();
    // The example of the document is answered, too.
    let example = &document["paths"]["/v2/models/{name}/infer"]["post"]["requestBody"]["content"];
    let body = example["application/json"]["example"].to_string();
    let request = reqwest::Client::new().post(format!("{}/v2/models/mine/infer", server.base)).body(body);
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!((&answer["id"], &answer["outputs"][0]["data"][0]), (&"42".into(), &30.5.into()));
}
