//! Notebooks as they are found, and as nobody should find them.

use super::*;
use std::fmt::Write as _;

fn parse(text: &str) -> Result<Notebook, NotebookError> {
    read_from(text.as_bytes(), &Limits::default())
}

fn kinds(notebook: &Notebook) -> Vec<QuirkKind> {
    notebook.quirks.iter().map(|quirk| quirk.kind.clone()).collect()
}

const PLAIN: &str = r##"{"cells":[
 {"cell_type":"markdown","id":"a","metadata":{},"source":"# <script>x</script>"},
 {"cell_type":"code","id":"b","metadata":{"tags":["parameters"]},"execution_count":1,"outputs":[],"source":["x = 1\n","y = 2"]},
 {"cell_type":"code","id":"c","metadata":{"vscode":{"languageId":"sql"}},"execution_count":2,"outputs":[
   {"output_type":"stream","name":"stdout","text":"hello"},
   {"output_type":"display_data","data":{"image/png":"AAAA","text/plain":"<Figure>"},"metadata":{}}],"source":"select 1"}],
 "metadata":{"kernelspec":{"name":"python3","display_name":"Python 3","language":"python"},"language_info":{"name":"python"}},
 "nbformat":4,"nbformat_minor":5}"##;

#[test]
fn a_notebook_is_read_with_its_cells_and_the_size_of_its_outputs() {
    let notebook = parse(PLAIN).unwrap();
    assert_eq!(notebook.quirks, []);
    assert_eq!((notebook.format, notebook.is_python(), notebook.run_in_order), ((4, 5), true, true));
    let numbers: Vec<_> = notebook.cells.iter().map(|cell| cell.number).collect();
    assert_eq!(numbers, [None, Some(1), Some(2)]);
    assert_eq!(notebook.cells[1].source, "x = 1\ny = 2");
    assert!(notebook.cells[1].is_parameters());
    assert_eq!(notebook.cells[2].foreign.as_deref(), Some("sql"));
    assert_eq!(notebook.code().map(|cell| cell.index).collect::<Vec<_>>(), [1]);
    let outputs = &notebook.cells[2].outputs;
    assert_eq!(outputs.count, 2);
    assert_eq!(outputs.kinds.keys().collect::<Vec<_>>(), ["image/png", "stream", "text/plain"]);
    let written = PLAIN.split("\"outputs\":").nth(2).unwrap().split(",\"source\"").next().unwrap();
    assert!(outputs.bytes.abs_diff(written.len() as u64) <= 1, "{} {}", outputs.bytes, written.len());
    // printf 'x = 1\ny = 2' | sha256sum
    assert_eq!(
        notebook.cells[1].digest.hex(),
        "9af816430225a200bd1da83ad7cfc1e13bdff4759621e9d1c92867dfaae11c34"
    );
}

#[test]
fn what_the_strict_reader_refuses_is_read_as_quirks() {
    let text = "\u{feff}{\"nbformat\":4,\"nbformat_minor\":9,\"metadata\":{\"kernelspec\":{\"name\":\"python3\"},\"language_info\":{}},
      \"cells\":[{\"cell_type\":\"code\",\"source\":null,\"execution_count\":1.0,\"metadata\":{\"tags\":\"x\"},\"id\":\"a b\"},
      {\"cell_type\":\"spell\",\"source\":[\"a\",1],\"metadata\":{}}, 7, {\"cell_type\":\"code\",\"source\":\"\",\"outputs\":[]}]}";
    let notebook = parse(text).unwrap();
    let found = kinds(&notebook);
    for kind in [
        QuirkKind::ByteOrderMark,
        QuirkKind::UnknownMinor(9),
        QuirkKind::IncompleteKernel,
        QuirkKind::NoOutputs,
        QuirkKind::OddSource,
        QuirkKind::OddTags,
        QuirkKind::OddId,
        QuirkKind::UnknownCellKind("spell".into()),
        QuirkKind::NotACell,
        QuirkKind::NoCellMetadata,
    ] {
        assert!(found.contains(&kind), "{kind:?} in {found:?}");
    }
    assert_eq!(notebook.cells.len(), 3);
    assert_eq!(
        (notebook.cells[0].count, notebook.cells[0].tags.as_slice()),
        (Some(1), ["x".to_owned()].as_slice())
    );
    assert!(notebook.quirks.iter().any(|q| q.kind == QuirkKind::OddTags && q.cell == Some(0)));
}

#[test]
fn format_3_is_read_with_its_own_names() {
    let text = r#"{"nbformat":3,"nbformat_minor":0,"metadata":{"name":""},"worksheets":[{"cells":[
      {"cell_type":"heading","level":1,"source":["Title"],"metadata":{}},
      {"cell_type":"code","language":"python","input":["a = 1\n","a"],"prompt_number":4,"outputs":[{"output_type":"pyout","text":["1"]}],"metadata":{}}]}]}"#;
    let notebook = parse(text).unwrap();
    assert_eq!((notebook.format.0, notebook.language.as_str()), (3, "python"));
    assert_eq!(notebook.cells[1].source, "a = 1\na");
    assert_eq!((notebook.cells[1].count, notebook.cells[1].outputs.count), (Some(4), 1));
    assert_eq!(kinds(&notebook), [QuirkKind::OldFormat]);
}

