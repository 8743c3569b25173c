//! Everything a request may need, put together once.

use crate::config::Settings;
use crate::counting::Closer;
use crate::pairing::Rate;
use crate::problem::Problem;
use crate::serving::{Endpoint, Watch};
use crate::state::{Identity, StoredToken};
use crate::tls::Encryption;
use crate::traces::Traces;
use arc_swap::ArcSwap;
use axum::http::StatusCode;
use flightdeck_core::{Action, Forbidden, Name, Object, Principal, Timestamp};
use flightdeck_engine::client::Worker;
use flightdeck_engine::runtime::Runtime;
use flightdeck_package::{Artifacts, Parts};
use flightdeck_protocol::Phase;
use flightdeck_sqlite::Database;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, OnceCell};

/// The server.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    pub(crate) identity: Identity,
    pub(crate) started: Timestamp,
    pub(crate) database: Database,
    pub(crate) artifacts: Artifacts,
    pub(crate) parts: Parts,
    pub(crate) worker: Worker,
    /// Looks after runs.
    pub(crate) watch: Watch,
    pub(crate) closer: Closer,
    pub(crate) keyring: crate::http::Keyring,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) settings: Arc<Settings>,
    /// A predictor in a cluster answers, and cannot be changed.
    pub(crate) is_pod: bool,
    /// How often pairing may be tried.
    pub(crate) pairing: Rate,
    pub(crate) endpoints: Arc<EndpointMap>,
    /// Changes of endpoints happen one after the other: two models must not be tried at once.
    pub(crate) deploying: tokio::sync::Mutex<()>,
    /// Where requests are traced to, when somebody configured that.
    pub(crate) traces: Option<Traces>,
    pub(crate) stopping: AtomicBool,
    pub(crate) stop: Notify,
    reading: Mutex<()>,
    runtime: OnceCell<Runtime>,
}

/// The parts that [`App::new`] puts together.
pub(crate) struct Parted {
    pub(crate) address: SocketAddr,
    pub(crate) identity: Identity,
    pub(crate) database: Database,
    pub(crate) artifacts: Artifacts,
    pub(crate) parts: Parts,
    pub(crate) worker: Worker,
    pub(crate) watch: Watch,
    pub(crate) closer: Closer,
    pub(crate) keyring: crate::http::Keyring,
    pub(crate) endpoints: Arc<EndpointMap>,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) is_pod: bool,
}

/// Endpoints by name, and those that are being removed.
#[derive(Default)]
pub(crate) struct EndpointMap {
    named: ArcSwap<BTreeMap<String, Arc<Endpoint>>>,
    leaving: Mutex<Vec<Arc<Endpoint>>>,
}

impl App {
    pub(crate) fn new(parted: Parted) -> Self {
        let Parted {
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
        } = parted;
        // What cannot be read was refused with the configuration.
        let collector = settings.otel.endpoint.as_deref().and_then(|endpoint| endpoint.parse().ok());
        Self {
            address,
            identity,
            started: database.clock().now(),
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
            pairing: Rate::new(),
            deploying: tokio::sync::Mutex::default(),
            traces: collector.map(Traces::start),
            stopping: AtomicBool::new(false),
            stop: Notify::new(),
            reading: Mutex::default(),
            runtime: OnceCell::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.database.clock().now()
    }

    /// ONNX Runtime, loaded when the first model needs it.
    pub(crate) async fn runtime(&self) -> Result<&Runtime, Problem> {
        let load = || async {
            match tokio::task::spawn_blocking(Runtime::load).await {
                Ok(runtime) => runtime.map_err(Problem::from),
                Err(error) => Err(Problem::internal("load ONNX Runtime", &error)),
            }
        };
        self.runtime.get_or_try_init(load).await
    }

    pub(crate) fn endpoint(&self, name: &str) -> Result<Arc<Endpoint>, Problem> {
        self.endpoints.get(name).ok_or_else(|| Problem::unknown("endpoint", name))
    }

    /// Where the server is reached, such as `http://127.0.0.1:43121`.
    pub(crate) fn base(&self) -> String {
        let scheme = if self.encryption.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Lets in whom the database names, and nobody else.
    pub(crate) fn read_tokens(&self) -> Result<(), Problem> {
        // What was read first must not be stored last.
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.keyring.store(self.database.read(StoredToken::all)?);
        Ok(())
    }

    /// Whether somebody may do that. Every route asks this, and whoever finds the object later than the route does asks
    /// again.
    pub(crate) fn authorize(
        &self,
        principal: &Principal,
        action: Action,
        object: &Object,
    ) -> Result<(), Problem> {
        let allowed = self.keyring.authorize(principal, action, object);
        allowed.map_err(|forbidden| refused(principal, &forbidden))
    }

    /// Whether somebody may do that anywhere: asked before it is known of what.
    pub(crate) fn authorize_somewhere(&self, principal: &Principal, action: Action) -> Result<(), Problem> {
        let allowed = self.keyring.authorize_somewhere(principal, action);
        allowed.map_err(|forbidden| refused(principal, &forbidden))
    }

    /// Whether everything that should answer does. A pod is its one model: while that is broken, others should be asked.
    pub(crate) fn is_ready(&self) -> bool {
        let broken = |endpoint: &Arc<Endpoint>| {
            endpoint.lineup().is_none_or(|lineup| lineup.champion.model.lane.trouble().is_some())
        };
        let ready = |endpoint: &Arc<Endpoint>| {
            endpoint.condition().phase == Phase::Ready && !(self.is_pod && broken(endpoint))
        };
        !self.stopping.load(Ordering::Relaxed) && self.endpoints.all().iter().all(ready)
    }

    /// Asks the server to end. Asking twice changes nothing.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stop.notify_one();
    }
}

fn refused(principal: &Principal, forbidden: &Forbidden) -> Problem {
    match principal {
        Principal::Anonymous => Problem::new(StatusCode::UNAUTHORIZED, "token-needed", forbidden.to_string())
            .hint("Send the token as Authorization: Bearer."),
        Principal::Key(_) => Problem::new(StatusCode::FORBIDDEN, "forbidden", forbidden.to_string()),
    }
}

impl EndpointMap {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.named.load().get(name).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Endpoint>> {
        self.named.load().values().cloned().collect()
    }

    pub(crate) fn insert(&self, endpoint: &Arc<Endpoint>) {
        self.named.rcu(|named| {
            let mut named = BTreeMap::clone(named);
            named.insert(endpoint.name.to_string(), Arc::clone(endpoint));
            named
        });
    }

    /// Takes an endpoint away. What it counted is still written down.
    pub(crate) fn remove(&self, name: &Name) {
        if let Some(endpoint) = self.get(name.as_str()) {
            endpoint.serve(None);
            self.leaving.lock().unwrap_or_else(PoisonError::into_inner).push(endpoint);
        }
        self.named.rcu(|named| {
            let mut named = BTreeMap::clone(named);
            named.remove(name.as_str());
            named
        });
    }

    /// Everything that may still count.
    pub(crate) fn counting(&self) -> Vec<Arc<Endpoint>> {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.retain(|endpoint| !endpoint.is_gone());
        self.all().into_iter().chain(leaving.iter().cloned()).collect()
    }
}
