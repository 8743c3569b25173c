//! From the start of the program to its first answer.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::ground::{SERVER, Side};
use super::peers::row;
use super::{Field, Scale};
use crate::bench::figures::{Figure, Limit};
use crate::bench::http::Server;
use crate::bench::models::Kind;

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn measure(field: &Field<'_>, scale: &Scale) -> Result<Vec<Figure>> {
    let one = field.ground.copy(&field.data, "one")?;
    keep(field, &one, &["linear"])?;
    let ten = field.ground.copy(&one, "ten")?;
    let names: Vec<String> = (0..9).map(|number| format!("more-{number}")).collect();
    {
        let side = field.ground.serve(SERVER, &ten, &[])?;
        add(&side.http, &names, &field.versions[1])?;
    }
    let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
    all.push("linear");
    let (mut first, mut restart) = (Vec::new(), Vec::new());
    for _ in 0..scale.starts {
        first.push(start(field, &one, &["linear"])?);
        restart.push(start(field, &ten, &all)?);
    }
    Ok(vec![
        Figure::of("runner", "start to first answer, 1 small model", "ms", &first)
            .at_most(100.0)
            .aim(Limit::AtMost(60.0)),
        Figure::of("runner", "restart until 10 small models answer", "ms", &restart)
            .at_most(400.0)
            .aim(Limit::AtMost(250.0)),
    ])
}

/// Milliseconds until each of the endpoints has answered.
fn start(field: &Field<'_>, data: &Path, endpoints: &[&str]) -> Result<f64> {
    let begin = Instant::now();
    let side = field.ground.begin(SERVER, data, &[])?;
    for endpoint in endpoints {
        let path = format!("/v2/models/{endpoint}/infer");
        side.http.until("POST", &path, &row(Kind::Linear), PATIENCE)?;
    }
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

/// Takes all other endpoints away from a data folder.
fn keep(field: &Field<'_>, data: &Path, kept: &[&str]) -> Result<Side> {
    let side = field.ground.serve(SERVER, data, &[])?;
    let list = side.http.tell("GET", "/flightdeck/v1/endpoints", "")?;
    for endpoint in list["endpoints"].as_array().context("no list of endpoints")? {
        let name = endpoint["name"].as_str().context("an endpoint without a name")?;
        if !kept.contains(&name) {
            side.http.tell("DELETE", &format!("/flightdeck/v1/endpoints/{name}"), "")?;
        }
    }
    Ok(side)
}

/// Deploys one version under several names.
pub(super) fn add(http: &Server, names: &[String], version: &str) -> Result<()> {
    for name in names {
        put(http, name, &serde_json::json!({"champion": version}))?;
    }
    Ok(())
}

/// Gives an endpoint a policy.
pub(super) fn put(http: &Server, name: &str, policy: &Value) -> Result<()> {
    let body = serde_json::json!({"policy": policy}).to_string();
    http.tell("PUT", &format!("/flightdeck/v1/endpoints/{name}"), &body).map(drop)
}
