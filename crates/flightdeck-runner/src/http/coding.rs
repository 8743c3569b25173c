//! Compressed bodies: what a request's is inflated by, and what an answer's may be compressed with.

use crate::problem::Problem;
use axum::body::{Body, HttpBody, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, Decompress, FlushDecompress, Status};
use std::io::Write;

/// How a body is compressed. `deflate` is zlib's form, as HTTP has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
}

impl Coding {
    /// What a request's body is compressed with; `None` for not at all.
    pub(super) fn of_request(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut found = None;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            let coding = match value.as_bytes() {
                b"identity" | b"" => continue,
                name => Self::named(name).filter(|_| found.is_none()),
            };
            found = Some(coding.ok_or_else(unknown)?);
        }
        Ok(found)
    }

    /// What an answer may be compressed with, by the client's own order of preference.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let listed = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let offers = listed.flat_map(|value| value.split(',')).filter_map(|offer| {
            let (name, quality) = offer.split_once(';').unwrap_or((offer, "q=1"));
            let quality: f32 = quality.trim().strip_prefix("q=")?.trim().parse().ok()?;
            Some((Self::named(name.trim().as_bytes())?, quality)).filter(|(_, quality)| *quality > 0.0)
        });
        // The first of those that are liked best.
        offers.reduce(|best, offer| if offer.1 > best.1 { offer } else { best }).map(|(coding, _)| coding)
    }

    fn named(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") {
            Some(Self::Gzip)
        } else {
            name.eq_ignore_ascii_case(b"deflate").then_some(Self::Deflate)
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    fn compress(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let room = Vec::with_capacity(bytes.len() / 4);
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(room, Compression::fast());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(room, Compression::fast());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
        }
    }
}

fn unknown() -> Problem {
    let message = "the body's Content-Encoding is not one of gzip, deflate and identity";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoded-body", message)
        .hint("Compress it once, with gzip or deflate, or not at all.")
}

/// Answers below are not worth the time.
const SMALL_BYTES: usize = 1024;
/// What is compressed on a worker that also reads requests.
const SHORT_BYTES: usize = 64 << 10;

/// Compresses an answer that is worth it.
pub(super) async fn compressed(response: Response<Body>, coding: Coding) -> Response<Body> {
    let length = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let Some(length) = length.filter(|length| *length >= SMALL_BYTES) else { return response };
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, length).await else {
        return Problem::internal("compress the answer", &"its body ended early").into_response();
    };
    let work = || coding.compress(&bytes);
    let smaller = if length > SHORT_BYTES { tokio::task::block_in_place(work) } else { work() };
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    match smaller {
        Ok(smaller) if smaller.len() < length => {
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            Response::from_parts(parts, Body::from(smaller))
        }
        _ => Response::from_parts(parts, Body::from(bytes)),
    }
}

/// Inflates a body while it arrives, up to a limit.
pub(super) struct Inflater {
    inner: Decompress,
    out: Vec<u8>,
    limit: usize,
    ended: bool,
}

/// Why a body cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InflateError {
    TooLarge,
    Corrupt,
}

/// What the output grows by at least.
const STEP_BYTES: usize = 16 << 10;
/// Bits of the largest window, which every compressor may use.
const WINDOW_BITS: u8 = 15;

impl Inflater {
    pub(super) fn new(coding: Coding, limit: usize) -> Self {
        let inner = match coding {
            Coding::Gzip => Decompress::new_gzip(WINDOW_BITS),
            Coding::Deflate => Decompress::new(true),
        };
        Self { inner, out: Vec::new(), limit, ended: false }
    }

    /// How much there is.
    pub(super) const fn len(&self) -> usize {
        self.out.len()
    }

    /// Adds a part of the compressed body.
    pub(super) fn push(&mut self, mut part: &[u8]) -> Result<(), InflateError> {
        loop {
            if self.ended {
                // One stream is the whole body.
                return if part.is_empty() { Ok(()) } else { Err(InflateError::Corrupt) };
            }
            self.make_room()?;
            let before = (self.inner.total_in(), self.inner.total_out());
            let status = self.inner.decompress_vec(part, &mut self.out, FlushDecompress::None);
            let (read, written) = (self.inner.total_in() - before.0, self.inner.total_out() - before.1);
            part = &part[read as usize..];
            match status {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if read == 0 && written == 0 => return Ok(()),
                Ok(_) => {}
                Err(_) => return Err(InflateError::Corrupt),
            }
            if self.out.len() > self.limit {
                return Err(InflateError::TooLarge);
            }
        }
    }

