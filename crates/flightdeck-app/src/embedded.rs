//! The runner of this computer: a process of its own, with its lock, port and token in the library.
//!
//! It outlives the window and the command line that started it; the next one finds it by its files and attaches. Its
//! token reaches it over standard input and lies in one file that only this user can read, so that window and command
//! line can share the runner.

use crate::{App, Error, Result};
use flightdeck_core::Name;
use flightdeck_protocol::{Bound, Control, ControlError, Handshake, RUNNING_FILE, Running, Token};
use flightdeck_store::runner::{self, RunnerRecord};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

/// The embedded runner's name.
pub const THIS_COMPUTER: &str = "this-computer";

/// How long a runner may take until it is bound, and until it is ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a running one may take to say who it is.
pub(crate) const GREETING: Duration = Duration::from_secs(3);

/// The files of the embedded runner in a library.
struct Place(PathBuf);

impl Place {
    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn log(&self) -> PathBuf {
        self.0.join("runner.log")
    }

    /// What the runner itself wrote when it was bound.
    fn bound(&self) -> Option<Running> {
        let text = fs::read(self.data().join(RUNNING_FILE)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Whether a runner serves this folder: it holds the lock for as long as it lives.
    fn is_served(&self) -> bool {
        let lock = File::open(self.data().join("runner.lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)))
    }

    fn token(&self) -> Option<Token> {
        fs::read_to_string(self.0.join("token")).ok()?.trim().parse().ok()
    }

    /// A token for the runner that is about to be started, in a file that nobody else can read. The one of before may have
    /// been heard by whoever took the port since.
    fn new_token(&self) -> Result<Token> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::failed("no-randomness", error.to_string(), "Restart the computer"))?;
        let token = Token::from_bytes(bytes);
        let path = self.0.join("token");
        // Files of this kind are made for their owner alone.
        let mut file = tempfile::NamedTempFile::new_in(&self.0).map_err(|error| unwritable(&path, &error))?;
        file.write_all(token.reveal().as_bytes()).map_err(|error| unwritable(&path, &error))?;
        file.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
        Ok(token)
    }

    /// Held while a runner is being started, so that two programs do not start two.
    fn lock(&self) -> Result<File> {
        let path = self.0.join("start.lock");
        let file = File::create(&path).map_err(|error| unwritable(&path, &error))?;
        file.lock().map_err(|error| unwritable(&path, &error))?;
        Ok(file)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let hint = "Check that the library's folder may be written to and that the disk is not full";
    Error::failed("library-unreachable", format!("Cannot write {}: {error}", path.display()), hint)
}

/// A runner that answered.
pub(crate) struct Attached {
    pub(crate) name: Name,
    pub(crate) control: Control,
    pub(crate) handshake: Handshake,
}

impl App {
    fn place(&self) -> Place {
        Place(self.library().join(THIS_COMPUTER))
    }

    /// The name under which the embedded runner is known.
    pub fn this_computer() -> Name {
        Name::suggest(THIS_COMPUTER)
    }

    /// The embedded runner, if it runs. Never starts it.
    pub(crate) async fn attach(&self) -> Result<Attached> {
        let place = self.place();
        let stopped =
            || Error::failed("runner-stopped", "This computer's runner does not run", "Start it, or deploy");
        // The token goes to a runner of this folder only, never to whoever has its port now.
        let served = place.is_served().then(|| place.bound().zip(place.token())).flatten();
        let (bound, token) = served.ok_or_else(stopped)?;
        let control = Control::new(format!("http://{}", bound.listen), Some(token));
        // Another program may have taken the port, and never answer.
        let away =
            || Error::failed("runner-away", "This computer's runner does not answer", "Start it, or deploy");
        let handshake = tokio::time::timeout(GREETING, control.handshake()).await.map_err(|_| away())??;
        Ok(Attached { name: Self::this_computer(), control, handshake })
    }

    /// Starts the embedded runner, or finds it running, and answers when it is ready.
    pub async fn runner_start(&self, name: &Name) -> Result<()> {
        self.refuse_elsewhere(name, "started")?;
        self.started().await.map(|_| ())
    }

    pub(crate) async fn started(&self) -> Result<Attached> {
        let _one = self.inner.starting.lock().await;
        let place = self.place();
        fs::create_dir_all(&place.0).map_err(|error| unwritable(&place.0, &error))?;
        if let Ok(attached) = self.attach().await {
            return self.settled(attached).await;
        }
        let locked = tokio::task::spawn_blocking({
            let place = self.place();
            move || place.lock()
        });
        let _locked = locked
            .await
            .map_err(|error| Error::failed("internal", error.to_string(), "Report this as a bug"))??;
        // Another program may have started it while this one waited.
        let known = self.attach().await;
        if known.is_ok() || place.is_served() {
            return self.settled(known?).await;
        }
        let port = place.bound().and_then(|bound| bound.listen.rsplit(':').next()?.parse::<u16>().ok());
        match spawn(&place, port.unwrap_or(0)).await {
            Err(_) if port.is_some() => spawn(&place, 0).await?,
            outcome => outcome?,
        }
        let attached = self.attach().await?;
        self.act("start-runner", THIS_COMPUTER, |act| {
            act.note("pid", attached.handshake.pid);
            Ok(())
        })?;
        self.settled(attached).await
    }

    /// Whether the runner ended without being stopped.
    pub(crate) fn died(&self) -> bool {
        let place = self.place();
        !place.is_served() && place.bound().is_some_and(|bound| bound.pid.is_some())
    }

    /// Waits until everything that the runner should serve is warm, and notes that it answered.
    async fn settled(&self, attached: Attached) -> Result<Attached> {
        let wait = async {
            let mut tick = tokio::time::interval(Duration::from_millis(50));
            while !attached.control.ready().await? {
                tick.tick().await;
            }
            Ok::<_, ControlError>(())
        };
        // A runner with an endpoint that cannot be loaded never gets ready: it can still be talked to.
        if let Ok(answer) = tokio::time::timeout(PATIENCE, wait).await {
            answer?;
        }
        self.note_contact(&attached)?;
        Ok(attached)
    }

    pub(crate) fn note_contact(&self, attached: &Attached) -> Result<()> {
        self.inner.history.record(|act| {
            let known = runner::find(act, &attached.name)?;
            let pairing = known.as_ref().and_then(|known| known.pairing.clone());
            // A runner elsewhere may have been removed while it answered.
            if pairing.is_none() && attached.name.as_str() != THIS_COMPUTER {
                return Ok(());
            }
            let record = RunnerRecord {
                name: attached.name.clone(),
                kind: if pairing.is_some() { "remote" } else { "embedded" }.into(),
                url: Some(attached.control.base().to_owned()),
                producer: Some(attached.handshake.runner_id.clone()),
                version: Some(attached.handshake.version.clone()),
                last_contact: Some(self.now()),
                pairing,
            };
            let same = known
                .is_some_and(|known| RunnerRecord { last_contact: record.last_contact, ..known } == record);
            if same { runner::touch(act, &record.name, self.now()) } else { runner::put(act, &record) }
        })?;
        Ok(())
    }

    /// Stops the embedded runner. Its endpoints come back with the next start.
    pub async fn runner_stop(&self, name: &Name) -> Result<()> {
        self.refuse_elsewhere(name, "stopped")?;
        let attached = self.attach().await?;
        let _ = self.pull_from(&attached).await;
        attached.control.stop().await?;
        self.act("stop-runner", THIS_COMPUTER, |act| act.changed("runner", THIS_COMPUTER))?;
        self.gone(&attached).await
    }

    /// Waits until nobody answers any more.
    async fn gone(&self, attached: &Attached) -> Result<()> {
        let wait = async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            while !matches!(attached.control.handshake().await, Err(ControlError::Away { .. })) {
                tick.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.map_err(|_| {
            let pid = attached.handshake.pid;
            Error::failed(
                "runner-hangs",
                format!("The runner (process {pid}) does not stop"),
                "End that process",
            )
        })
    }

    /// Only this computer's runner can be started and stopped from here.
    fn refuse_elsewhere(&self, name: &Name, what: &str) -> Result<()> {
        if name.as_str() == THIS_COMPUTER {
            return Ok(());
        }
        self.runner_record(name)?;
        let message = format!("{name} runs elsewhere, and is {what} there");
        Err(Error::input("remote-runner", message, "Do it on its own computer"))
    }

    /// Stops the embedded runner when nothing is deployed on it: what a closing window does.
    pub async fn runner_stop_if_idle(&self) -> Result<bool> {
        if !self.endpoints_on(&Self::this_computer())?.is_empty() || self.attach().await.is_err() {
            return Ok(false);
        }
        self.runner_stop(&Self::this_computer()).await.map(|()| true)
    }
}

/// Starts the process and reads the one line it prints once it is bound.
async fn spawn(place: &Place, port: u16) -> Result<()> {
    let program = flightdeck_engine::runner()?;
    let token = place.new_token()?;
    let log_path = place.log();
    // What the one before said last is kept: it may say why it ended.
    let _ = fs::rename(&log_path, log_path.with_extension("log.before"));
    let log = File::create(&log_path).map_err(|error| unwritable(&log_path, &error))?;
    let mut command = Command::new(&program);
    command.env(flightdeck_engine::QUIET.0, flightdeck_engine::QUIET.1);
    command
        .args(["serve", "--token-stdin", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(place.data())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log);
    // A process group of its own: Ctrl-C in the terminal of a command must not end the runner it started.
    #[cfg(unix)]
    command.process_group(0);
    let failed = |what: String| {
        let hint = format!("Look into {}", log_path.display());
        Error::failed("runner-start", format!("This computer's runner did not start: {what}"), hint)
    };
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        let line = format!("{}\n", token.reveal());
        input.write_all(line.as_bytes()).await.map_err(|error| failed(error.to_string()))?;
    }
    let output = child.stdout.take().ok_or_else(|| failed("it has no output".into()))?;
    let mut line = String::new();
    let mut reader = BufReader::new(output);
    match tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => {
            let _ = child.start_kill();
            return Err(failed("it said nothing for a minute".into()));
        }
    }
    if serde_json::from_str::<Bound>(&line).is_ok() {
        return Ok(());
    }
    let last_words = fs::read_to_string(place.log()).unwrap_or_default();
    Err(failed(last_words.lines().last().unwrap_or("it ended").chars().take(200).collect()))
}
