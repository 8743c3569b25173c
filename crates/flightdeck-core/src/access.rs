//! Who may do what: one function that every route and every use case asks.

use crate::Name;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// Nobody in particular: a request without a token.
    Anonymous,
    /// The holder of a key or a token, by its id.
    Key(String),
}

impl Principal {
    /// The id that audit rows carry.
    pub fn id(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Key(id) => id,
        }
    }
}

/// A part that somebody may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Asks for predictions and sees nothing else: what a client's token has, and everybody on loopback.
    Caller,
    /// Sees state and history.
    Viewer,
    /// Brings versions.
    Author,
    /// Runs endpoints.
    Operator,
    /// Approves or rejects versions.
    Reviewer,
    /// Reads everything that was ever done.
    Auditor,
    /// May do all of it, and says who may.
    Admin,
}

/// Where a grant holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole runner.
    Runner,
    /// One endpoint.
    Endpoint(Name),
    /// One model.
    Model(Name),
}

/// Somebody has a role somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who.
    pub principal: Principal,
    /// Which part.
    pub role: Role,
    /// Where.
    pub scope: Scope,
}

/// What is asked for. Each route of a runner names exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Whether the server lives and is ready; says nothing about what runs on it.
    Probe,
    /// Metadata of the server and of what it serves.
    Describe,
    /// A prediction.
    Infer,
    /// State and figures of endpoints.
    View,
    /// Parts of a package, and the package made of them.
    Upload,
    /// The desired state of an endpoint, set or removed.
    Deploy,
    /// Closed windows, read and acknowledged.
    Pull,
    /// The audit log, read.
    Audit,
    /// The server itself: flushed or stopped.
    Operate,
    /// What became true, told afterwards.
    Label,
    /// Rows that were kept of the traffic, read.
    ReadSamples,
    /// Getting to know each other: whoever knows the code that the server showed.
    Pair,
    /// Who is let in: tokens made, listed and taken back.
    ManageTokens,
}

/// What it is asked of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// The runner itself.
    Runner,
    /// One endpoint.
    Endpoint(Name),
}

/// Refused: nobody granted it.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{principal} may not {action} here")]
pub struct Forbidden {
    /// Who asked.
    pub principal: String,
    /// For what.
    pub action: String,
}

/// Decides from grants alone whether `principal` may do `action` to `object`. What no grant allows is refused.
///
/// Probing needs no grant: a load balancer has none. Nor does pairing, which proves what it may by itself.
pub fn authorize(
    grants: &[Grant],
    principal: &Principal,
    action: Action,
    object: &Object,
) -> Result<(), Forbidden> {
    let allowed =
        needs_no_grant(action) || held(grants, principal, action).any(|grant| covers(&grant.scope, object));
    if allowed { Ok(()) } else { Err(forbidden(principal, action)) }
}

/// Decides whether `principal` may do `action` to anything at all: for whoever learns later to what, and asks
/// [`authorize`] then.
pub fn authorize_somewhere(grants: &[Grant], principal: &Principal, action: Action) -> Result<(), Forbidden> {
    let allowed = needs_no_grant(action) || held(grants, principal, action).next().is_some();
    if allowed { Ok(()) } else { Err(forbidden(principal, action)) }
}

const fn needs_no_grant(action: Action) -> bool {
    matches!(action, Action::Probe | Action::Pair)
}

fn held<'a>(
    grants: &'a [Grant],
    principal: &'a Principal,
    action: Action,
) -> impl Iterator<Item = &'a Grant> {
    grants.iter().filter(move |grant| grant.principal == *principal && roles(action).contains(&grant.role))
}

fn forbidden(principal: &Principal, action: Action) -> Forbidden {
    let action = serde_json::to_value(action).ok().and_then(|word| word.as_str().map(str::to_owned));
    Forbidden { principal: principal.id().into(), action: action.unwrap_or_default() }
}

fn covers(scope: &Scope, object: &Object) -> bool {
    match (scope, object) {
        (Scope::Runner, _) => true,
        (Scope::Endpoint(granted), Object::Endpoint(asked)) => granted == asked,
        (Scope::Endpoint(_) | Scope::Model(_), _) => false,
    }
}

const fn roles(action: Action) -> &'static [Role] {
    use Role::{Admin, Auditor, Author, Caller, Operator, Reviewer, Viewer};
    match action {
        Action::Probe | Action::Pair | Action::Describe | Action::Infer => {
            &[Caller, Viewer, Author, Operator, Reviewer, Auditor, Admin]
        }
        Action::View | Action::Pull => &[Viewer, Author, Operator, Reviewer, Auditor, Admin],
        Action::Upload | Action::Label => &[Author, Operator, Admin],
        Action::Deploy | Action::Operate => &[Operator, Admin],
        Action::Audit => &[Auditor, Admin],
        Action::ReadSamples => &[Auditor, Operator, Admin],
        Action::ManageTokens => &[Admin],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Action; 11] = [
        Action::Probe,
        Action::Describe,
        Action::Infer,
        Action::View,
        Action::Upload,
        Action::Deploy,
        Action::Pull,
        Action::Audit,
        Action::Operate,
        Action::Pair,
        Action::ManageTokens,
    ];

    fn endpoint(name: &str) -> Object {
        Object::Endpoint(name.parse().unwrap())
    }

    #[test]
    fn without_a_grant_only_probing_and_pairing_are_allowed() {
        for action in ALL {
            let answer = authorize(&[], &Principal::Anonymous, action, &Object::Runner);
            assert_eq!(answer.is_ok(), matches!(action, Action::Probe | Action::Pair), "{action:?}");
        }
    }

    #[test]
    fn a_grant_holds_for_its_scope_and_its_principal_only() {
        let me = Principal::Key("me".into());
        let scope = Scope::Endpoint("a".parse().unwrap());
        let grants = [Grant { principal: me.clone(), role: Role::Operator, scope }];
        assert!(authorize(&grants, &me, Action::Deploy, &endpoint("a")).is_ok());
        assert!(authorize(&grants, &me, Action::Deploy, &endpoint("b")).is_err());
        assert!(authorize(&grants, &me, Action::Deploy, &Object::Runner).is_err());
        assert!(authorize(&grants, &Principal::Anonymous, Action::Deploy, &endpoint("a")).is_err());
    }

    #[test]
    fn a_caller_predicts_and_sees_nothing_else() {
        let grants = [Grant { principal: Principal::Anonymous, role: Role::Caller, scope: Scope::Runner }];
        for action in ALL {
            let allowed = matches!(action, Action::Probe | Action::Pair | Action::Describe | Action::Infer);
            let answer = authorize(&grants, &Principal::Anonymous, action, &endpoint("a"));
            assert_eq!(answer.is_ok(), allowed, "{action:?}");
        }
    }

    #[test]
    fn a_viewer_changes_nothing() {
        let me = Principal::Key("me".into());
        let grants = [Grant { principal: me.clone(), role: Role::Viewer, scope: Scope::Runner }];
        let changes = [Action::Upload, Action::Deploy, Action::Operate, Action::Audit, Action::ManageTokens];
        for action in changes {
            assert!(authorize(&grants, &me, action, &Object::Runner).is_err(), "{action:?}");
        }
    }
}
