//! Reading a body: bounded in size, in time and in what all bodies together may take, inflated on the way.

use super::coding::{Coding, InflateError, Inflater};
use crate::problem::Problem;
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The largest body of any request, as it arrives and inflated.
pub(crate) const MAX_BODY_BYTES: usize = 64 << 20;
/// What all bodies that are being read and answered may take together.
const ALL_BYTES: usize = 512 << 20;
/// Bodies below are not counted among them: headers alone take as much.
const SMALL_BYTES: usize = 64 << 10;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_mins(1);
/// How long the rest of a body that is refused is read.
const LINGER: Duration = Duration::from_secs(2);
/// Compressed parts up to this size are inflated on a worker that also reads requests: a thousand times as much at most.
const SHORT_BYTES: usize = 1 << 10;

static HELD: AtomicUsize = AtomicUsize::new(0);

/// What the body of a request takes among all bodies, given back when it was answered.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: usize,
    all: &'static AtomicUsize,
}

impl Default for Held {
    fn default() -> Self {
        Self { bytes: 0, all: &HELD }
    }
}

impl Held {
    /// Takes as much as there is now, in steps, so that a small body costs nothing.
    fn grow(&mut self, length: usize) -> Result<(), Problem> {
        if length <= SMALL_BYTES.max(self.bytes) {
            return Ok(());
        }
        let more = length.next_power_of_two() - self.bytes;
        let before = self.all.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        if before + more > ALL_BYTES { Err(crowded()) } else { Ok(()) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.all.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

/// Reads a body, whole. Its stated length is looked at before it is read.
pub(super) async fn read(body: Body, headers: &HeaderMap) -> Result<(Bytes, Held), Problem> {
    let coding = Coding::of_request(headers)?;
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if stated.is_some_and(|length: u64| length > MAX_BODY_BYTES as u64) {
        discard(body).await;
        return Err(too_large());
    }
    let parts = body.into_data_stream();
    let mut held = Held::default();
    let read = async {
        match coding {
            None => plain(parts, &mut held).await,
            Some(coding) => inflated(parts, coding, &mut held).await,
        }
    };
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "slow-body", "the body took too long to arrive");
    let bytes = tokio::time::timeout(BODY_TIME, read).await.map_err(|_| late())??;
    Ok((bytes, held))
}

/// Most bodies arrive in one part, which is not copied.
async fn plain(mut parts: BodyDataStream, held: &mut Held) -> Result<Bytes, Problem> {
    let Some(first) = next(&mut parts).await? else { return Ok(Bytes::new()) };
    let Some(second) = next(&mut parts).await? else { return Ok(first) };
    let mut whole = BytesMut::from(first);
    let mut part = Some(second);
    while let Some(more) = part {
        let length = whole.len() + more.len();
        if length > MAX_BODY_BYTES {
            discard_rest(&mut parts).await;
            return Err(too_large());
        }
        held.grow(length)?;
        whole.extend_from_slice(&more);
        part = next(&mut parts).await?;
    }
    Ok(whole.freeze())
}

async fn inflated(mut parts: BodyDataStream, coding: Coding, held: &mut Held) -> Result<Bytes, Problem> {
    let mut inflater = Inflater::new(coding, MAX_BODY_BYTES);
    while let Some(part) = next(&mut parts).await? {
        let mut work = || {
            part.chunks(SHORT_BYTES).try_for_each(|piece| {
                inflater.push(piece).map_err(refused)?;
                held.grow(inflater.len())
            })
        };
        let pushed = if part.len() > SHORT_BYTES { tokio::task::block_in_place(work) } else { work() };
        if pushed.is_err() {
            discard_rest(&mut parts).await;
        }
        pushed?;
    }
    inflater.finish().map(Bytes::from).map_err(refused)
}

async fn next(parts: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
    let unread = |_| Problem::bad("body-unread", "the body ended before it was complete");
    parts.next().await.transpose().map_err(unread)
}

fn refused(error: InflateError) -> Problem {
    match error {
        InflateError::TooLarge => too_large(),
        InflateError::Corrupt => {
            Problem::bad("encoded-body", "the body is not what its Content-Encoding says, or is cut off")
        }
    }
}

fn crowded() -> Problem {
    let message = "the bodies that are being answered take all the room that there is for bodies";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overload", message)
        .hint("Send it again after the time in Retry-After.")
}

fn too_large() -> Problem {
    let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message).hint("Send fewer rows at once.")
}

/// Reads what nobody wants, for a moment and up to a limit: most clients look for an answer only when they have sent all of
/// their body, and would find a closed connection instead.
async fn discard(body: Body) {
    discard_rest(&mut body.into_data_stream()).await;
}

async fn discard_rest(parts: &mut BodyDataStream) {
    let read = async {
        let mut left = 2 * MAX_BODY_BYTES;
        while let Some(Ok(part)) = parts.next().await {
            left = left.saturating_sub(part.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, read).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(parts: Vec<Vec<u8>>) -> Body {
        let parts = parts.into_iter().map(|part| Ok::<_, std::io::Error>(Bytes::from(part)));
        Body::from_stream(futures_util::stream::iter(parts))
    }

    fn gzip(plain: &[u8]) -> (HeaderMap, Vec<u8>) {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        let headers = [(header::CONTENT_ENCODING, "gzip".parse().unwrap())].into_iter().collect();
        (headers, encoder.finish().unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn parts_make_a_whole() {
        let parts: Vec<Vec<u8>> = (0..40_000_u32).map(|n| n.to_le_bytes()[..3].to_vec()).collect();
        let (bytes, held) = read(body(parts.clone()), &HeaderMap::new()).await.unwrap();
        assert_eq!((bytes.as_ref(), held.bytes), (parts.concat().as_slice(), 131_072));
        let (headers, small) = gzip(&parts.concat());
        let (bytes, held) = read(body(vec![small]), &headers).await.unwrap();
        assert_eq!((bytes.as_ref(), held.bytes), (parts.concat().as_slice(), 131_072));
    }

    #[test]
    fn all_bodies_together_have_a_bound_and_give_their_room_back() {
        static ALL: AtomicUsize = AtomicUsize::new(0);
        let held = || Held { bytes: 0, all: &ALL };
        let mut first = held();
        assert!(first.grow(SMALL_BYTES).is_ok() && first.bytes == 0);
        assert_eq!(first.grow(ALL_BYTES + 1).unwrap_err().code, "overload");
        drop(first);
        assert!(held().grow(MAX_BODY_BYTES).is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn r6_what_is_larger_than_the_limit_is_refused_while_it_arrives() {
        let many = vec![vec![b' '; 1 << 20]; 65];
        let problem = read(body(many), &HeaderMap::new()).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
        let (headers, bomb) = gzip(&vec![0; (64 << 20) + 1]);
        assert!(bomb.len() < 100_000);
        let problem = read(body(vec![bomb]), &headers).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
        let (headers, mut cut) = gzip(b"{}");
        cut.pop();
        assert_eq!(read(body(vec![cut]), &headers).await.unwrap_err().code, "encoded-body");
    }
}
