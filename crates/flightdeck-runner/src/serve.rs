//! Serving: configuration, building, running, draining, each with its own way to fail.

use crate::app::{App, EndpointMap, Parted};
use crate::clock::SystemClock;
use crate::config::{Config, ServeArgs};
use crate::counting::Closer;
use crate::deploy;
use crate::http::{Keyring, Listener, listen, router};
use crate::running;
use crate::serving::{Condition, Endpoint, Watch};
use crate::state::{self, StoredEndpoint};
use crate::telemetry::Budget;
use flightdeck_core::Clock;
use flightdeck_engine::client::{Worker, WorkerConfig};
use flightdeck_package::{Artifacts, PackageError, Parts};
use flightdeck_protocol::{Bound, Phase};
use flightdeck_sqlite::Database;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tracing_subscriber::EnvFilter;

/// Parts of uploads that nobody went on with are swept after this many seconds.
const STALE_PART_SECONDS: i64 = 7 * 86_400;

/// How long an ending server waits for a shadow that has much to do; what it has not done then is counted as dropped.
const SHADOW_TIME: Duration = Duration::from_secs(2);

/// Why a server does not start, or does not end well.
#[derive(Debug, Error)]
enum ServeError {
    #[error("{0} is taken by another program. Choose another port, or 0 for a free one")]
    Busy(SocketAddr),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("another runner serves {}. Stop it, or use another folder", .0.display())]
    Locked(PathBuf),
    #[error("cannot use the folder {}: {source}. Check that it exists and that you may write to it", .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{error}. {}", .error.hint())]
    State { error: flightdeck_sqlite::Error },
    #[error("{error}. {}", .error.hint())]
    Packages { error: PackageError },
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

impl From<flightdeck_sqlite::Error> for ServeError {
    fn from(error: flightdeck_sqlite::Error) -> Self {
        Self::State { error }
    }
}

impl From<PackageError> for ServeError {
    fn from(error: PackageError) -> Self {
        Self::Packages { error }
    }
}

/// Serves until stopped. Exit 0 after an orderly end, 1 when it could not serve, 2 when it was asked for something that
/// it does not do.
pub fn serve(args: &ServeArgs) -> ExitCode {
    log();
    let config = match Config::from_args(args, io::stdin().lock()) {
        Ok(config) => config,
        Err(error) => return complain(&error, 2),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = runtime.map_err(ServeError::from).and_then(|runtime| runtime.block_on(run(config)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

/// Standard error is the only place for words: standard output belongs to one line.
fn log() {
    let filter =
        EnvFilter::try_from_env("FLIGHTDECK_LOG").unwrap_or_else(|_| EnvFilter::new("info,ort=warn"));
    // Whoever read standard error may be gone. That must not end the server, so a failed write is not reported there.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let _ = log.with_ansi(false).log_internal_errors(false).try_init();
}

fn complain(error: &dyn std::error::Error, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "flightdeck-runner: {error}");
    ExitCode::from(code)
}

async fn run(config: Config) -> Result<(), ServeError> {
    let _lock = lock(&config.data)?;
    let storage = Storage::open(&config.data)?;
    let listener = listen(config.listen).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::Busy(config.listen),
        _ => ServeError::Listen { address: config.listen, source },
    })?;
    let (data, address) = (config.data.clone(), listener.address);
    let (app, closer) = build(storage, &listener, config)?;
    running::note(&data, address).map_err(|source| ServeError::Folder { path: data.clone(), source })?;
    announce(&listener)?;
    let restoring = tokio::spawn(deploy::restore(Arc::clone(&app)));
    let ending = end(Arc::clone(&app))?;
    listener.serve(router(Arc::clone(&app)), ending).await;
    restoring.abort();
    let drained = drain(&app, closer).await;
    running::end(&data, address);
    drained
}

/// One server for each folder: two would count the same windows.
fn lock(data: &Path) -> Result<File, ServeError> {
    let folder = |source| ServeError::Folder { path: data.into(), source };
    std::fs::create_dir_all(data).map_err(folder)?;
    let path = data.join("runner.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(ServeError::Locked(data.into())),
        Err(std::fs::TryLockError::Error(source)) => Err(folder(source)),
    }
}

struct Storage {
    database: Database,
    artifacts: Artifacts,
    parts: Parts,
}

impl Storage {
    fn open(data: &Path) -> Result<Self, ServeError> {
        let clock = Arc::new(SystemClock);
        let stale = clock.now().plus_seconds(-STALE_PART_SECONDS);
        let database = state::open(data, clock)?;
        let artifacts = Artifacts::open(data.join("artifacts"))?;
        let parts = Parts::open(data.join("parts"))?;
        parts.sweep(stale)?;
        Ok(Self { database, artifacts, parts })
    }
}

type Built = (Arc<App>, std::thread::JoinHandle<()>);

fn build(storage: Storage, listener: &Listener, config: Config) -> Result<Built, ServeError> {
    let Storage { database, artifacts, parts } = storage;
    let identity = state::begin(&database, &config.data, database.clock().now())?;
    let endpoints = Arc::new(EndpointMap::default());
    for stored in database.read(StoredEndpoint::all)? {
        let condition = Condition { stored, phase: Phase::Loading, error: None };
        endpoints.insert(&Arc::new(Endpoint::new(condition)));
    }
    let counted = Arc::clone(&endpoints);
    let budget = Budget::new(config.outbox_bytes, &config.data).bytes;
    let (closer, thread) = Closer::start(database.clone(), Box::new(move || counted.counting()), budget);
    let watch = Watch::start()?;
    let worker = Worker::new(WorkerConfig::with_program(std::env::current_exe()?));
    let keyring = Keyring::new(config.token, listener.address);
    let address = listener.address;
    let app =
        Parted { address, identity, database, artifacts, parts, worker, watch, closer, keyring, endpoints };
    Ok((Arc::new(App::new(app)), thread))
}

fn announce(listener: &Listener) -> io::Result<()> {
    // One port speaks HTTP and gRPC.
    let address = listener.address.to_string();
    let bound = Bound { listen: address.clone(), grpc: Some(address), code: None, key: None };
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &bound)?;
    writeln!(out)?;
    out.flush()
}

/// Resolves when somebody wants the server to end: a signal, or the control plane.
fn end(app: Arc<App>) -> io::Result<impl Future<Output = ()>> {
    let mut terminate = Terminate::new()?;
    Ok(async move {
        tokio::select! {
            () = terminate.recv() => app.stop(),
            () = app.stop.notified() => {}
        }
    })
}

struct Terminate {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Terminate {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { signals: [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?] })
    }

    #[cfg(unix)]
    async fn recv(&mut self) {
        let [terminate, interrupt] = &mut self.signals;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn recv(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Lets the shadows finish what they took, and closes the open windows. What cannot be written now stands in the last
/// checkpoint.
async fn drain(app: &App, closer: std::thread::JoinHandle<()>) -> Result<(), ServeError> {
    for lineup in app.endpoints.all().iter().filter_map(|endpoint| endpoint.lineup()) {
        for shadow in &lineup.shadows {
            shadow.wait(SHADOW_TIME).await;
            shadow.rest().await;
        }
    }
    let written = app.closer.stop().await;
    let _ = tokio::task::spawn_blocking(|| closer.join()).await;
    if let Some(windows) = written {
        tracing::info!(windows = windows?, "stopped");
    }
    Ok(())
}
