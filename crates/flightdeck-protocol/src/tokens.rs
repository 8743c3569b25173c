//! Tokens on the wire: made, listed and revoked by an administrator. The token itself travels once, in the answer that
//! makes it.

use flightdeck_core::{Role, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `POST /tokens`: who shall be let in, and to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What people call its holder.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// Where; the whole runner when it is not said.
    #[serde(default = "everywhere")]
    pub scope: Scope,
    /// For how long; for ever when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

fn everywhere() -> Scope {
    Scope::Runner
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// What audit rows call its holder, and what `DELETE /tokens/{id}` takes.
    pub id: String,
    /// What people call its holder.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back; `None` while it holds.
    pub revoked_at: Option<Timestamp>,
}

/// The answer to `POST /tokens`, the only one that holds the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCreated {
    /// 64 hexadecimal digits, for `Authorization: Bearer`.
    pub token: String,
    /// What is remembered of it.
    #[serde(flatten)]
    pub info: TokenInfo,
}

impl fmt::Debug for TokenCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCreated").field("info", &self.info).finish_non_exhaustive()
    }
}

/// `GET /tokens`: every token that was ever made, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    /// The tokens.
    pub tokens: Vec<TokenInfo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_at_least_who_and_what() {
        let request: TokenRequest = serde_json::from_str(r#"{"name":"shop","role":"caller"}"#).unwrap();
        assert_eq!((request.scope, request.days), (Scope::Runner, None));
        let scoped = r#"{"name":"shop","role":"caller","scope":{"endpoint":"e"},"days":3}"#;
        let scoped: TokenRequest = serde_json::from_str(scoped).unwrap();
        assert_eq!(scoped.scope, Scope::Endpoint("e".parse().unwrap()));
        for wrong in
            [r#"{"name":"a"}"#, r#"{"name":"a","role":"king"}"#, r#"{"name":"a","role":"caller","x":1}"#]
        {
            assert!(serde_json::from_str::<TokenRequest>(wrong).is_err(), "{wrong}");
        }
    }
}
