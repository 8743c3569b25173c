//! `cargo xtask soak`: the runner's soak test for longer than the tests have time, built as it is shipped.
//!
//! What goes on meanwhile and what has to hold is in the runner's `tests/it/soak`.

use anyhow::{Context, Result, ensure};

use crate::place::Place;
use crate::process::run;
use crate::product::{Mode, Product};
use crate::setup::{self, Purpose};

const MINUTES: u64 = 10;
const QUICK_SECONDS: u64 = 30;
const TEST: &str = "soak::r18_r19_a_soak_at_overload_loses_nothing_and_answers_nothing_wrong";

/// Soaks for so many minutes, ten unless told otherwise; `--quick` for half of one and without optimising.
pub(crate) fn soak(place: &Place, arguments: &[String]) -> Result<()> {
    let wish = Wish::read(arguments)?;
    let ready = setup::setup(place, Purpose::Use)?;
    let mode = if wish.is_quick { Mode::Debug } else { Mode::Release };
    let mut test = place.cargo();
    test.args(["test", "--package", "flightdeck-runner", "--test", "it"]);
    if !wish.is_quick {
        test.arg("--release");
    }
    Product::at(place, mode).reach(&mut test, &ready);
    test.env("FLIGHTDECK_SOAK_SECONDS", wish.seconds.to_string());
    run(test.args(["--", "--exact", "--nocapture", TEST]))
}

#[derive(Debug, PartialEq)]
struct Wish {
    seconds: u64,
    is_quick: bool,
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut wish = Self { seconds: MINUTES * 60, is_quick: false };
        for argument in arguments {
            if argument == "--quick" {
                (wish.seconds, wish.is_quick) = (QUICK_SECONDS, true);
            } else {
                let minutes: u64 =
                    argument.parse().with_context(|| format!("`{argument}` is no number of minutes"))?;
                ensure!(minutes > 0, "a soak takes a minute at least");
                wish.seconds = minutes * 60;
            }
        }
        Ok(wish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_minutes_unless_told_otherwise() {
        let read =
            |arguments: &[&str]| Wish::read(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(read(&[]).unwrap(), Wish { seconds: 600, is_quick: false });
        assert_eq!(read(&["2"]).unwrap(), Wish { seconds: 120, is_quick: false });
        assert_eq!(read(&["--quick"]).unwrap(), Wish { seconds: 30, is_quick: true });
        assert!(read(&["0"]).is_err() && read(&["long"]).is_err());
    }
}
