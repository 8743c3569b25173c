//! Numbers, times and names as a person reads them.

use flightdeck_core::Timestamp;

/// The text without characters that XML forbids or that turn a line around; they become visible escapes.
pub(crate) fn printable(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.into();
    }
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
    };
    if !text.contains(hidden) {
        return text.into();
    }
    text.chars().map(|c| if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// How wide a text of 11 pixels is, roughly and rather too wide.
pub(crate) fn text_width(text: &str) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '!' => 0.29,
        'f' | 't' | 'r' | '(' | ')' | '/' => 0.38,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.88,
        'A'..='Z' => 0.68,
        '0'..='9' | '-' | '−' => 0.65,
        c if c > '\u{1100}' => 1.05,
        _ => 0.59,
    };
    crate::canvas::TEXT * text.chars().map(em).sum::<f64>()
}

/// The text, cut with an ellipsis where it is wider than this.
pub(crate) fn fitted(text: &str, width: f64) -> String {
    let text = printable(text);
    if text_width(&text) <= width {
        return text;
    }
    let mut cut = String::new();
    for c in text.chars() {
        if text_width(&cut) + text_width("…") + text_width(c.encode_utf8(&mut [0; 4])) > width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// A number in four significant digits, thousands apart; beyond a quadrillion and below a tenth of a thousandth with an
/// exponent.
pub(crate) fn brief(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "not finite".into();
    }
    if size == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{value:.3e}").replace(".000e", "e").replacen('-', "−", usize::from(value < 0.0));
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 8) as usize;
    grouped(trimmed(format!("{value:.decimals$}")))
}

/// A number with this many decimals, thousands apart.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.trim_start_matches(['-', '0', '.']).is_empty() { text.replace('-', "") } else { text };
    grouped(text)
}

/// A number in all its digits.
pub(crate) fn exact(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value != 0.0 && value.is_finite() && !(1e-5..1e16).contains(&value.abs()) => {
            format!("{value:e}")
        }
        Some(value) => value.to_string(),
    }
}

/// A number and its unit.
pub(crate) fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.into() } else { format!("{number} {unit}") }
}

/// A share as percent.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        v if v <= 0.0 || v.is_nan() => "0 %".into(),
        v if v < 0.1 => "< 0.1 %".into(),
        v if v < 9.95 => format!("{} %", trimmed(format!("{v:.1}"))),
        v => format!("{v:.0} %"),
    }
}

/// A count, thousands apart, and its noun.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count.to_string()))
}

fn trimmed(mut text: String) -> String {
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text
}

/// Thousands apart from five digits on, and a minus sign in place of a hyphen.
fn grouped(text: String) -> String {
    const UNGROUPED: usize = 4;
    let end = text.find('.').unwrap_or(text.len());
    if end <= UNGROUPED && !text.starts_with('-') {
        return text;
    }
    let (sign, digits) = text[..end].strip_prefix('-').map_or(("", &text[..end]), |digits| ("−", digits));
    let mut out = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 && digits.len() > UNGROUPED {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(&text[end..]);
    out
}

/// A time in all its digits, for the table.
pub(crate) fn exact_time(at: Timestamp) -> String {
    at.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_grouped() {
        for (value, text) in [
            (0.0, "0"),
            (1234.6, "1235"),
            (12_345.6, "12,346"),
            (0.123_45, "0.1235"),
            (-2.5, "−2.5"),
            (1e308, "1e308"),
            (-2e-9, "−2e-9"),
            (5e-324, "4.941e-324"),
            (f64::NAN, "not finite"),
        ] {
            assert_eq!(brief(value), text);
        }
        assert_eq!(fixed(-0.0, 1), "0.0");
        assert_eq!(exact(Some(1e308)), "1e308");
        assert_eq!(exact(None), "");
    }

    #[test]
    fn shares_say_when_they_are_tiny() {
        let shares = [0.0, 0.0004, 0.012, 0.61, f64::NAN].map(percent);
        assert_eq!(shares, ["0 %", "< 0.1 %", "1.2 %", "61 %", "0 %"]);
    }

    #[test]
    fn long_names_are_cut_and_hidden_characters_shown() {
        let cut = fitted("a very long feature name indeed", 80.0);
        assert!(cut.ends_with('…') && text_width(&cut) <= 80.0, "{cut}");
        assert_eq!(printable("a\u{0}b\u{202e}"), "a\\u{0}b\\u{202e}");
    }
}
