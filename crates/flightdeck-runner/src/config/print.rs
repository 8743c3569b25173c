//! The settings in force as a file that could have set them.

use super::Settings;
use serde_json::Value;
use std::fmt::Write;

/// Every key with what it is for, its default and its value.
pub(super) fn print(settings: &Settings) -> Result<String, serde_json::Error> {
    let (now, default) = (serde_json::to_value(settings)?, serde_json::to_value(Settings::default())?);
    let mut text = String::from(
        "# Settings of flightdeck-runner. Arguments go before this file, this file before the defaults.\n",
    );
    for (section, about, keys) in Settings::SECTIONS {
        let _ = writeln!(text);
        comment(&mut text, about);
        let _ = writeln!(text, "[{section}]");
        for (key, doc) in *keys {
            comment(&mut text, doc);
            let (value, default) = (&now[section][key], &default[section][key]);
            let _ = match (value, default) {
                (Value::Null, _) => writeln!(text, "# {key} is not set"),
                (value, Value::Null) => writeln!(text, "{key} = {} # not set by default", literal(value)),
                (value, default) if value == default => writeln!(text, "{key} = {}", literal(value)),
                (value, default) => {
                    writeln!(text, "{key} = {} # default: {}", literal(value), literal(default))
                }
            };
        }
    }
    Ok(text)
}

fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        let _ = writeln!(text, "#{line}");
    }
}

/// JSON's strings, numbers, booleans and lists of them are TOML's, too; a whole number of seconds needs no fraction.
fn literal(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 => format!("{number:.0}"),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_a_file_that_says_the_same() {
        let mut settings = Settings::default();
        assert_eq!(toml::from_str::<Settings>(&print(&settings).unwrap()).unwrap(), settings);
        settings.http.body_bytes = 5;
        settings.tls.cert = Some("a \"b\"\\c".into());
        settings.server.listen = Some("[::1]:7".parse().unwrap());
        settings.log.level = "de\nbug".into();
        let text = print(&settings).unwrap();
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), settings, "{text}");
        assert!(text.contains("body_bytes = 5 # default: 67108864"), "{text}");
    }

    #[test]
    fn every_key_is_printed_and_explained() {
        let Value::Object(sections) = serde_json::to_value(Settings::default()).unwrap() else { panic!() };
        let known: Vec<_> = Settings::SECTIONS.iter().map(|(section, ..)| *section).collect();
        assert_eq!(sections.keys().collect::<Vec<_>>(), known);
        for (section, about, keys) in Settings::SECTIONS {
            let Value::Object(values) = &sections[*section] else { panic!("{section}") };
            assert_eq!(
                values.keys().collect::<Vec<_>>(),
                keys.iter().map(|(key, _)| key).collect::<Vec<_>>()
            );
            assert!(!about.is_empty() && keys.iter().all(|(_, doc)| !doc.is_empty()), "{section}");
        }
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        for wrong in [
            "[http]\nbody_byte = 1",
            "[htp]",
            "x = 1",
            "[http]\nheader_seconds = -1",
            "[tls]\nmode = \"maybe\"",
        ] {
            assert!(toml::from_str::<Settings>(wrong).is_err(), "{wrong}");
        }
        let half: Settings = toml::from_str("[drain]\ngrace_seconds = 0.5").unwrap();
        assert_eq!(half.drain.grace_seconds.duration().as_millis(), 500);
    }
}
