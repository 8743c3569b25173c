//! `cargo xtask fuzz`: libFuzzer with coverage on each door that bytes of strangers come in by, for as long as asked.
//!
//! What an input may not do is in the runner's `fuzzing`. Built on the stable compiler into a target folder of its own, the way
//! cargo-fuzz does it without a sanitizer; what is found is kept in the cache, outside of the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::place::Place;
use crate::process::{output, run, succeeds};

const TARGETS: [&str; 4] = ["json", "binary", "grpc", "upload"];
const SECONDS: u64 = 60;

/// What makes the compiler count which edges of the program an input reaches.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    -Ccodegen-units=1 -Cdebug-assertions=yes -Coverflow-checks=yes";

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Wish {
    targets: Vec<&'static str>,
    seconds: u64,
    replay: Option<PathBuf>,
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut wish = Self { targets: Vec::new(), seconds: SECONDS, replay: None };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--replay" {
                wish.replay = Some(rest.next().context("--replay needs the name of a file")?.into());
            } else if let Ok(seconds) = argument.parse() {
                wish.seconds = seconds;
            } else {
                let target = TARGETS.into_iter().find(|target| target == argument);
                let unknown = || format!("there is no target `{argument}`; there are {}", TARGETS.join(", "));
                wish.targets.push(target.with_context(unknown)?);
            }
        }
        ensure!(
            wish.replay.is_none() || wish.targets.len() == 1,
            "--replay needs the one target of the file"
        );
        if wish.targets.is_empty() {
            wish.targets = TARGETS.to_vec();
        }
        Ok(wish)
    }
}

/// Looks for inputs that break a target, or tries one again: `[TARGET…] [SECONDS] [--replay FILE]`.
pub(crate) fn fuzz(place: &Place, arguments: &[String]) -> Result<()> {
    let wish = Wish::read(arguments)?;
    let program = build(place)?;
    let mut broken = Vec::new();
    for target in wish.targets {
        let ground = Ground::prepare(place, target)?;
        match &wish.replay {
            Some(file) => return ground.replay(&program, file),
            None if ground.search(&program, wish.seconds) => {}
            None => broken.push(target),
        }
    }
    if broken.is_empty() { Ok(()) } else { bail!("broken: {}", broken.join(", ")) }
}

/// Gives libFuzzer's program. Naming the platform keeps the flags away from build scripts.
fn build(place: &Place) -> Result<PathBuf> {
    let platform = output(Command::new("rustc").arg("-vV"))?;
    let platform =
        platform.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc has no host")?;
    let target = place.target.join("fuzz");
    let mut build = place.cargo();
    build
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--release", "--quiet", "--package", "flightdeck-runner", "--example", "fuzz"])
        .args(["--features", "fuzz", "--target", platform]);
    run(&mut build).context("libFuzzer is C++: this needs a compiler for it (g++ or clang++)")?;
    Ok(target.join(platform).join("release/examples/fuzz"))
}

/// Where a target's inputs are kept.
struct Ground {
    target: &'static str,
    seeds: PathBuf,
    corpus: PathBuf,
    crashes: PathBuf,
}

impl Ground {
    fn prepare(place: &Place, target: &'static str) -> Result<Self> {
        let base = place.cache.join("fuzz").join(target);
        let ground = Self {
            target,
            seeds: base.join("seeds"),
            corpus: base.join("corpus"),
            crashes: base.join("crashes"),
        };
        for folder in [&ground.seeds, &ground.corpus, &ground.crashes] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(ground)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("FLIGHTDECK_FUZZ", self.target).env("FLIGHTDECK_FUZZ_SEEDS", &self.seeds);
        command
    }

    /// Whether the target held for that long.
    fn search(&self, program: &Path, seconds: u64) -> bool {
        println!("fuzzing {} for {seconds} s; corpus in {}", self.target, self.corpus.display());
        // The words are written by the program itself, but read before it starts.
        succeeds(self.command(program).arg("-runs=0"));
        let mut search = self.command(program);
        search
            .args([format!("-max_total_time={seconds}"), "-max_len=65536".into(), "-timeout=10".into()])
            .args(["-rss_limit_mb=2048", "-print_final_stats=1", "-reload=0", "-verbosity=1"])
            .arg(format!("-dict={}", self.seeds.with_extension("words").display()))
            .arg(format!("-artifact_prefix={}/", self.crashes.display()))
            .args([&self.corpus, &self.seeds]);
        let held = search.status().is_ok_and(|status| status.success());
        if !held {
            println!(
                "{} broke. Try an input of {} again with\n  cargo xtask fuzz {} --replay FILE",
                self.target,
                self.crashes.display(),
                self.target
            );
        }
        held
    }

    fn replay(&self, program: &Path, file: &Path) -> Result<()> {
        run(self.command(program).arg(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Wish> {
        Wish::read(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn targets_and_seconds_come_in_any_order() {
        let wish = Wish { targets: vec!["upload"], seconds: 5, replay: None };
        assert_eq!(read(&["5", "upload"]).unwrap(), wish);
        assert_eq!(read(&["upload", "5"]).unwrap(), wish);
        assert_eq!(read(&[]).unwrap().targets, TARGETS);
    }

    #[test]
    fn a_replay_needs_its_target() {
        assert!(read(&["--replay", "f"]).is_err() && read(&["json", "--replay"]).is_err());
        assert_eq!(read(&["json", "--replay", "f"]).unwrap().replay, Some("f".into()));
        assert!(read(&["jsn"]).unwrap_err().to_string().contains("json, binary, grpc, upload"));
    }
}