#[test]
fn n5_other_formats_and_other_json_are_refused() {
    for (text, code) in [
        (r#"{"nbformat":2,"worksheets":[]}"#, "notebook-format"),
        (r#"{"nbformat":99,"cells":[]}"#, "notebook-format"),
        (r#"{"nbformat":4}"#, "not-a-notebook"),
        ("{}", "not-a-notebook"),
        ("[1,2]", "not-a-notebook"),
        ("", "not-a-notebook"),
        ("{\"nbformat\":4,\"cells\":[]} x", "notebook-syntax"),
        ("\u{89}PNG", "notebook-syntax"),
    ] {
        assert_eq!(parse(text).unwrap_err().code(), code, "{text}");
    }
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_from(&utf16[..], &Limits::default()).unwrap_err().code(), "notebook-encoding");
}

#[test]
fn n5_a_lone_surrogate_is_refused_with_its_place_unless_it_stands_in_an_output() {
    let at = |source: &str, output: &str| {
        let text = format!(
            "{{\"nbformat\":4,\"metadata\":{{}},\"cells\":[\n{{\"cell_type\":\"code\",\"metadata\":{{}},\"outputs\":[{{\"output_type\":\"stream\",\"text\":\"{output}\"}}],\"source\":\"{source}\"}}]}}"
        );
        parse(&text)
    };
    for broken in [r"\ud800", r"\ud800x", r"\udc00", r"\ud800\ud800"] {
        assert!(
            matches!(at(broken, ""), Err(NotebookError::LoneSurrogate { line: 2, column: 80.. })),
            "{broken}"
        );
    }
    assert_eq!(at(r"\ud83d\ude00", r"\ud800").unwrap().cells[0].source, "\u{1f600}");
}

#[test]
fn n5_nesting_100_000_deep_overflows_no_stack() {
    let deep = "[".repeat(100_000);
    let closed = format!("{deep}{}", "]".repeat(100_000));
    assert_eq!(parse(&deep).unwrap_err().code(), "notebook-syntax");
    assert_eq!(parse(&closed).unwrap_err().code(), "not-a-notebook");
    let map = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    for value in [&closed, &map] {
        for field in ["source", "outputs", "metadata", "execution_count", "id", "cell_type"] {
            let text = format!(r#"{{"nbformat":4,"metadata":{{}},"cells":[{{"{field}":{value}}}]}}"#);
            assert!(parse(&text).is_ok_and(|notebook| !notebook.quirks.is_empty()), "{field}");
        }
    }
}

#[test]
fn n5_a_name_that_stands_twice_is_said_and_the_last_one_counts() {
    let text = r#"{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","metadata":{},"outputs":[],"source":"a","source":"b"}],"nbformat":4}"#;
    let notebook = parse(text).unwrap();
    assert_eq!(notebook.cells[0].source, "b");
    assert_eq!(
        kinds(&notebook),
        [QuirkKind::DuplicateKey("source".into()), QuirkKind::DuplicateKey("nbformat".into())]
    );
}

#[test]
fn numbers_that_json_does_not_know_are_read_outside_of_texts_only() {
    let text = r#"{"nbformat":4,"metadata":{"a":-Infinity},"cells":[{"cell_type":"code","metadata":{},"outputs":[{"output_type":"x","data":{"j":[NaN,Infinity]}}],"source":"NaN = \"Infinity\""}]}"#;
    let notebook = parse(text).unwrap();
    assert_eq!(notebook.cells[0].source, "NaN = \"Infinity\"");
    assert_eq!(kinds(&notebook), [QuirkKind::NotANumber]);
    let digest = Digest::from_bytes(
        sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), text))
            .into(),
    );
    assert_eq!(notebook.file_digest, digest);
}

