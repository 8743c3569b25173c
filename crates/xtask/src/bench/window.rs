//! The window and its runner: how soon something is on the screen, and what both cost while nobody does anything.
//!
//! Everything happens under a virtual display, in a session of its own, with one model deployed in the library. What the
//! web view costs by itself is the library's own browser with an empty page, looked at in the same way.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Bench;
use super::children::{Listen, Running};
use super::desk::Desk;
use super::figures::Figure;
use super::proc::{Stat, cpu_s, pss_mib, tree};
use crate::process::output;

const STARTS: usize = 5;
const START: Duration = Duration::from_mins(1);
/// Between the first screen and the look at an idle program.
const SETTLE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(10);
/// A process name as the kernel cuts it.
const WINDOW: &str = "flightdeck-desk";
const BROWSER: &str = "MiniBrowser";

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let desk = Desk::new(bench, "window")?;
    let display = Display::start(&desk)?;
    let mut paints = Vec::new();
    for _ in 0..STARTS {
        paints.push(display.window(&desk, bench)?.1);
    }
    let empty = "start to first screen, empty library";
    let mut figures = vec![Figure::of("window", empty, "ms", &paints)];
    desk.import("flights-late", "flights", "flights-late.onnx")?;
    output(&mut desk.flightdeck(&["--json", "deploy", "flights-late"]))?;
    let (window, _) = display.window(&desk, bench)?;
    let runner = vec![desk.runner_pid()?];
    window.rest(SETTLE)?;
    let tree = below(&window, WINDOW)?;
    figures.extend(idle(&window, &[("the window", &tree), ("its runner, one model", &runner)])?);
    drop(window);
    match display.floor(&desk)? {
        Some(floor) => figures.push(floor),
        None => eprintln!("WebKit's browser is not installed: the web view's own memory is not measured"),
    }
    Ok(figures)
}

/// A virtual screen; it ends when dropped.
struct Display {
    name: String,
    _running: Running,
}

impl Display {
    fn start(desk: &Desk<'_>) -> Result<Self> {
        let mut xvfb = Command::new("Xvfb");
        desk.surround(&mut xvfb);
        xvfb.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
        let running = Running::start(&mut xvfb, Listen::Out)?;
        let number = running.line(START, |line| line.trim().parse::<u32>().ok())?;
        Ok(Self { name: format!(":{number}"), _running: running })
    }

    /// A program on this screen, in a session of its own.
    fn session(&self, desk: &Desk<'_>, program: &PathBuf) -> Command {
        let mut command = Command::new("dbus-run-session");
        command.arg("--").arg(program);
        desk.surround(&mut command);
        command.env("DISPLAY", &self.name).env("GDK_BACKEND", "x11").env("NO_AT_BRIDGE", "1");
        for name in ["WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"] {
            command.env_remove(name);
        }
        command
    }

    /// The window, painted, and how long that took in milliseconds.
    fn window(&self, desk: &Desk<'_>, bench: &Bench<'_>) -> Result<(Running, f64)> {
        let mut command = self.session(desk, &bench.product.desktop);
        command.arg("--library").arg(desk.library());
        command.env("RUST_LOG", "warn,flightdeck=debug").env("NO_COLOR", "1");
        let running = Running::start(&mut command, Listen::Err)?;
        let paint = running.line(START, first_paint_ms)?;
        Ok((running, paint))
    }

    /// Memory of an empty page without us.
    fn floor(&self, desk: &Desk<'_>) -> Result<Option<Figure>> {
        let Some(browser) = browser() else { return Ok(None) };
        let mut command = self.session(desk, &browser);
        let browser = Running::start(command.arg("about:blank"), Listen::Err)?;
        browser.rest(SETTLE)?;
        let memory = memory_mib(&below(&browser, BROWSER)?)?;
        let what = "memory of WebKit's own browser, empty page";
        Ok(Some(Figure::of("window", what, "MiB", &[memory]).note("the floor of any web view here")))
    }
}

fn first_paint_ms(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once("first-paint-ms=")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn browser() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let mut places = folders.map(|folder| folder.join("webkit2gtk-4.1").join(BROWSER));
    places.find(|place| place.is_file())
}

/// The program that a session runs, and all that it started.
fn below(session: &Running, name: &str) -> Result<Vec<u32>> {
    let named = |pid: &u32| Stat::of(*pid).is_some_and(|stat| stat.name == name);
    let program = tree(session.pid()).into_iter().find(named);
    Ok(tree(program.with_context(|| format!("{name} is not in its session"))?))
}

/// Processor share over a time, then memory, of each group of processes, the first of which is the program itself.
fn idle(window: &Running, groups: &[(&str, &Vec<u32>)]) -> Result<Vec<Figure>> {
    let used = |pids: &Vec<u32>| pids.iter().map(|pid| cpu_s(*pid)).collect::<Result<Vec<f64>>>();
    let before: Vec<Vec<f64>> = groups.iter().map(|(_, pids)| used(pids)).collect::<Result<_>>()?;
    window.rest(IDLE)?;
    let mut figures = Vec::new();
    for ((name, pids), before) in groups.iter().zip(before) {
        let after = used(pids)?;
        let shares =
            after.iter().zip(before).map(|(after, before)| (after - before) / IDLE.as_secs_f64() * 100.0);
        let shares: Vec<f64> = shares.collect();
        let what = format!("idle processor share of {name}");
        let own = if shares.len() > 1 { format!(", {:.1} its own", shares[0]) } else { String::new() };
        let figure = Figure::of("window", what, "%", &[shares.iter().sum()]);
        figures.push(figure.note(format!("of one core, over 10 s{own}")));
    }
    for (name, pids) in groups {
        let memory = memory_mib(pids)?;
        let note = match pids.len() {
            1 => "PSS".to_owned(),
            processes => format!("PSS of {processes} processes, {:.0} its own", pss_mib(pids[0])?),
        };
        figures.push(Figure::of("window", format!("memory of {name}"), "MiB", &[memory]).note(note));
    }
    Ok(figures)
}

fn memory_mib(pids: &[u32]) -> Result<f64> {
    pids.iter().map(|pid| pss_mib(*pid)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_paint_is_found_in_a_log_line() {
        let line = "2026-01-01T00:00:00Z DEBUG flightdeck_desktop::paint: first-paint-ms=431";
        assert_eq!(first_paint_ms(line), Some(431.0));
        assert_eq!(first_paint_ms("first-paint-ms=12 ms"), Some(12.0));
        assert_eq!(first_paint_ms("first-paint-ms="), None);
    }
}
