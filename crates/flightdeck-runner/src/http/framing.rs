//! Where each HTTP/1 request of a connection ends, watched while its bytes pass.
//!
//! Two servers in a row that disagree about that can be made to take one client's body for another client's request. The
//! HTTP library repairs some requests that say it twice or unclearly; here they are made unreadable before the library
//! sees them, so that it answers 400 and closes the connection. Everything else, HTTP/2 too, passes as it is.

/// What an HTTP/2 connection begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// As much of a line as is kept when it comes in pieces: the two headers that matter are shorter.
const KEPT: usize = 128;

/// How far a connection is.
#[derive(Debug)]
pub(super) struct Framing {
    state: State,
    line: Line,
    head: Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As many bytes of the preface as have come.
    Preface(usize),
    /// Before a request's first line.
    Start,
    Headers,
    /// Bytes of a body, or of a chunk and its end, that are to come.
    Body(u64),
    Chunk(u64),
    Size,
    Trailers,
    /// Not HTTP/1, or unreadable: nothing more to watch.
    Passed,
}

/// The beginning of a line whose end is to come.
#[derive(Debug, Default)]
struct Line {
    start: Vec<u8>,
    is_cut: bool,
    last: Option<u8>,
}

/// What the head says about its body.
#[derive(Debug, Default)]
struct Head {
    length: Option<u64>,
    chunked: bool,
}

/// It says it twice, or unclearly.
struct Ambiguous;

impl Framing {
    pub(super) fn new() -> Self {
        Self { state: State::Preface(0), line: Line::default(), head: Head::default() }
    }

    /// Whether it is known what the connection speaks.
    pub(super) fn is_decided(&self) -> bool {
        !matches!(self.state, State::Preface(_))
    }

    /// Looks at the next bytes. A line that must not be believed loses its end.
    pub(super) fn pass(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            at += match self.state {
                State::Passed => return,
                State::Preface(seen) => self.preface(seen, bytes[at]),
                State::Body(left) => self.skip(left, (bytes.len() - at, State::Start, State::Body)),
                State::Chunk(left) => self.skip(left, (bytes.len() - at, State::Size, State::Chunk)),
                State::Start | State::Headers | State::Size | State::Trailers => self.piece(&mut bytes[at..]),
            };
        }
    }

    fn preface(&mut self, seen: usize, byte: u8) -> usize {
        if byte == PREFACE[seen] {
            let is_whole = seen + 1 == PREFACE.len();
            self.state = if is_whole { State::Passed } else { State::Preface(seen + 1) };
            return 1;
        }
        // Beyond its first line the preface is no request of HTTP/1 either.
        self.state = if PREFACE[..seen].contains(&b'\n') { State::Passed } else { State::Start };
        self.line.keep(&PREFACE[..seen]);
        0
    }

    fn skip(&mut self, left: u64, (here, after, more): (usize, State, fn(u64) -> State)) -> usize {
        let skipped = left.min(here as u64);
        self.state = if skipped == left { after } else { more(left - skipped) };
        skipped as usize
    }

    /// Takes a line, or what there is of it.
    fn piece(&mut self, bytes: &mut [u8]) -> usize {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.keep(bytes);
            return bytes.len();
        };
        let mut kept = std::mem::take(&mut self.line);
        let next = if kept.last.is_none() {
            self.line_of(&bytes[..end], end > KEPT)
        } else {
            kept.keep(&bytes[..end]);
            // Of a line that was cut the end may be missing, but not how it ended.
            let cut = kept.is_cut;
            if cut && kept.last == Some(b'\r') {
                kept.start.push(b'\r');
            }
            self.line_of(&kept.start, cut)
        };
        self.state = next.unwrap_or_else(|Ambiguous| {
            bytes[end] = 0;
            State::Passed
        });
        end + 1
    }

    /// What comes after a line, which is given without its line feed.
    fn line_of(&mut self, line: &[u8], cut: bool) -> Result<State, Ambiguous> {
        let line = line.strip_suffix(b"\r").ok_or(Ambiguous)?;
        match (self.state, line.is_empty()) {
            (State::Start, false) => {
                self.head = Head::default();
                Ok(State::Headers)
            }
            (State::Headers, true) => Ok(self.head.body()),
            (State::Headers, false) => self.head.take(line, cut).map(|()| State::Headers),
            (State::Size, _) => size(line),
            // After trailers; and empty lines before a request are allowed.
            (_, true) => Ok(State::Start),
            (state, false) => Ok(state),
        }
    }
}

