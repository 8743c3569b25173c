//! Where a registry is, what is wanted from it, and who asks.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;

use super::RegistryError;
use crate::text::shown;

/// The address of a tracking server: `http` or `https`, a host, and a path in front of its interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) origin: String,
    pub(super) prefix: String,
}

impl FromStr for Address {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        // What stands before an @ may be a password, and is never repeated.
        let fault = |problem| {
            let address = text.rsplit_once('@').map_or(text, |(_, host)| host);
            RegistryError::Address { address: shown(address), problem }
        };
        let uri: Uri = text.trim().parse().map_err(|_| fault("it cannot be read"))?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(fault("it begins with http:// or https://"));
        };
        if authority.as_str().contains('@') {
            return Err(fault("user name and password are given apart from it"));
        }
        if uri.query().is_some() {
            return Err(fault("it ends before the question mark"));
        }
        let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        Ok(Self { origin, prefix: uri.path().trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

/// A version of a registered model: `models:/name@alias` or `models:/name/3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registered name.
    pub model: String,
    /// Which of its versions.
    pub choice: Choice,
}

/// How a version is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By an alias, such as `champion`.
    Alias(String),
    /// By its number.
    Version(u64),
}

impl FromStr for Reference {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let named = || {
            let rest = text.trim().strip_prefix("models:/")?;
            let (model, choice) = match (rest.rsplit_once('@'), rest.rsplit_once('/')) {
                (Some((model, alias)), _) if !alias.is_empty() => (model, Choice::Alias(alias.to_owned())),
                (None, Some((model, version))) => (model, Choice::Version(version.parse().ok()?)),
                _ => return None,
            };
            let is_name = !model.is_empty() && !model.contains(['/', ':']);
            is_name.then(|| Self { model: model.to_owned(), choice })
        };
        named().ok_or_else(|| RegistryError::Reference { reference: shown(text) })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.choice {
            Choice::Alias(alias) => write!(f, "models:/{}@{alias}", self.model),
            Choice::Version(version) => write!(f, "models:/{}/{version}", self.model),
        }
    }
}

/// Who asks. It shows itself to nobody but the server.
#[derive(Clone, Default)]
pub enum Access {
    /// Nobody in particular.
    #[default]
    Open,
    /// A user name and a password.
    Password {
        /// The user's name.
        user: String,
        /// The user's password.
        password: String,
    },
    /// A token.
    Token(String),
}

impl Access {
    pub(super) fn header(&self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::Password { user, password } => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            }
            Self::Token(token) => Some(format!("Bearer {token}")),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Password { .. } => "Password(..)",
            Self::Token(_) => "Token(..)",
        })
    }
}

/// Text as part of a path or a query.
pub(super) fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_servers_and_carry_no_secrets() {
        let address: Address = "https://Host.example:8443/mlflow/".parse().unwrap();
        assert_eq!(address.to_string(), "https://host.example:8443/mlflow");
        for bad in
            ["file:///etc/passwd", "host:5000", "http://", "ftp://h", "http://h/?a=b", "http://me:secret@h/"]
        {
            let error = bad.parse::<Address>().unwrap_err();
            assert_eq!(error.code(), "registry-address", "{bad}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn references_name_an_alias_or_a_version() {
        let of =
            |text: &str| text.parse::<Reference>().ok().map(|reference| (reference.model, reference.choice));
        assert_eq!(
            of("models:/my model@champion"),
            Some(("my model".into(), Choice::Alias("champion".into())))
        );
        assert_eq!(of("models:/m/12"), Some(("m".into(), Choice::Version(12))));
        for bad in [
            "models:/m",
            "models:/m/latest",
            "models:/m@",
            "models:/@x",
            "models:/a/b/1",
            "runs:/1/model",
            "models:m/1",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn k3_access_shows_nothing() {
        let access = [
            Access::Token("canary".into()),
            Access::Password { user: "canary".into(), password: "canary".into() },
        ];
        assert!(!format!("{access:?}").contains("canary"));
        // RFC 7617 section 2.
        let aladdin = Access::Password { user: "Aladdin".into(), password: "open sesame".into() };
        assert_eq!(aladdin.header().as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(encoded("a b/ü@"), "a%20b%2F%C3%BC%40");
    }
}
