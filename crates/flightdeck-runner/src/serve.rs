//! Serving: configuration, building, running, draining, each with its own way to fail.

use crate::app::{App, EndpointMap, Parted};
use crate::clock::SystemClock;
use crate::config::{self, Config, Seconds, ServeArgs};
use crate::counting::Closer;
use crate::http::{Keyring, Port, Reach, Service, router};
use crate::pairing::{MakeError, first_code};
use crate::pod::{self, PodError};
use crate::problem::Problem;
use crate::serving::{Condition, Endpoint, Watch};
use crate::signals::{self, Reread};
use crate::state::{self, StoredEndpoint, StoredToken};
use crate::telemetry::Budget;
use crate::tls::{Encryption, TlsError};
use crate::{deploy, drain, logging, notify, running};
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

/// Parts of uploads that nobody went on with are swept after this many seconds.
const STALE_PART_SECONDS: i64 = 7 * 86_400;

/// How often it is looked whether somebody beside the server changed who is let in.
const LOOK: Duration = Duration::from_millis(500);
/// How long a pod goes on, not ready, after it was told to end: the cluster needs that to notice.
const POD_DELAY: Duration = Duration::from_secs(5);

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
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Code(#[from] MakeError),
    #[error(transparent)]
    Pod(#[from] PodError),
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
    if args.print_config {
        return match config::printed(args) {
            Ok(text) => {
                io::stdout().write_all(text.as_bytes()).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
            }
            Err(error) => complain(&error, 2),
        };
    }
    let port = std::env::var("PORT").ok();
    let config = match Config::from_args(args, io::stdin().lock(), port.as_deref()) {
        Ok(config) => config,
        Err(error) => return complain(&error, 2),
    };
    let level = match logging::begin(&config.settings.log) {
        Ok(level) => level,
        Err(error) => return complain(&error, 2),
    };
    let reread = Reread { args: args.clone(), level };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = runtime.map_err(ServeError::from).and_then(|runtime| runtime.block_on(run(config, reread)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

fn complain(error: &dyn std::error::Error, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "flightdeck-runner: {error}");
    ExitCode::from(code)
}

async fn run(config: Config, reread: Reread) -> Result<(), ServeError> {
    let _lock = lock(&config.data)?;
    let storage = Storage::open(&config.data)?;
    let port = take(config.listen)?;
    let (data, address, pod) = (config.data.clone(), port.address, config.pod.clone());
    let encryption = config.encrypted.then(|| Encryption::begin(&config.settings.tls, &data, address));
    let (app, closer) = build(storage, encryption.transpose()?, address, config)?;
    signals::listen(Arc::clone(&app), reread)?;
    if let Some(pod) = &pod {
        // A cluster takes a port that answers for a model that is warm.
        deploy::restore(Arc::clone(&app)).await;
        pod::load(&app, pod).await?;
    }
    let listener = port.open()?;
    let restoring = tokio::spawn(restore(Arc::clone(&app)));
    let key = app.encryption.as_ref().map(Encryption::fingerprint);
    running::note(&data, address, key).map_err(|source| ServeError::Folder { path: data.clone(), source })?;
    announce(&app)?;
    let watching = tokio::spawn(watch(Arc::clone(&app)));
    let drain = &app.settings.drain;
    let delay = drain.delay_seconds.map(Seconds::duration);
    let delay = delay.unwrap_or(if pod.is_some() { POD_DELAY } else { Duration::ZERO });
    let limits = Arc::new(app.settings.http.clone());
    let service = Service { router: router(Arc::clone(&app)), encryption: app.encryption.clone(), limits };
    listener.serve(service, drain::asked(Arc::clone(&app), delay), drain.grace_seconds.duration()).await;
    restoring.abort();
    watching.abort();
    drain::finish(&app, closer).await?;
    running::end(&data, address, key);
    Ok(())
}

fn take(address: SocketAddr) -> Result<Port, ServeError> {
    Port::take(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::Busy(address),
        _ => ServeError::Listen { address, source },
    })
}

/// Loads what was served before, and tells whoever started the server when that is done.
async fn restore(app: Arc<App>) {
    deploy::restore(app).await;
    notify::ready();
}

/// What has to be looked at while the server serves.
async fn watch(app: Arc<App>) {
    let certificate = async {
        match &app.encryption {
            Some(encryption) => encryption.watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::join!(certificate, watch_access(&app), notify::watchdog());
}

/// Reads again who is let in when another program changed the state.
async fn watch_access(app: &Arc<App>) {
    let mut looks = tokio::time::interval(LOOK);
    let mut seen = None;
    loop {
        looks.tick().await;
        let app = Arc::clone(app);
        let looked = tokio::task::spawn_blocking(move || {
            let now = app.database.data_version()?;
            if seen != Some(now) {
                app.read_tokens()?;
            }
            Ok::<_, Problem>(now)
        });
        // Whoever was let in stays so until it can be read again; each failure is in the log.
        if let Ok(Ok(now)) = looked.await {
            seen = Some(now);
        }
    }
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

fn build(
    storage: Storage,
    encryption: Option<Encryption>,
    address: SocketAddr,
    config: Config,
) -> Result<Built, ServeError> {
    let Storage { database, artifacts, parts } = storage;
    let identity = state::begin(&database, &config.data, database.clock().now())?;
    let endpoints = Arc::new(EndpointMap::default());
    for stored in database.read(StoredEndpoint::all)? {
        let condition = Condition { stored, phase: Phase::Loading, error: None };
        endpoints.insert(&Arc::new(Endpoint::new(condition)));
    }
    let counted = Arc::clone(&endpoints);
    let budget = Budget::new(config.settings.outbox.bytes, &config.data).bytes;
    let (closer, thread) = Closer::start(database.clone(), Box::new(move || counted.counting()), budget);
    let watch = Watch::start()?;
    let worker = Worker::new(WorkerConfig::with_program(std::env::current_exe()?));
    let keyring = Keyring::new(config.token.as_ref(), reach(&config, address));
    keyring.store(database.read(StoredToken::all)?);
    let (settings, is_pod) = (Arc::new(config.settings), config.pod.is_some());
    let app = Parted {
        address,
        identity,
        database,
        artifacts,
        parts,
        worker,
        watch,
        closer,
        keyring,
        endpoints,
        encryption,
        settings,
        is_pod,
    };
    Ok((Arc::new(App::new(app)), thread))
}

fn reach(config: &Config, address: SocketAddr) -> Reach {
    match config.pod {
        Some(_) => Reach::Pod,
        None if address.ip().to_canonical().is_loopback() => Reach::Loopback(address),
        None => Reach::Network,
    }
}

/// The one line on standard output. A code stands in it while somebody could pair and nobody has.
fn announce(app: &App) -> Result<(), ServeError> {
    let key = app.encryption.as_ref().map(Encryption::fingerprint);
    let pairs = key.is_some() && !app.is_pod;
    let code = pairs.then(|| first_code(&app.database)).transpose()?.flatten();
    let code = code.map(|code| code.reveal());
    // One port speaks HTTP and gRPC.
    let address = app.address.to_string();
    let bound = Bound { listen: address.clone(), grpc: Some(address), code, key };
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &bound).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}
