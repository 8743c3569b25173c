//! Rows by column name, as JSON objects or as CSV with a header.

use crate::problem::Problem;
use flightdeck_core::{Cell, Signature, Timestamp, unknown_columns};
use flightdeck_protocol::{EventTime, PredictRequest};
use serde_json::{Map, Value};

/// The column of a CSV text that says when its rows happened, unless the model has a column of that name.
const EVENT_TIME: &str = "event_time";
/// What stands for a missing value in CSV.
const MISSING: [&str; 5] = ["", "NA", "NaN", "null", "None"];

/// Rows with the names of their columns.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) times: Option<EventTime>,
}

/// Reads a body. What it is is seen in its first character; a content type says nothing.
pub(super) fn read(body: &[u8], signature: &Signature) -> Result<Table, Problem> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let table = match first {
        None => return Err(Problem::bad("empty-body", "the body has no rows").hint(HINT)),
        Some(b'{' | b'[') => from_json(body, signature)?,
        Some(_) => from_csv(body, signature)?,
    };
    if table.rows.is_empty() {
        return Err(Problem::bad("no-rows", "there are no rows to predict"));
    }
    Ok(table)
}

const HINT: &str = "Send {\"rows\": [{\"column\": value, …}]} or CSV with a header.";

fn from_json(body: &[u8], signature: &Signature) -> Result<Table, Problem> {
    let request: PredictRequest = serde_json::from_slice(body).map_err(|error| {
        Problem::bad("bad-request", format!("the request cannot be read: {error}")).hint(HINT)
    })?;
    let columns: Vec<String> = signature.columns().map(|(_, column)| column.name.clone()).collect();
    let rows = request.rows.into_iter().enumerate().map(|(row, values)| cells(row, values, &columns));
    Ok(Table { rows: rows.collect::<Result<_, _>>()?, columns, times: request.event_time })
}

fn cells(row: usize, mut values: Map<String, Value>, columns: &[String]) -> Result<Vec<Cell>, Problem> {
    let take = |name: &String| match values.remove(name) {
        Some(value) => cell(value).ok_or_else(|| {
            Problem::bad(
                "bad-row",
                format!("row {row}, column \"{}\" is not a single value", name.escape_debug()),
            )
        }),
        None => Err(missing_column(row, name)),
    };
    let cells = columns.iter().map(take).collect::<Result<_, _>>()?;
    match values.keys().next() {
        None => Ok(cells),
        Some(unknown) => Err(unknown_column(unknown)),
    }
}

