//! libFuzzer's program: gives its inputs to the target that `FLIGHTDECK_FUZZ` names. `cargo xtask fuzz` builds it with coverage
//! and starts it; `FLIGHTDECK_FUZZ_SEEDS` is a folder that the target's seeds and words are written to first.

#![no_main]

use flightdeck_runner::fuzzing::Target;
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::OnceLock;

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("FLIGHTDECK_FUZZ").unwrap_or_default();
        let target = Target::named(&name).unwrap_or_else(|| panic!("FLIGHTDECK_FUZZ names no target: {name:?}"));
        if let Some(folder) = std::env::var_os("FLIGHTDECK_FUZZ_SEEDS") {
            write_seeds(target, Path::new(&folder)).unwrap_or_else(|error| panic!("no seeds: {error}"));
        }
        TARGET.get_or_init(|| target);
    },
    |input: &[u8]| {
        if let Some(target) = TARGET.get() {
            target.check(input);
        }
    }
);

fn write_seeds(target: Target, folder: &Path) -> std::io::Result<()> {
    for (number, seed) in target.seeds().iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    let line = |word: &&str| {
        let bytes: String = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        format!("\"{bytes}\"\n")
    };
    std::fs::write(folder.with_extension("words"), target.words().iter().map(line).collect::<String>())
}
