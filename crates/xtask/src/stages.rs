//! The stages of a long command, each with a headline before and a line in the table after.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What ran so far and how long it took.
#[derive(Default)]
pub(crate) struct Stages {
    done: Vec<Stage>,
}

struct Stage {
    name: &'static str,
    took: Duration,
    passed: bool,
}

impl Stages {
    /// Runs one stage under its headline.
    pub(crate) fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n── {name}");
        let start = Instant::now();
        let outcome = work();
        self.done.push(Stage { name, took: start.elapsed(), passed: outcome.is_ok() });
        outcome.with_context(|| format!("the stage “{name}” failed"))
    }
}

impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stage in &self.done {
            let mark = if stage.passed { "" } else { "  failed" };
            writeln!(f, "{:12} {}{mark}", stage.name, clock(stage.took))?;
        }
        write!(f, "{:12} {}", "together", clock(self.done.iter().map(|stage| stage.took).sum()))
    }
}

/// Minutes and seconds, aligned: `  4:05.1`.
fn clock(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{:3}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_seconds_are_aligned() {
        assert_eq!(clock(Duration::from_millis(245_190)), "  4:05.1");
        assert_eq!(clock(Duration::from_millis(99)), "  0:00.0");
    }

    #[test]
    fn the_table_keeps_a_failed_stage() {
        let mut stages = Stages::default();
        stages.run("one", || Ok(())).unwrap();
        assert!(stages.run("two", || -> Result<()> { anyhow::bail!("no") }).is_err());
        let table = stages.to_string();
        assert_eq!(table.lines().count(), 3);
        assert!(table.contains("two            0:00.0  failed"), "{table}");
    }
}
