//! `ModelInfer` with raw contents, on HTTP/2 as it comes: a generator that costs more than the server measures itself.

use crate::answers::Answer;
use crate::options::Options;
use crate::stream::connect;
use crate::{Ask, Load, Measured};
use bytes::{BufMut, Bytes, BytesMut};
use flightdeck_core::Tensor;
use h2::client::SendRequest;
use prost::Message;
use std::error::Error;
use std::io;
use std::time::Instant;

const METHOD: &str = "/inference.GRPCInferenceService/ModelInfer";
/// Before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;
const WINDOW_BYTES: u32 = 1 << 20;

/// The message in its frame.
pub(crate) fn request(options: &Options, tensor: &Tensor) -> Result<Bytes, Box<dyn Error>> {
    let message = flightdeck_grpc::request(options.model(), "", std::slice::from_ref(tensor));
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + message.encoded_len());
    frame.put_u8(0);
    frame.put_u32(message.encoded_len() as u32);
    message.encode(&mut frame)?;
    Ok(frame.freeze())
}

/// One connection until the end.
pub(crate) async fn converse(load: &Load) -> io::Result<Measured> {
    let stream = connect(&load.options, b"h2").await?;
    let mut settings = h2::client::Builder::new();
    settings.initial_window_size(WINDOW_BYTES).initial_connection_window_size(WINDOW_BYTES);
    let (mut sender, connection) = settings.handshake::<_, Bytes>(stream).await.map_err(io::Error::other)?;
    let driver = tokio::task::spawn_local(connection);
    let mut measured = Measured::default();
    while let Some(ask) = load.next() {
        let start = Instant::now();
        sender = sender.ready().await.map_err(io::Error::other)?;
        let message = call(&mut sender, load, ask).await.map_err(io::Error::other)?;
        let answer = message.as_deref().map(Answer::Grpc);
        measured.note(ask, start, answer.as_ref());
    }
    driver.abort();
    Ok(measured)
}

/// The answer's message; `None` when the status is not OK.
async fn call(
    sender: &mut SendRequest<Bytes>,
    load: &Load,
    ask: &Ask,
) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    let options = &load.options;
    let scheme = if options.is_tls { "https" } else { "http" };
    let mut head = http::Request::post(format!("{scheme}://{}{METHOD}", options.host))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(token) = &options.token {
        head = head.header("authorization", format!("Bearer {token}"));
    }
    let (answer, mut body) = sender.send_request(head.body(())?, false)?;
    body.send_data(ask.bytes.clone(), true)?;
    let mut body = answer.await?.into_body();
    let mut message = Vec::new();
    while let Some(part) = body.data().await {
        let part = part?;
        body.flow_control().release_capacity(part.len())?;
        message.extend_from_slice(&part);
    }
    let status = body.trailers().await?;
    let is_ok = status.is_some_and(|trailers| trailers.get("grpc-status").is_some_and(|code| code == "0"));
    Ok((is_ok && message.len() >= PREFIX_BYTES).then(|| message.split_off(PREFIX_BYTES)))
}
