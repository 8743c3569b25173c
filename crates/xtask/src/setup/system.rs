//! System packages: installed by apt where there is one, named where there is none.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Result, bail};

use super::Purpose;
use crate::process::{found, output, run, succeeds};

/// A Debian package, and how to tell on other systems that what it brings is there.
struct Need {
    package: &'static str,
    sign: Sign,
    test_only: bool,
}

enum Sign {
    /// A program on `PATH`.
    Program(&'static str),
    /// A library that pkg-config knows.
    Library(&'static str),
    /// A module of the system's own Python.
    Python(&'static str),
}

const NEEDS: &[Need] = &[
    need("build-essential", Sign::Program("cc")),
    need("pkg-config", Sign::Program("pkg-config")),
    need("libwebkit2gtk-4.1-dev", Sign::Library("webkit2gtk-4.1")),
    need("librsvg2-dev", Sign::Library("librsvg-2.0")),
    test_need("curl", Sign::Program("curl")),
    test_need("procps", Sign::Program("kill")),
    test_need("webkit2gtk-driver", Sign::Program("WebKitWebDriver")),
    test_need("xvfb", Sign::Program("Xvfb")),
    test_need("x11-utils", Sign::Program("xwininfo")),
    test_need("xdotool", Sign::Program("xdotool")),
    test_need("dbus-x11", Sign::Program("dbus-launch")),
    test_need("dbus-daemon", Sign::Program("dbus-run-session")),
    test_need("gnome-keyring", Sign::Program("gnome-keyring-daemon")),
    test_need("python3-venv", Sign::Python("venv, ensurepip")),
    test_need("python3-gi", Sign::Python("gi")),
    test_need("gir1.2-gtk-3.0", Sign::Python("gi; gi.require_version('Gtk', '3.0')")),
];

const fn need(package: &'static str, sign: Sign) -> Need {
    Need { package, sign, test_only: false }
}

const fn test_need(package: &'static str, sign: Sign) -> Need {
    Need { package, sign, test_only: true }
}

/// Brings what is missing, or says what is.
pub(super) fn packages(purpose: Purpose) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let wanted: Vec<&Need> =
        NEEDS.iter().filter(|need| !need.test_only || purpose == Purpose::Test).collect();
    if has_apt() {
        return install(&wanted.iter().map(|need| need.package).collect::<Vec<_>>());
    }
    let missing: Vec<_> =
        wanted.iter().filter(|need| !need.sign.is_there()).map(|need| need.package).collect();
    if !missing.is_empty() {
        bail!(
            "this system has no apt, and what these Debian packages bring is missing: {}. \
             Install it with the system's own package manager, then run the command again",
            missing.join(", ")
        );
    }
    Ok(())
}

/// Whether packages can be installed here through apt.
pub(super) fn has_apt() -> bool {
    found("apt-get").is_some() && found("dpkg-query").is_some()
}

/// Installs those of the packages that are not there yet; quiet when there are none.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    // dpkg-query fails when it does not know one of the names, but still answers for the others.
    let answer = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"])
        .args(packages)
        .output()?;
    let missing = missing(packages, &String::from_utf8_lossy(&answer.stdout));
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing {}", missing.join(" "));
    run(apt(&missing)?.args(["update", "--quiet=2"]))?;
    run(apt(&missing)?.args(["install", "--yes", "--quiet=2", "--no-install-recommends"]).args(&missing))
}

fn missing<'a>(packages: &[&'a str], answer: &str) -> Vec<&'a str> {
    let installed: BTreeSet<&str> =
        answer.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    packages.iter().copied().filter(|package| !installed.contains(package)).collect()
}

/// apt-get with the rights to install.
fn apt(missing: &[&str]) -> Result<Command> {
    if output(Command::new("id").arg("-u"))?.trim() == "0" {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        return Ok(command);
    }
    if found("sudo").is_none() {
        bail!(
            "these packages are missing and only root can install them: apt-get install {}",
            missing.join(" ")
        );
    }
    let mut command = Command::new("sudo");
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(command)
}

impl Sign {
    fn is_there(&self) -> bool {
        match self {
            Self::Program(name) => found(name).is_some(),
            Self::Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
            Self::Python(module) => {
                succeeds(Command::new("/usr/bin/python3").arg("-c").arg(format!("import {module}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count_as_there() {
        let answer = "xvfb installed\nxdotool config-files\npkg-config not-installed\n";
        assert_eq!(
            missing(&["xvfb", "xdotool", "pkg-config", "librsvg2-dev"], answer),
            ["xdotool", "pkg-config", "librsvg2-dev"]
        );
    }

    #[test]
    fn using_needs_less_than_testing() {
        assert!(NEEDS.iter().any(|need| need.test_only));
        assert!(NEEDS.iter().filter(|need| !need.test_only).all(|need| need.package != "xvfb"));
    }
}
