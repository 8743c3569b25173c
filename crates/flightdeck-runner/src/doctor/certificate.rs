//! When the certificate ends: the operator's of the configuration, or the server's own.

use super::{DoctorArgs, Finding, settings};
use crate::clock::SystemClock;
use flightdeck_core::Clock;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

const CERTIFICATE: &str = "certificate";
const DAY_SECONDS: i64 = 86_400;
/// Less than this is soon.
const SOON_DAYS: i64 = 30;

pub(super) fn check(args: &DoctorArgs) -> Finding {
    let path = settings(args).tls.cert.unwrap_or_else(|| args.data.join("tls.crt"));
    if !path.exists() {
        return Finding::ok(CERTIFICATE, "there is none yet; a server that needs one makes it");
    }
    let hint = "Replace the file; a running server takes the new one when it is told to reload.";
    let Ok(certificate) = CertificateDer::from_pem_file(&path) else {
        return Finding::fail(CERTIFICATE, format!("{} is not a certificate in PEM", path.display()), hint);
    };
    let Some(end) = end(&certificate) else {
        return Finding::warn(CERTIFICATE, format!("the end of {} cannot be read", path.display()), hint);
    };
    let now = SystemClock.now().as_ms() / 1000;
    let days = (end - now).div_euclid(DAY_SECONDS);
    match days {
        ..0 => Finding::fail(CERTIFICATE, "it has expired", hint),
        0..SOON_DAYS => Finding::warn(CERTIFICATE, format!("it expires in {days} days"), hint),
        _ => Finding::ok(CERTIFICATE, format!("it is valid for {days} days")),
    }
}

/// `notAfter` in seconds since 1970 (RFC 5280, 4.1).
fn end(certificate: &[u8]) -> Option<i64> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    // An explicit version comes first, if any; then serial number, algorithm and issuer, then the validity.
    let (tag, _, after) = element(rest)?;
    if tag == 0xa0 {
        rest = after;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (tag, time, _) = element(element(validity)?.2)?;
    let text = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    let text = match tag {
        0x17 if text < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    seconds(&text)
}

/// The first element of DER, what is in it, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (bytes, after) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(bytes, _)| bytes.len() <= 4)?;
        length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        rest = after;
    }
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// `YYYYMMDDHHMMSS` in seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let part = |from: usize, to: usize| text.get(from..to);
    let [year, month, day] = [part(0, 4)?, part(4, 6)?, part(6, 8)?];
    let [hour, minute, second] = [part(8, 10)?, part(10, 12)?, part(12, 14)?];
    let time = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    flightdeck_core::Timestamp::parse(&time).map(|time| time.as_ms() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_forms() {
        // 2049 is written with two digits of the year, 2050 with four.
        for (year, seconds) in [(2049, 2_493_072_000), (2050, 2_524_608_000)] {
            let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
            let key = rcgen::KeyPair::generate().unwrap();
            let made = parameters.self_signed(&key).unwrap();
            assert_eq!(end(made.der()), Some(seconds), "{year}");
        }
        assert_eq!(end(b""), None);
        assert_eq!(end(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
