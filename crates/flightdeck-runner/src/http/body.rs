//! Reading a body: bounded in size, in time and in what all bodies together may take, inflated on the way.

use super::coding::{Coding, InflateError, Inflater};
use super::pace::TooSlow;
use crate::problem::Problem;
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What all bodies that are being read and answered may take together.
const ALL_BYTES: usize = 512 << 20;
/// Bodies below are not counted among them: headers alone take as much.
const SMALL_BYTES: usize = 64 << 10;
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
    pub(super) fn grow(&mut self, length: usize) -> Result<(), Problem> {
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

/// Reads a body, whole, of at most this many bytes as it arrives and inflated. Its stated length is looked at before it is
/// read; how long it takes is its own business.
pub(super) async fn read(body: Body, headers: &HeaderMap, most: usize) -> Result<(Bytes, Held), Problem> {
    let coding = Coding::of_request(headers)?;
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if stated.is_some_and(|length: u64| length > most as u64) {
        discard(body, most).await;
        return Err(too_large(most));
    }
    let parts = body.into_data_stream();
    let mut held = Held::default();
    let bytes = match coding {
        None => plain(parts, &mut held, most).await,
        Some(coding) => inflated(parts, (coding, most), &mut held).await,
    }?;
    Ok((bytes, held))
}

/// Most bodies arrive in one part, which is not copied.
async fn plain(mut parts: BodyDataStream, held: &mut Held, most: usize) -> Result<Bytes, Problem> {
    let Some(first) = next(&mut parts).await? else { return Ok(Bytes::new()) };
    let Some(second) = next(&mut parts).await? else { return Ok(first) };
    let mut whole = BytesMut::from(first);
    let mut part = Some(second);
    while let Some(more) = part {
        let length = whole.len() + more.len();
        if length > most {
            discard_rest(&mut parts, most).await;
            return Err(too_large(most));
        }
        held.grow(length)?;
        whole.extend_from_slice(&more);
        part = next(&mut parts).await?;
    }
    Ok(whole.freeze())
}

async fn inflated(
    mut parts: BodyDataStream,
    (coding, most): (Coding, usize),
    held: &mut Held,
) -> Result<Bytes, Problem> {
    let mut inflater = Inflater::new(coding, most);
    while let Some(part) = next(&mut parts).await? {
        let mut work = || {
            part.chunks(SHORT_BYTES).try_for_each(|piece| {
                inflater.push(piece).map_err(|error| refused(error, most))?;
                held.grow(inflater.len())
            })
        };
        let pushed = if part.len() > SHORT_BYTES { tokio::task::block_in_place(work) } else { work() };
        if pushed.is_err() {
            discard_rest(&mut parts, most).await;
        }
        pushed?;
    }
    inflater.finish().map(Bytes::from).map_err(|error| refused(error, most))
}

async fn next(parts: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
    parts.next().await.transpose().map_err(|error| unread(&error))
}

fn unread(error: &axum::Error) -> Problem {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(cause) = source {
        if cause.is::<TooSlow>() {
            let message = "the body took too long to arrive";
            return Problem::new(StatusCode::REQUEST_TIMEOUT, "slow-body", message);
        }
        source = cause.source();
    }
    Problem::bad("body-unread", "the body ended before it was complete")
}

fn refused(error: InflateError, most: usize) -> Problem {
    match error {
        InflateError::TooLarge => too_large(most),
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

fn too_large(most: usize) -> Problem {
    let message = format!("the body is larger than {most} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message).hint("Send fewer rows at once.")
}

/// Reads what nobody wants, for a moment and up to a limit: most clients look for an answer only when they have sent all of
/// their body, and would find a closed connection instead.
async fn discard(body: Body, most: usize) {
    discard_rest(&mut body.into_data_stream(), most).await;
}

async fn discard_rest(parts: &mut BodyDataStream, most: usize) {
    let read = async {
        let mut left = 2 * most;
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

    const MOST: usize = 64 << 20;

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
        let (bytes, held) = read(body(parts.clone()), &HeaderMap::new(), MOST).await.unwrap();
        assert_eq!((bytes.as_ref(), held.bytes), (parts.concat().as_slice(), 131_072));
        let (headers, small) = gzip(&parts.concat());
        let (bytes, held) = read(body(vec![small]), &headers, MOST).await.unwrap();
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
        assert!(held().grow(MOST).is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn r6_what_is_larger_than_the_limit_is_refused_while_it_arrives() {
        let many = vec![vec![b' '; 1 << 20]; 65];
        let problem = read(body(many), &HeaderMap::new(), MOST).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
        let (headers, bomb) = gzip(&vec![0; (64 << 20) + 1]);
        assert!(bomb.len() < 100_000);
        let problem = read(body(vec![bomb]), &headers, MOST).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
        let (headers, mut cut) = gzip(b"{}");
        cut.pop();
        assert_eq!(read(body(vec![cut]), &headers, MOST).await.unwrap_err().code, "encoded-body");
    }
}
