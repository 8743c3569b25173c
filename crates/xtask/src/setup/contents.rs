//! Whether an environment that is there already holds exactly what a requirement file pins.

use std::path::Path;
use std::process::Command;

use crate::process::succeeds;

/// Compares names and versions; arguments: the requirement file, then the folder to look in unless it is this Python's own.
/// What every environment is born with does not count.
const COMPARE: &str = r"
import re, sys
from importlib.metadata import distributions
from pip._vendor.packaging.requirements import Requirement

def plain(name):
    return re.sub(r'[-_.]+', '-', name).lower()

lines = [line.split('#')[0].strip() for line in open(sys.argv[1], encoding='utf-8')]
pins = [Requirement(line) for line in lines if line]
wanted = {(plain(pin.name), str(pin.specifier)) for pin in pins if not pin.marker or pin.marker.evaluate()}
found = distributions(path=sys.argv[2:] or sys.path)
there = {(plain(one.metadata['Name']), '==' + one.version) for one in found}
there = {one for one in there if one[0] not in ('pip', 'setuptools', 'wheel')}
sys.exit(0 if wanted == there else 1)
";

/// Asks `python` about its own packages, or about those in an overlay. Nothing there is not equal.
pub(super) fn equal(python: &Path, folder: &Path, overlay: Option<&Path>, pins: &Path) -> bool {
    if !folder.is_dir() {
        return false;
    }
    let mut compare = Command::new(python);
    compare.args(["-I", "-c", COMPARE]).arg(pins).args(overlay);
    succeeds(&mut compare)
}
