//! The trace that a request belongs to: the W3C header `traceparent`, or one of its own.

use axum::http::HeaderMap;

/// Where a span hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: [u8; 16],
    pub(super) span: Option<[u8; 8]>,
}

/// The bit of the flags that says that the caller records.
const SAMPLED: u8 = 1;

impl Parent {
    /// The caller's, or a new one; `None` when the caller says that it does not record.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut stated = headers.get_all("traceparent").iter();
        let stated = stated.next().filter(|_| stated.next().is_none());
        if let Some((parent, flags)) = stated.and_then(|stated| parse(stated.as_bytes())) {
            return (flags & SAMPLED != 0).then_some(parent);
        }
        let mut trace = [0; 16];
        getrandom::fill(&mut trace).ok()?;
        Some(Self { trace, span: None })
    }
}

/// `VERSION-TRACE-SPAN-FLAGS` in lower-case hexadecimal. Versions to come may add to it.
fn parse(header: &[u8]) -> Option<(Parent, u8)> {
    let (own, rest) = header.split_at_checked(55)?;
    let dashes = [2, 35, 52].into_iter().all(|at| own[at] == b'-');
    let [version] = bytes(&own[..2])?;
    let ends = if version == 0 { rest.is_empty() } else { rest.first().is_none_or(|next| *next == b'-') };
    let (trace, span) = (bytes(&own[3..35])?, bytes(&own[36..52])?);
    let [flags] = bytes(&own[53..])?;
    let is_valid = dashes && ends && version != 0xff && trace != [0; 16] && span != [0; 8];
    is_valid.then_some((Parent { trace, span: Some(span) }, flags))
}

fn bytes<const N: usize>(hex: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Option<Parent> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", header.parse().unwrap());
        Parent::of(&headers)
    }

    #[test]
    fn a_callers_trace_is_gone_on_with() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parent = of(header).unwrap();
        assert_eq!((parent.trace[..2].to_vec(), parent.span.unwrap()[7]), (vec![0x0a, 0xf7], 0x31));
        assert_eq!(of(&header.replace("-01", "-00")), None, "the caller does not record");
        assert_eq!(of(&format!("cc{}-what-comes", &header[2..])), Some(parent), "a version to come");
    }

    #[test]
    fn what_is_not_a_trace_begins_one() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let wrong = [
            String::new(),
            "00-0af7".into(),
            header.to_uppercase(),
            format!("ff{}", &header[2..]),
            format!("{header}-more"),
            header.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            header.replace("b7ad6b7169203331", &"0".repeat(16)),
        ];
        for header in wrong {
            assert_eq!(of(&header).unwrap().span, None, "{header}");
        }
        assert_ne!(of("").unwrap().trace, of("").unwrap().trace);
    }
}
