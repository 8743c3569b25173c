//! Who asks: the token's holder or nobody in particular, and never a web page.

use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use flightdeck_core::{Digest, Grant, Principal, Role, Scope};
use flightdeck_protocol::Token;
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;

/// Recognises the token by its hash: the token itself is not kept.
pub(crate) struct Keyring {
    hash: Option<[u8; 32]>,
    holder: Principal,
    hosts: [String; 3],
}

impl Keyring {
    /// For a server at this address, whose control token this is.
    pub(crate) fn new(token: Option<Token>, address: SocketAddr) -> Self {
        let hash = token.map(|token| <[u8; 32]>::from(Sha256::digest(token.reveal())));
        let id = hash.map_or_else(String::new, |hash| Digest::from_bytes(hash).hex()[..16].to_owned());
        let hosts = [
            address.to_string(),
            format!("localhost:{}", address.port()),
            format!("[::1]:{}", address.port()),
        ];
        Self { hash, holder: Principal::Key(format!("token-{id}")), hosts }
    }

    /// The token's holder may do everything; everybody on this computer may ask for predictions.
    pub(crate) fn grants(&self) -> Vec<Grant> {
        let grant = |principal, role| Grant { principal, role, scope: Scope::Runner };
        vec![grant(Principal::Anonymous, Role::Caller), grant(self.holder.clone(), Role::Admin)]
    }

    /// Who asks. A token that is not the right one is refused, also where none is needed.
    pub(crate) fn principal(&self, headers: &HeaderMap) -> Result<Principal, Problem> {
        let Some(given) = headers.get(header::AUTHORIZATION) else { return Ok(Principal::Anonymous) };
        let token = given
            .as_bytes()
            .split_at_checked(7)
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        let hash = token.map(|(_, token)| <[u8; 32]>::from(Sha256::digest(token)));
        match (hash, self.hash) {
            (Some(given), Some(known)) if is_equal(&given, &known) => Ok(self.holder.clone()),
            _ => Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong-token", "the token is not this server's")
                .hint("Use the token of the program that started the server.")),
        }
    }

    /// Refuses what a browser sends for a web page, and names that somebody else's name server leads here.
    pub(crate) fn check_source(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
        if headers.contains_key(header::ORIGIN) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "origin", "web pages may not use this server"));
        }
        // HTTP/2 names the host in its `:authority`, which stands in the address. Whatever names it names this server.
        let hosts = headers.get_all(header::HOST).iter().map(HeaderValue::as_bytes);
        let named = uri.authority().map(|authority| authority.as_str().as_bytes());
        let mut named = hosts.chain(named).peekable();
        let is_named = named.peek().is_some() && headers.get_all(header::HOST).iter().count() <= 1;
        if is_named && named.all(|host| self.is_own(host)) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "host", "the Host header does not name this server")
            .hint(format!("Use http://{}.", self.hosts[0])))
    }

    fn is_own(&self, host: &[u8]) -> bool {
        self.hosts.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(host))
    }
}

/// Looks at every byte, wherever the first difference is.
fn is_equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring() -> Keyring {
        let token = Token::from_bytes([1; 32]);
        Keyring::new(Some(token), "127.0.0.1:80".parse().unwrap())
    }

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn r11_only_the_right_token_is_its_holder() {
        let keyring = keyring();
        let right = format!("Bearer {}", "01".repeat(32));
        let holder = keyring.principal(&headers(&[(header::AUTHORIZATION, &right)])).unwrap();
        assert!(matches!(holder, Principal::Key(_)));
        assert_eq!(keyring.principal(&HeaderMap::new()), Ok(Principal::Anonymous));
        let wrong = ["", "Bearer", "Bearer ", "Basic 01", &right[..70], &format!("{right}0"), "Bearer none"];
        for wrong in wrong {
            let answer = keyring.principal(&headers(&[(header::AUTHORIZATION, wrong)]));
            assert_eq!(answer.unwrap_err().status, StatusCode::UNAUTHORIZED, "{wrong}");
        }
        let closed = Keyring::new(None, "127.0.0.1:80".parse().unwrap());
        assert!(closed.principal(&headers(&[(header::AUTHORIZATION, &right)])).is_err());
    }

    #[test]
    fn pages_and_foreign_names_are_refused() {
        let (keyring, path) = (keyring(), Uri::from_static("/v2"));
        let check = |pairs: &[_]| keyring.check_source(&headers(pairs), &path).is_ok();
        for own in ["127.0.0.1:80", "localhost:80", "LOCALHOST:80", "[::1]:80"] {
            assert!(check(&[(header::HOST, own)]), "{own}");
        }
        for foreign in ["evil.test", "127.0.0.1:81", "127.0.0.1.evil.test:80", ""] {
            assert!(!check(&[(header::HOST, foreign)]), "{foreign}");
        }
        assert!(!check(&[]));
        assert!(!check(&[(header::HOST, "127.0.0.1:80"), (header::ORIGIN, "null")]));
        let absolute = Uri::from_static("http://evil.test/v2");
        assert!(keyring.check_source(&headers(&[(header::HOST, "localhost:80")]), &absolute).is_err());
    }
}