#[test]
fn n5_a_million_cells_are_refused_at_the_limit() {
    let mut text = String::from(r#"{"nbformat":4,"metadata":{},"cells":["#);
    for at in 0..1_000_000 {
        let _ = write!(text, "{}{{\"cell_type\":\"code\",\"source\":\"\"}}", if at == 0 { "" } else { "," });
    }
    text.push_str("]}");
    let error = parse(&text).unwrap_err();
    assert!(matches!(error, NotebookError::TooLarge { what: "cells", limit: 20_000 }), "{error}");
}

/// Gives a notebook whose one output is `left` bytes long, without holding it.
struct Large {
    parts: Vec<Vec<u8>>,
    left: u64,
}

impl Large {
    fn with(field: &str, bytes: u64) -> Self {
        let end = "\"}]}],\"metadata\":{},\"nbformat\":4}";
        let (start, end) = match field {
            "output" => (
                r#"{"cells":[{"cell_type":"code","metadata":{},"source":"x","outputs":[{"output_type":"stream","text":""#,
                end,
            ),
            _ => (
                r#"{"cells":[{"cell_type":"code","metadata":{},"outputs":[],"source":""#,
                "\"}],\"nbformat\":4}",
            ),
        };
        Self { parts: vec![end.into(), start.into()], left: bytes }
    }
}

impl std::io::Read for Large {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.parts.len() == 1 && self.left > 0 {
            let count = into.len().min(self.left as usize);
            into[..count].fill(b'A');
            self.left -= count as u64;
            return Ok(count);
        }
        let Some(part) = self.parts.last_mut() else { return Ok(0) };
        let count = into.len().min(part.len());
        into[..count].copy_from_slice(&part[..count]);
        part.drain(..count);
        if part.is_empty() {
            self.parts.pop();
        }
        Ok(count)
    }
}

#[test]
fn n5_a_large_output_is_passed_over_and_a_large_source_is_refused() {
    let limits = Limits { kept_bytes: 1 << 20, ..Limits::default() };
    let notebook = read_from(Large::with("output", 48 << 20), &limits).unwrap();
    assert!(notebook.cells[0].outputs.bytes > 48 << 20);
    let error = read_from(Large::with("source", 2 << 20), &limits).unwrap_err();
    assert!(
        matches!(error, NotebookError::TooLarge { what: "bytes of source", limit: 1_048_576 }),
        "{error}"
    );
    let small = Limits { file_bytes: 1 << 20, ..limits };
    let error = read_from(Large::with("output", 2 << 20), &small).unwrap_err();
    assert!(matches!(error, NotebookError::TooLarge { what: "bytes", .. }), "{error}");
}

#[test]
fn the_code_digest_follows_the_code_and_nothing_else() {
    let digest = |text: &str| parse(text).unwrap().code_digest;
    let cell = |source: &str, rest: &str| {
        format!(r#"{{"cell_type":"code","metadata":{{}},"source":"{source}"{rest}}}"#)
    };
    let book =
        |cells: &[String]| format!(r#"{{"nbformat":4,"metadata":{{}},"cells":[{}]}}"#, cells.join(","));
    let plain = digest(&book(&[cell(r"a\nb", ""), cell("c", "")]));
    assert_eq!(
        plain,
        digest(&book(&[
            cell(r"a\r\nb", r#","execution_count":7,"outputs":[{"output_type":"x"}]"#),
            cell("c", "")
        ]))
    );
    assert_ne!(plain, digest(&book(&[cell(r"a\nbc", ""), cell("", "")])));
    assert_ne!(plain, digest(&book(&[cell("c", ""), cell(r"a\nb", "")])));
}

#[test]
fn n7_counts_out_of_order_or_missing_are_not_top_to_bottom() {
    let run = |counts: &[&str]| {
        let cells: Vec<_> = counts
            .iter()
            .map(|count| format!(r#"{{"cell_type":"code","metadata":{{}},"outputs":[],"source":"x","execution_count":{count}}}"#))
            .collect();
        parse(&format!(r#"{{"nbformat":4,"metadata":{{}},"cells":[{}]}}"#, cells.join(",")))
            .unwrap()
            .run_in_order
    };
    assert!(run(&["1", "2", "3"]));
    assert!(run(&["4", "7"]));
    for wrong in [&["2", "1"][..], &["1", "1"], &["1", "null"], &["null", "null"]] {
        assert!(!run(wrong), "{wrong:?}");
    }
}

#[test]
fn another_language_is_recognised_by_what_the_notebook_says_or_its_kernel() {
    for (metadata, language) in [
        (r#"{"language_info":{"name":"R"}}"#, "r"),
        (r#"{"kernelspec":{"name":"julia-1.9","display_name":"Julia"}}"#, "julia"),
        (r#"{"kernelspec":{"name":"ir","display_name":"R"}}"#, "r"),
        (r#"{"kernelspec":{"name":"x","display_name":"x","language":"python"}}"#, "python"),
        ("{}", "python"),
    ] {
        let notebook = parse(&format!(r#"{{"nbformat":4,"metadata":{metadata},"cells":[]}}"#)).unwrap();
        assert_eq!(notebook.language, language);
        assert_eq!(notebook.is_python(), language == "python");
    }
}
