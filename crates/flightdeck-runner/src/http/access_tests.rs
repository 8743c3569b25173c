//! Tokens, grants and sources of requests, tried.

use super::*;
use flightdeck_protocol::TokenInfo;

const HOME: Reach = Reach::Loopback(SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 80));

struct At(i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0)
    }
}

fn keyring() -> Keyring {
    Keyring::new(Some(&Token::from_bytes([1; 32])), HOME)
}

fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
}

fn with(token: &Token) -> HeaderMap {
    headers(&[(header::AUTHORIZATION, &format!("Bearer {}", token.reveal()))])
}

fn stored(token: &Token, role: Role, scope: Scope) -> StoredToken {
    let (hash, id) = fingerprint(token);
    let created_at = Timestamp::from_ms(0);
    let info =
        TokenInfo { id, name: "n".into(), role, scope, created_at, expires_at: None, revoked_at: None };
    StoredToken { info, hash }
}

#[test]
fn r11_only_the_right_token_is_its_holder() {
    let keyring = keyring();
    let right = format!("Bearer {}", "01".repeat(32));
    let holder = keyring.principal(&headers(&[(header::AUTHORIZATION, &right)]), &At(0)).unwrap();
    assert!(matches!(holder, Principal::Key(_)));
    assert_eq!(keyring.principal(&HeaderMap::new(), &At(0)), Ok(Principal::Anonymous));
    let json = r#"{"alg":"none"}"#;
    let wrong =
        ["", "Bearer", "Bearer ", "Basic 01", &right[..70], &format!("{right}0"), "Bearer none", json];
    for wrong in wrong {
        let answer = keyring.principal(&headers(&[(header::AUTHORIZATION, wrong)]), &At(0));
        assert_eq!(answer.unwrap_err().status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let mut twice = headers(&[(header::AUTHORIZATION, &right)]);
    twice.append(header::AUTHORIZATION, right.parse().unwrap());
    assert!(keyring.principal(&twice, &At(0)).is_err());
    let closed = Keyring::new(None, HOME);
    assert!(closed.principal(&headers(&[(header::AUTHORIZATION, &right)]), &At(0)).is_err());
}

#[test]
fn r11_an_expired_or_revoked_token_is_nobodys() {
    let (keyring, token) = (keyring(), Token::from_bytes([2; 32]));
    let mut row = stored(&token, Role::Operator, Scope::Runner);
    row.info.expires_at = Some(Timestamp::from_ms(1000));
    keyring.store(vec![row.clone()]);
    let holder = keyring.principal(&with(&token), &At(999)).unwrap();
    assert_eq!(holder, Principal::Key(row.info.id.clone()));
    assert!(keyring.authorize(&holder, Action::Deploy, &Object::Runner).is_ok());
    assert!(keyring.principal(&with(&token), &At(1000)).is_err(), "it has expired");
    row.info.revoked_at = Some(Timestamp::from_ms(5));
    keyring.store(vec![row]);
    assert!(keyring.principal(&with(&token), &At(6)).is_err(), "it was revoked");
    assert!(
        keyring.authorize(&holder, Action::Infer, &Object::Runner).is_err(),
        "for requests on their way, too"
    );
}

#[test]
fn r11_a_token_of_one_endpoint_is_nothing_at_another() {
    let (keyring, token) = (keyring(), Token::from_bytes([2; 32]));
    let at = |name: &str| name.parse::<flightdeck_core::Name>().unwrap();
    keyring.store(vec![stored(&token, Role::Caller, Scope::Endpoint(at("a")))]);
    let holder = keyring.principal(&with(&token), &At(0)).unwrap();
    let may = |action, object| keyring.authorize(&holder, action, &object).is_ok();
    assert!(may(Action::Infer, Object::Endpoint(at("a"))));
    assert!(!may(Action::Infer, Object::Endpoint(at("b"))) && !may(Action::Infer, Object::Runner));
    assert!(!may(Action::View, Object::Endpoint(at("a"))));
}

#[test]
fn r11_a_token_does_not_stand_in_an_address() {
    let keyring = keyring();
    let check = |uri: &'static str| {
        keyring.check_source(&headers(&[(header::HOST, "127.0.0.1:80")]), &Uri::from_static(uri)).is_ok()
    };
    for wrong in
        ["/v2?token=a", "/v2?a=1&access_token=x", "/v2?API_KEY=", "/v2?token", "/v2?authorization=Bearer"]
    {
        assert!(!check(wrong), "{wrong}");
    }
    assert!(check("/v2?after=1&limit=token") && check("/v2?tokens=1") && check("/v2"));
}

#[test]
fn beyond_this_computer_nobody_is_anonymous() {
    let may = |reach| {
        let keyring = Keyring::new(None, reach);
        keyring.authorize(&Principal::Anonymous, Action::Infer, &Object::Runner).is_ok()
    };
    assert_eq!([may(HOME), may(Reach::Network), may(Reach::Pod)], [true, false, true]);
    let foreign = headers(&[(header::HOST, "evil.test")]);
    let path = Uri::from_static("/v2");
    assert!(Keyring::new(None, Reach::Network).check_source(&foreign, &path).is_ok(), "a token tells more");
    assert!(Keyring::new(None, Reach::Pod).check_source(&foreign, &path).is_ok(), "the cluster names it");
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
    assert!(!check(&[
        (header::HOST, "127.0.0.1:80"),
        (header::HOST, "127.0.0.1:80"),
        (header::ORIGIN, "null")
    ]));
    let absolute = Uri::from_static("http://evil.test/v2");
    assert!(keyring.check_source(&headers(&[(header::HOST, "localhost:80")]), &absolute).is_err());
    let authority = Uri::from_static("http://localhost:80/v2");
    assert!(keyring.check_source(&HeaderMap::new(), &authority).is_ok(), "HTTP/2 has no Host");
    assert!(keyring.check_source(&headers(&[(header::HOST, "evil.test")]), &authority).is_err());
}