    /// The whole body.
    pub(super) fn finish(self) -> Result<Vec<u8>, InflateError> {
        if self.ended { Ok(self.out) } else { Err(InflateError::Corrupt) }
    }

    /// Never more than twice of what is there, and never more than one byte beyond the limit.
    fn make_room(&mut self) -> Result<(), InflateError> {
        if self.out.len() < self.out.capacity() {
            return Ok(());
        }
        let more = self.out.len().max(STEP_BYTES).min((self.limit + 1).saturating_sub(self.out.len()));
        if more == 0 {
            return Err(InflateError::TooLarge);
        }
        self.out.reserve_exact(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflate(coding: Coding, bytes: &[u8], limit: usize, step: usize) -> Result<Vec<u8>, InflateError> {
        let mut inflater = Inflater::new(coding, limit);
        bytes.chunks(step).try_for_each(|part| inflater.push(part))?;
        inflater.finish()
    }

    #[test]
    fn bodies_come_back_in_whatever_parts_they_arrive() {
        let plain: Vec<u8> = (0..20_000_u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        for coding in [Coding::Gzip, Coding::Deflate] {
            let small = coding.compress(&plain).unwrap();
            for step in [1, 7, 4096, small.len()] {
                assert_eq!(inflate(coding, &small, plain.len(), step).as_ref(), Ok(&plain));
            }
            assert_eq!(inflate(coding, &small, plain.len() - 1, 4096), Err(InflateError::TooLarge));
            assert_eq!(inflate(coding, &coding.compress(b"").unwrap(), 0, 9), Ok(vec![]));
        }
    }

    #[test]
    fn r3_what_is_cut_off_changed_or_followed_is_refused() {
        let plain = vec![7; 10_000];
        for (coding, other) in [(Coding::Gzip, Coding::Deflate), (Coding::Deflate, Coding::Gzip)] {
            let small = coding.compress(&plain).unwrap();
            let corrupt = |bytes: &[u8]| inflate(coding, bytes, 1 << 20, 5) == Err(InflateError::Corrupt);
            for end in 0..small.len() {
                assert!(corrupt(&small[..end]), "{end}");
            }
            assert!(corrupt(&[&small[..], b"x"].concat()) && corrupt(&other.compress(&plain).unwrap()));
            let mut changed = small.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert!(corrupt(&changed) && corrupt(b"{}"));
        }
    }

    #[test]
    fn a_bomb_takes_no_more_than_the_limit() {
        let bomb = Coding::Gzip.compress(&vec![0; 64 << 20]).unwrap();
        let mut inflater = Inflater::new(Coding::Gzip, 1 << 20);
        let refused = bomb.chunks(100).position(|part| inflater.push(part).is_err()).unwrap();
        assert!(refused * 100 < bomb.len() / 16 && inflater.out.capacity() <= (1 << 20) + 1, "{refused}");
    }

    #[test]
    fn the_client_says_what_it_takes() {
        let accepted = |text: &str| {
            Coding::accepted(&[(header::ACCEPT_ENCODING, text.parse().unwrap())].into_iter().collect())
        };
        assert_eq!(accepted("gzip, deflate"), Some(Coding::Gzip));
        assert_eq!(accepted("gzip;q=0.5, Deflate;q=0.8, br"), Some(Coding::Deflate));
        assert_eq!(accepted("gzip;q=0, identity"), None);
        assert_eq!(accepted("br;q=x, *"), None);
        assert_eq!(Coding::accepted(&HeaderMap::new()), None);
        let stated = |names: &[&str]| {
            let mut headers = HeaderMap::new();
            for name in names {
                headers.append(header::CONTENT_ENCODING, name.parse().unwrap());
            }
            Coding::of_request(&headers)
        };
        assert_eq!(stated(&["GZIP"]), Ok(Some(Coding::Gzip)));
        assert_eq!((stated(&[]), stated(&["identity"])), (Ok(None), Ok(None)));
        for wrong in [&["br"][..], &["gzip, gzip"], &["gzip", "gzip"], &["zstd", "gzip"]] {
            assert_eq!(stated(wrong).unwrap_err().status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{wrong:?}");
        }
    }
}
