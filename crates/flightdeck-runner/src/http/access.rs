//! Who asks: the holder of a token or nobody in particular, and never a web page.
//!
//! Tokens are recognised by their hash, from a picture of the table that is held in memory: no request waits for the
//! database, and what is revoked is gone with the next picture. Looking a hash up by its value tells an attacker nothing:
//! hashes of guesses cannot be steered towards the one that is wanted.

use crate::problem::Problem;
use crate::state::StoredToken;
use arc_swap::ArcSwap;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use flightdeck_core::{
    Action, Clock, Digest, Forbidden, Grant, Object, Principal, Role, Scope, Timestamp, authorize,
    authorize_somewhere,
};
use flightdeck_protocol::Token;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;

type Hash = [u8; 32];

/// Names under which tokens are put into addresses, where every log on the way keeps them.
const QUERY_NAMES: [&str; 6] = ["access_token", "api_key", "apikey", "auth", "authorization", "token"];

/// Recognises tokens by their hashes: the tokens themselves are not kept.
pub(crate) struct Keyring {
    /// The token of the program that started the server.
    control: Option<(Hash, Grant)>,
    /// What somebody without a token may do.
    open: Vec<Grant>,
    stored: ArcSwap<Stored>,
    /// The names of this server, where a foreign one would let a web page in.
    hosts: Option<Vec<String>>,
}

/// The tokens that may hold.
#[derive(Default)]
struct Stored {
    holders: HashMap<Hash, Holder>,
    grants: HashMap<String, Grant>,
}

struct Holder {
    hash: Hash,
    id: String,
    expires_at: Option<Timestamp>,
}

/// Who may come near the server at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Programs on this computer, which need no token for predictions.
    Loopback(SocketAddr),
    /// Other computers, which need one for everything.
    Network,
    /// Whoever the cluster lets through.
    Pod,
}

/// What a token is remembered by, and what its holder is called.
pub(crate) fn fingerprint(token: &Token) -> (Hash, String) {
    let hash = Hash::from(Sha256::digest(token.reveal()));
    (hash, format!("token-{}", &Digest::from_bytes(hash).hex()[..16]))
}

impl Keyring {
    /// For a server that is reached like this, whose control token this is.
    pub(crate) fn new(token: Option<&Token>, reach: Reach) -> Self {
        let grant = |principal, role| Grant { principal, role, scope: Scope::Runner };
        let control = token.map(fingerprint);
        let control = control.map(|(hash, id)| (hash, grant(Principal::Key(id), Role::Admin)));
        let anybody = reach != Reach::Network;
        let open = anybody.then(|| grant(Principal::Anonymous, Role::Caller)).into_iter().collect();
        let hosts = match reach {
            Reach::Loopback(address) => {
                let port = address.port();
                let mut hosts =
                    vec![address.to_string(), format!("localhost:{port}"), format!("[::1]:{port}")];
                // Clients leave out the port that everybody knows.
                if matches!(port, 80 | 443) {
                    hosts.extend([address.ip().to_string(), "localhost".into(), "[::1]".into()]);
                }
                Some(hosts)
            }
            Reach::Network | Reach::Pod => None,
        };
        Self { control, open, stored: ArcSwap::default(), hosts }
    }

    /// From now on these are the stored tokens.
    pub(crate) fn store(&self, tokens: Vec<StoredToken>) {
        let mut stored = Stored::default();
        for StoredToken { info, hash } in tokens {
            if info.revoked_at.is_some() {
                continue;
            }
            let principal = Principal::Key(info.id.clone());
            let grant = Grant { principal, role: info.role, scope: info.scope };
            stored.grants.insert(info.id.clone(), grant);
            stored.holders.insert(hash, Holder { hash, id: info.id, expires_at: info.expires_at });
        }
        self.stored.store(stored.into());
    }

