//! Which line of the cell failed, read out of `IPython`'s traceback. `IPython` 7, 8 and 9 each write it differently.

use std::iter;

/// The innermost line of the cell with this execution count. The traceback has no ANSI sequences any more.
pub(crate) fn line(traceback: &[String], count: i64) -> Option<u32> {
    traceback.iter().flat_map(|frame| frames(frame)).filter_map(|frame| line_of(frame, count)).last()
}

/// One entry usually is one frame; `IPython` 8 now and then puts several into one.
fn frames(entry: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = entry
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .filter(|at| is_head(entry[*at..].lines().next().unwrap_or_default()))
        .collect();
    let begins: Vec<usize> = iter::once(0).chain(starts.iter().copied()).collect();
    let ends: Vec<usize> = starts.into_iter().chain(iter::once(entry.len())).collect();
    begins.into_iter().zip(ends).map(|(begin, end)| &entry[begin..end])
}

fn is_head(line: &str) -> bool {
    ["Cell In", "Input In", "Input ", "Cell ", "File ", "<ipython-input-"]
        .iter()
        .any(|head| line.trim_start().starts_with(head))
}

fn line_of(frame: &str, count: i64) -> Option<u32> {
    let head = frame.lines().next()?.trim_start();
    if !names_cell(head, count) {
        return None;
    }
    let arrow = frame.lines().find_map(|line| {
        let (dashes, rest) = line.trim_start().split_once("> ")?;
        (dashes.len() >= 2 && dashes.bytes().all(|byte| byte == b'-')).then(|| number(rest)).flatten()
    });
    arrow
        .or_else(|| head.split_once(", line ").and_then(|(_, rest)| number(rest)))
        .or_else(|| head.split_once("<cell line: ").and_then(|(_, rest)| number(rest)))
}

fn names_cell(head: &str, count: i64) -> bool {
    let new = format!("In[{count}]");
    let middle = format!("In [{count}]");
    let old = format!("<ipython-input-{count}-");
    head.contains(&new) || head.contains(&middle) || head.contains(&old)
}

fn number(text: &str) -> Option<u32> {
    let digits = text.trim_start();
    let end = digits.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        text.split("\n\n").map(str::to_owned).collect()
    }

    #[test]
    fn the_innermost_line_of_this_cell_counts() {
        let now = of(
            "ZeroDivisionError  Traceback (most recent call last)\n\nCell In[3], line 4\n      2     return 1/0\n----> 4 f()\n\nCell In[3], line 2, in f()\n      1 def f():\n----> 2     return 1/0\n\nFile /x/y.py:7, in g()\n----> 7 z\n\nZeroDivisionError: division by zero",
        );
        assert_eq!(line(&now, 3), Some(2));
        assert_eq!(line(&now, 4), None);
    }

    #[test]
    fn the_older_ways_of_writing_it_are_read() {
        let eight =
            of("Input In [2], in <cell line: 1>()\n      1 if True:\n----> 2     boom\n\nNameError: x");
        let seven = of("<ipython-input-5-a1b2> in <module>\n      1 x\n----> 2 y\n\nNameError: y");
        assert_eq!(line(&eight, 2), Some(2));
        assert_eq!(line(&seven, 5), Some(2));
    }

    #[test]
    fn a_syntax_error_has_a_line_and_no_arrow() {
        assert_eq!(
            line(&of("  Cell In[1], line 3\n    x = = 1\n        ^\nSyntaxError: invalid syntax"), 1),
            Some(3)
        );
    }
}
