//! Labels as they come: JSON lines, or CSV with a header.

use super::recorder::MAX_ID;
use crate::problem::Problem;
use flightdeck_core::Timestamp;
use flightdeck_protocol::LabelLine;

/// Labels in one request at most.
const MAX_LINES: usize = 100_000;

/// Reads all of them, or says which line is wrong.
pub(super) fn labels(body: &[u8]) -> Result<Vec<LabelLine>, Problem> {
    let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let lines = if is_json { json(body)? } else { csv(body)? };
    if lines.is_empty() {
        return Err(bad(1, "there is no label"));
    }
    for (place, line) in lines.iter().enumerate() {
        check(line).map_err(|message| bad(place + 1, message))?;
    }
    Ok(lines)
}

fn check(line: &LabelLine) -> Result<(), &'static str> {
    if line.id.is_empty() || line.id.len() > MAX_ID {
        return Err("an id has 1 to 256 bytes");
    }
    if line.label.len() > MAX_ID {
        return Err("a label has at most 256 bytes");
    }
    Ok(())
}

fn json(body: &[u8]) -> Result<Vec<LabelLine>, Problem> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut labels = Vec::new();
    for (place, line) in lines.enumerate() {
        room(&labels)?;
        labels.push(serde_json::from_slice(line).map_err(|error| bad(place + 1, &error.to_string()))?);
    }
    Ok(labels)
}

fn csv(body: &[u8]) -> Result<Vec<LabelLine>, Problem> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(body);
    let header = reader.headers().map_err(|error| bad(1, &error.to_string()))?.clone();
    let place = |name: &str| header.iter().position(|column| column == name);
    let (Some(id), Some(label)) = (place("id"), place("label")) else {
        return Err(bad(1, "the header must have the columns id and label"));
    };
    let at = place("at");
    let mut labels = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let wrong = |message: &str| bad(row + 2, message);
        room(&labels)?;
        let record = record.map_err(|error| wrong(&error.to_string()))?;
        let text = |place: usize| record.get(place).unwrap_or_default();
        let time = at.map(text).filter(|time| !time.is_empty());
        let parse = |time| Timestamp::parse(time).ok_or_else(|| wrong("at is not a time"));
        let time = time.map(parse).transpose()?;
        labels.push(LabelLine { id: text(id).into(), label: text(label).into(), at: time });
    }
    Ok(labels)
}

fn room(labels: &[LabelLine]) -> Result<(), Problem> {
    if labels.len() < MAX_LINES {
        Ok(())
    } else {
        Err(bad(MAX_LINES + 1, "there are more than 100,000 labels"))
    }
}

fn bad(line: usize, message: &str) -> Problem {
    Problem::bad("bad-label", format!("line {line}: {message}")).hint(
        "Send lines of {\"id\", \"label\", \"at\"?}, or CSV with the columns id, label and, if you like, at.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let time = "2026-01-02T03:04:05Z";
        let json = format!(
            "{{\"id\": \"a\", \"label\": \"yes\"}}\n\n{{\"id\":\"b\",\"label\":\"1.5\",\"at\":\"{time}\"}}\n"
        );
        let csv = format!("label, id ,at\nyes,a,\n1.5,b,{time}\n");
        assert_eq!(labels(json.as_bytes()).unwrap(), labels(csv.as_bytes()).unwrap());
        assert_eq!(labels(csv.as_bytes()).unwrap()[1].at, Some(Timestamp::parse(time).unwrap()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let long = "x".repeat(257);
        let cases = [
            (String::new(), "line 1"),
            ("id,what\na,b\n".into(), "line 1"),
            ("id,label,at\na,b,yesterday\n".into(), "line 2"),
            ("id,label\na\n".into(), "line 2"),
            ("id,label\n,b\n".into(), "line 1"),
            ("{\"id\":\"a\",\"label\":\"b\"}\n{\"id\":5}\n".into(), "line 2"),
            (format!("{{\"id\":\"{long}\",\"label\":\"b\"}}"), "line 1"),
            (format!("{{\"id\":\"a\",\"label\":\"{long}\"}}"), "line 1"),
        ];
        for (body, line) in cases {
            let problem = labels(body.as_bytes()).unwrap_err();
            assert!(problem.code == "bad-label" && problem.message.starts_with(line), "{body}: {problem:?}");
        }
    }
}