fn cell(value: Value) -> Option<Cell> {
    Some(match value {
        Value::Null => Cell::Missing,
        Value::Bool(flag) => Cell::Bool(flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cell::Integer(whole),
            // Beyond 63 bits a whole number stays exact as its text.
            None if number.is_u64() => Cell::Text(number.to_string()),
            None => Cell::Number(number.as_f64()?),
        },
        Value::String(text) => Cell::Text(text),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

fn missing_column(row: usize, name: &str) -> Problem {
    Problem::bad("missing-column", format!("row {row}: column \"{}\" is missing", name.escape_debug()))
        .hint("Send null for a value that is not known.")
}

fn unknown_column(name: &str) -> Problem {
    let shown: String = name.chars().take(80).collect();
    Problem::bad("unknown-column", format!("the model has no column \"{}\"", shown.escape_debug()))
}

fn from_csv(body: &[u8], signature: &Signature) -> Result<Table, Problem> {
    let wrong =
        |error: csv::Error| Problem::bad("bad-csv", format!("the CSV cannot be read: {error}")).hint(HINT);
    let mut reader = csv::Reader::from_reader(body);
    let mut columns: Vec<String> =
        reader.headers().map_err(wrong)?.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(twice) = columns.iter().enumerate().find(|(at, name)| columns[..*at].contains(name)) {
        return Err(Problem::bad("bad-csv", format!("column \"{}\" is there twice", twice.1.escape_debug())));
    }
    let is_own = signature.columns().any(|(_, column)| column.name == EVENT_TIME);
    let time = columns.iter().position(|name| name == EVENT_TIME).filter(|_| !is_own);
    if let Some(at) = time {
        columns.remove(at);
    }
    if let Some(unknown) = unknown_columns(signature, &columns).first() {
        return Err(unknown_column(unknown));
    }
    if let Some((_, column)) = signature.columns().find(|(_, column)| !columns.contains(&column.name)) {
        return Err(missing_column(0, &column.name));
    }
    let (mut rows, mut times) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let mut cells: Vec<&str> = record.iter().collect();
        if let Some(at) = time {
            let text = cells.remove(at);
            let wrong = || Problem::bad("event-time", format!("\"{}\" is not a time", text.escape_debug()));
            times.push(Timestamp::parse(text).ok_or_else(wrong)?);
        }
        rows.push(cells.into_iter().map(text_cell).collect());
    }
    Ok(Table { columns, rows, times: time.map(|_| EventTime::PerRow(times)) })
}

fn text_cell(text: &str) -> Cell {
    let text = text.trim();
    if MISSING.contains(&text) { Cell::Missing } else { Cell::Text(text.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::{Column, ColumnKind, DataType, Input, Task, Unknown};

    fn signature() -> Signature {
        let input = |name: &str, data_type, kind| {
            let column =
                Column { name: name.into(), index: 0, kind, missing: None, unknown: Unknown::Unstated };
            Input {
                name: name.into(),
                data_type,
                shape: vec![-1, 1],
                batch_axis: Some(0),
                columns: vec![column],
            }
        };
        let inputs = vec![
            input("age", DataType::Fp32, ColumnKind::Numeric),
            input("city", DataType::Bytes, ColumnKind::Categorical),
        ];
        Signature { task: Task::Other, inputs, outputs: vec![] }
    }

    #[test]
    fn json_and_csv_give_the_same_rows() {
        let json =
            read(br#"{"rows":[{"city":"Bonn","age":null},{"age":3,"city":"x"}]}"#, &signature()).unwrap();
        let csv = read(b"city,age\nBonn,NA\nx,3\n", &signature()).unwrap();
        assert_eq!(json.columns, ["age", "city"]);
        assert_eq!(json.rows[0], [Cell::Missing, Cell::Text("Bonn".into())]);
        let tensors =
            |t: &Table| format!("{:?}", flightdeck_core::assemble(&signature(), &t.columns, &t.rows));
        assert_eq!(tensors(&json), tensors(&csv));
    }

    #[test]
    fn columns_that_are_missing_or_unknown_are_named() {
        let cases = [
            (&br#"{"rows":[{"age":1}]}"#[..], "missing-column", "city"),
            (br#"{"rows":[{"age":1,"city":"x","town":2}]}"#, "unknown-column", "town"),
            (b"age,city,town\n1,x,2\n", "unknown-column", "town"),
            (b"age\n1\n", "missing-column", "city"),
            (b"age,age\n1,1\n", "bad-csv", "age"),
            (b"age,city\n1\n", "bad-csv", ""),
            (br#"{"rows":[]}"#, "no-rows", ""),
            (br#"{"rows":[{"age":[1],"city":"x"}]}"#, "bad-row", "age"),
            (b"  ", "empty-body", ""),
            (b"{", "bad-request", ""),
        ];
        for (body, code, named) in cases {
            let problem = read(body, &signature()).unwrap_err();
            assert_eq!(problem.code, code, "{problem:?}");
            assert!(problem.message.contains(named), "{problem:?}");
        }
    }

    #[test]
    fn times_come_with_the_request_or_in_a_column() {
        let at = Timestamp::parse("2013-07-01").unwrap();
        let json =
            read(br#"{"rows":[{"age":1,"city":"x"}],"event_time":"2013-07-01"}"#, &signature()).unwrap();
        assert_eq!(json.times, Some(EventTime::At(at)));
        let csv = read(b"age,event_time,city\n1,2013-07-01,x\n", &signature()).unwrap();
        assert_eq!(csv.times, Some(EventTime::PerRow(vec![at])));
        assert_eq!(csv.rows[0].len(), 2);
    }
}