impl Line {
    fn keep(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.start.len());
        self.is_cut |= bytes.len() > room;
        self.start.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.last = bytes.last().copied().or(self.last);
    }
}

impl Head {
    fn take(&mut self, line: &[u8], cut: bool) -> Result<(), Ambiguous> {
        let Some(colon @ (14 | 17)) = line.iter().position(|byte| *byte == b':') else { return Ok(()) };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let is_length = name.eq_ignore_ascii_case(b"content-length");
        if !is_length && !name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Ok(());
        }
        if cut || self.length.is_some() || self.chunked {
            return Err(Ambiguous);
        }
        if is_length {
            self.length = Some(decimal(value).ok_or(Ambiguous)?);
        } else if value.eq_ignore_ascii_case(b"chunked") {
            self.chunked = true;
        } else {
            return Err(Ambiguous);
        }
        Ok(())
    }

    fn body(&self) -> State {
        match (self.chunked, self.length) {
            (true, _) => State::Size,
            (false, None | Some(0)) => State::Start,
            (false, Some(length)) => State::Body(length),
        }
    }
}

fn decimal(text: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits?.parse().ok()
}

fn size(line: &[u8]) -> Result<State, Ambiguous> {
    let digits = line.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next().unwrap_or_default();
    let digits = std::str::from_utf8(digits).map_err(|_| Ambiguous)?;
    let is_signed = digits.starts_with('+');
    match u64::from_str_radix(digits, 16).ok().filter(|_| !is_signed).map(|size| (size, size.checked_add(2)))
    {
        Some((0, _)) => Ok(State::Trailers),
        Some((_, Some(with_end))) => Ok(State::Chunk(with_end)),
        _ => Err(Ambiguous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether all requests pass unchanged, however their bytes are cut.
    fn passes(text: &str) -> bool {
        let answers = [1, 2, 3, 7, 130, text.len().max(1)].map(|step| {
            let mut framing = Framing::new();
            let passed = text.as_bytes().chunks(step).flat_map(|piece| {
                let mut piece = piece.to_vec();
                framing.pass(&mut piece);
                piece
            });
            passed.eq(text.bytes())
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{text:?} depends on how it is cut");
        answers[0]
    }

    #[test]
    fn requests_one_after_the_other_pass() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let long = format!("X-Long: {}", "x".repeat(300));
        let post =
            format!("POST /p HTTP/1.1\r\nHost: a\r\n{long}\r\nContent-Length: 11\r\n\r\nHost: a\n\n\n\n");
        let chunked = "PUT /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\na\nb\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n";
        assert!(passes(get) && passes(&post) && passes(chunked));
        assert!(passes(&format!("{get}{post}{chunked}\r\n{post}{get}{chunked}{get}")));
        assert!(passes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nanything\nafter"));
        assert!(passes("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n"));
    }

    #[test]
    fn r9_a_request_that_ends_in_two_places_is_made_unreadable() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\n";
        for headers in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\ncontent-length: 3\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nContent-Length: 4\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: \r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "X: y\nContent-Length: 3\r\n",
        ] {
            assert!(!passes(&format!("{head}{headers}\r\nabc")), "{headers:?}");
        }
        let padded = format!("Content-Length: {}3\r\n", " ".repeat(200));
        assert!(!passes(&format!("{head}{padded}\r\nabc")));
        assert!(!passes("GET / HTTP/1.1\nHost: a\r\n\r\n") && !passes("GET / HTTP/1.1\r\nHost: a\n\n"));
        let second = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\n\r\n";
        assert!(!passes(second));
        let chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for wrong in ["ffffffffffffffff\r\n", "-1\r\n", "+1\r\n", "\r\n", "x\r\n", "1\na"] {
            assert!(!passes(&format!("{chunks}{wrong}")), "{wrong:?}");
        }
    }
}
