//! `POST …/infer` of the Open Inference Protocol.

use super::answer::Head;
use super::{Ask, binary, choose, refuse_early, request, run, unhurried};
use crate::app::App;
use crate::http::{Answer, Call};
use std::sync::Arc;
use std::time::Instant;

pub(crate) async fn infer(app: Arc<App>, mut call: Call) -> Answer {
    let start = Instant::now();
    let chosen = choose(&app, &Ask::of(&call))?;
    refuse_early(&app, &chosen.served)?;
    let model = &chosen.served.model;
    let body = call.bytes().await?;
    let read = |body: &_| request::read(binary::split(&call.headers, body)?, &model.signature);
    let asked = unhurried(&body, read).inspect_err(|problem| chosen.refused(problem))?;
    chosen.has_id(asked.id.as_deref());
    let outputs = run(&app, &chosen, asked.rows, start).await?;
    let head = Head {
        model_name: call.param("name"),
        model_version: &model.version_text,
        id: asked.id.as_deref(),
        outputs: asked.wanted.of(&outputs),
    };
    unhurried(&body, |_| head.answer())
}