    /// Who asks. A token that is not a right one is refused, also where none is needed.
    pub(crate) fn principal(&self, headers: &HeaderMap, clock: &dyn Clock) -> Result<Principal, Problem> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let Some(first) = given.next() else { return Ok(Principal::Anonymous) };
        let token = first
            .as_bytes()
            .split_at_checked(7)
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer ") && given.next().is_none());
        let hash = token.map(|(_, token)| Hash::from(Sha256::digest(token)));
        hash.and_then(|hash| self.holder(&hash, clock)).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "wrong-token", "the token is not one of this server's")
                .hint("It may have expired or been revoked. Ask who runs the server for another one.")
        })
    }

    fn holder(&self, hash: &Hash, clock: &dyn Clock) -> Option<Principal> {
        if let Some((_, grant)) = self.control.as_ref().filter(|(known, _)| is_equal(known, hash)) {
            return Some(grant.principal.clone());
        }
        let stored = self.stored.load();
        let holder = stored.holders.get(hash).filter(|holder| is_equal(&holder.hash, hash))?;
        let holds = holder.expires_at.is_none_or(|end| clock.now() < end);
        holds.then(|| Principal::Key(holder.id.clone()))
    }

    /// Whether somebody may do that.
    pub(crate) fn authorize(
        &self,
        principal: &Principal,
        action: Action,
        object: &Object,
    ) -> Result<(), Forbidden> {
        self.with_grants(principal, |grants| authorize(grants, principal, action, object))
    }

    /// Whether somebody may do that anywhere.
    pub(crate) fn authorize_somewhere(&self, principal: &Principal, action: Action) -> Result<(), Forbidden> {
        self.with_grants(principal, |grants| authorize_somewhere(grants, principal, action))
    }

    fn with_grants<T>(&self, principal: &Principal, decide: impl FnOnce(&[Grant]) -> T) -> T {
        let Principal::Key(id) = principal else { return decide(&self.open) };
        match &self.control {
            Some((_, grant)) if grant.principal == *principal => decide(std::slice::from_ref(grant)),
            _ => decide(self.stored.load().grants.get(id).map_or(&[], std::slice::from_ref)),
        }
    }

    /// Refuses what a browser sends for a web page, names that somebody else's name server leads here, and tokens in
    /// addresses.
    pub(crate) fn check_source(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
        if headers.contains_key(header::ORIGIN) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "origin", "web pages may not use this server"));
        }
        if uri.query().is_some_and(has_token) {
            return Err(Problem::bad("token-in-address", "a token must not stand in an address")
                .hint("Addresses are logged: make another token, and send it as Authorization: Bearer."));
        }
        let Some(own) = &self.hosts else { return Ok(()) };
        let is_own = |host: &[u8]| own.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(host));
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().map(|host| hosts.next().is_none() && is_own(host.as_bytes()));
        let authority = uri.authority().map(|authority| is_own(authority.as_str().as_bytes()));
        // HTTP/2 says it in its authority.
        if host != Some(false) && authority != Some(false) && host.or(authority).is_some() {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "host", "the Host header does not name this server")
            .hint(format!("Use {}.", own[0])))
    }
}

fn has_token(query: &str) -> bool {
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    names.into_iter().map(plain).any(|name| QUERY_NAMES.iter().any(|known| known.eq_ignore_ascii_case(&name)))
}

/// A name as it is meant: `%74` is a `t`.
fn plain(name: &str) -> String {
    let mut parts = name.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                plain.push(char::from(byte));
                plain.push_str(&part[2..]);
            }
            None => plain.push_str(part),
        }
    }
    plain
}

/// Looks at every byte, wherever the first difference is.
fn is_equal(a: &Hash, b: &Hash) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b))) == 0
}

#[cfg(test)]
impl Keyring {
    /// The same for a control token that may less.
    pub(crate) fn with_role(mut self, role: Role) -> Self {
        if let Some((_, grant)) = &mut self.control {
            grant.role = role;
        }
        self
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
