//! A `requirements.txt` as lines that can be installed elsewhere: relative files made absolute, the project itself and
//! what would be built beside the notebook left out.

use std::path::Path;

/// Lines for pip, and those that were left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) kept: Vec<String>,
    pub(super) left_out: Vec<String>,
}

pub(super) fn read(text: &str, folder: &Path) -> Lines {
    let mut lines = Lines::default();
    let joined = text.trim_start_matches('\u{feff}').replace("\\\r\n", " ").replace("\\\n", " ");
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match included(line) {
            Some((option, file)) => lines.kept.push(format!("{option} {}", folder.join(file).display())),
            None if is_local(line) => lines.left_out.push(line.to_owned()),
            None => lines.kept.push(line.to_owned()),
        }
    }
    lines
}

/// `-r other.txt`, `-c constraints.txt`.
fn included(line: &str) -> Option<(&'static str, &str)> {
    for (option, long) in [("-r", "--requirement"), ("-c", "--constraint")] {
        for name in [long, option] {
            if let Some(rest) = line.strip_prefix(name) {
                return Some((option, rest.trim_start_matches('=').trim()));
            }
        }
    }
    None
}

fn is_local(line: &str) -> bool {
    line.starts_with("-e")
        || line.starts_with("--editable")
        || line.starts_with(['.', '/'])
        || line.contains("file:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_built_beside_the_notebook_is_left_out() {
        let text = "\u{feff}# head\npandas==2.0 \\\n  --hash=sha256:00\r\n-e .\n./local\n-r more.txt\n-cpins.txt\nx @ file:///tmp/x\n\nnumpy";
        let lines = read(text, Path::new("/p"));
        assert_eq!(
            lines.kept,
            ["pandas==2.0    --hash=sha256:00", "-r /p/more.txt", "-c /p/pins.txt", "numpy"]
        );
        assert_eq!(lines.left_out, ["-e .", "./local", "x @ file:///tmp/x"]);
    }
}
