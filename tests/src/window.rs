//! The real window, driven through WebDriver.

use crate::desk::Desk;
use crate::display::{Display, Group};
use crate::programs::{driver, program};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use thirtyfour::prelude::*;

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_mins(2);

/// The window of a desk.
pub struct Window {
    /// The page.
    pub page: WebDriver,
    _driver: Group,
}

impl Window {
    /// Opens the window on the desk's library, at 1280 × 800, beside the place that files are dragged from.
    ///
    /// # Panics
    /// When the driver or the window does not start.
    pub async fn open(desk: &Desk, display: &Display) -> Self {
        let (port, native) = (free_port(), free_port());
        // A desk with a keychain has its bus already; others get one that ends with the window.
        let mut command = Command::new(if desk.has_bus() { driver() } else { "dbus-run-session".into() });
        if !desk.has_bus() {
            command.arg("--").arg(driver());
        }
        command
            .args(["--port", &port.to_string(), "--native-port", &native.to_string()])
            .args(["--native-driver", "/usr/bin/WebKitWebDriver"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        display.surround(&mut command);
        desk.surround(&mut command);
        let group = display.spawn_as_is(&mut command);
        let application = program("FLIGHTDECK_DESKTOP", "flightdeck-desktop");
        let mut capabilities = Capabilities::new();
        let options = serde_json::json!({
            "application": application,
            "args": ["--library", desk.library()],
        });
        capabilities.insert("tauri:options".into(), options);
        let address = format!("http://127.0.0.1:{port}");
        let began = Instant::now();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let page = loop {
            // The driver has no sign of being ready but that it answers.
            match WebDriver::new(&address, capabilities.clone()).await {
                Ok(page) => break page,
                Err(error) => assert!(began.elapsed() < PATIENCE, "the window does not start: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        page.set_window_rect(160, 0, 1280, 800).await.unwrap_or_else(|error| panic!("{error}"));
        Self { page, _driver: group }
    }

    /// Drops files on the window: drags them over it, waits until it shows that it takes them, and lets go.
    ///
    /// # Panics
    /// When the window does not take them, however often a hand tries.
    pub async fn drop_files(&self, display: &Display, files: &[&Path]) {
        for _ in 0..5 {
            let drag = display.drag(files);
            if self.shows_within("Drop to import", Duration::from_secs(5)).await {
                drag.nudge();
                drag.release();
                self.see_gone("Drop to import").await;
                return drop(drag);
            }
            drag.release();
        }
        panic!("the window takes no files; it says:\n{}", self.text().await);
    }

    async fn shows_within(&self, text: &str, patience: Duration) -> bool {
        let began = Instant::now();
        while began.elapsed() < patience {
            if self.text().await.contains(text) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// Waits until the page says this.
    ///
    /// # Panics
    /// When it does not within a minute; the page's text is in the message.
    pub async fn see(&self, text: &str) {
        self.until(text, |page| page.contains(text)).await;
    }

    /// Waits until the page no longer says this.
    ///
    /// # Panics
    /// When it still does after a minute.
    pub async fn see_gone(&self, text: &str) {
        self.until(text, |page| !page.contains(text)).await;
    }

    async fn until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let began = Instant::now();
        loop {
            let page = self.text().await;
            if holds(&page) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "waited for \"{what}\" and the page says:\n{page}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a script answers true.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub async fn holds(&self, script: &str) {
        let began = Instant::now();
        loop {
            let answer = self.page.execute(script, vec![]).await;
            if answer.is_ok_and(|answer| answer.convert::<bool>().unwrap_or(false)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "never true: {script}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the page says; why it cannot be asked while it is being loaded.
    pub async fn text(&self) -> String {
        match self.page.execute("return document.body.innerText", vec![]).await {
            Ok(answer) => answer.convert::<String>().unwrap_or_default(),
            Err(error) => format!("(the page does not answer: {error})"),
        }
    }

    /// Presses the button, tab or link with this text or name, once it is there.
    ///
    /// # Panics
    /// When there is none within a minute.
    pub async fn press(&self, name: &str) {
        let xpath = format!(
            "//*[self::button or self::a or self::summary or @role='tab' or @role='button' or @role='menuitemradio']\
             [not(@disabled)][normalize-space(.)='{name}' or @aria-label='{name}']"
        );
        self.click(By::XPath(&xpath), name).await;
    }

    /// Presses what this selector finds.
    ///
    /// # Panics
    /// When there is nothing within a minute.
    pub async fn click(&self, by: By, what: &str) {
        let began = Instant::now();
        loop {
            let found = self.page.find(by.clone()).await;
            if let Ok(element) = found
                && element.click().await.is_ok()
            {
                return;
            }
            let page = self.text().await;
            assert!(began.elapsed() < PATIENCE, "there is no \"{what}\" to press; the page says:\n{page}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Keeps what the window looks like, when `FLIGHTDECK_SHOTS` names a folder.
    ///
    /// # Panics
    /// When the picture cannot be taken.
    pub async fn shot(&self, name: &str) {
        let Some(folder) = std::env::var_os("FLIGHTDECK_SHOTS") else { return };
        let path = Path::new(&folder).join(format!("{name}.png"));
        // A picture is what was painted last: two frames and the transitions must have passed.
        let painted = "const done = arguments[arguments.length - 1];
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300)));";
        self.page.execute_async(painted, vec![]).await.unwrap_or_else(|error| panic!("{error}"));
        self.page.screenshot(&path).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Keeps both what the window looks like in the light and in the dark.
    ///
    /// # Panics
    /// When the pictures cannot be taken.
    pub async fn shots(&self, name: &str) {
        for theme in ["dark", "light"] {
            let wear = format!("document.documentElement.dataset.theme = '{theme}'");
            self.page.execute(&wear, vec![]).await.unwrap_or_else(|error| panic!("{error}"));
            self.shot(&format!("{name}-{theme}")).await;
        }
    }

    /// What keeps people from using what is shown now: the rules of axe that do not hold, and where.
    ///
    /// # Panics
    /// When the page cannot be looked at.
    pub async fn barriers(&self) -> Vec<String> {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
        let source = std::fs::read_to_string(&axe)
            .unwrap_or_else(|error| panic!("{}: {error}; run `npm ci` in ui", axe.display()));
        self.page.execute(&source, vec![]).await.unwrap_or_else(|error| panic!("{error}"));
        let look = "const done = arguments[arguments.length - 1];
            // A colour on its way is nobody's colour: what has an end is waited for.
            const ends = (move) => move.effect?.getComputedTiming().endTime !== Infinity;
            const moves = document.getAnimations().filter(ends).map((move) => move.finished);
            Promise.allSettled(moves).then(() => axe.run()).then((found) => done(found.violations.map((rule) =>
                `${rule.id}: ${rule.nodes.map((node) => `${node.target} (${node.failureSummary})`).join(', ')}`)),
                (error) => done([String(error)]));";
        let found = self.page.execute_async(look, vec![]).await.unwrap_or_else(|error| panic!("{error}"));
        found.convert().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Closes the window as its user would.
    pub async fn close(self) {
        let _ = self.page.quit().await;
    }
}

/// A port that was free a moment ago: the driver takes numbers only.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.unwrap_or_else(|error| panic!("no free port: {error}")).port()
}
