//! Who else is let in at a runner: tokens for clients and colleagues, made, listed and taken back.

use crate::views::{TokenMade, TokenRequest, TokenView};
use crate::{App, Error, Result};
use flightdeck_core::{Name, Scope};
use flightdeck_protocol as wire;

impl App {
    /// Lets somebody in. The token is in the answer and nowhere else.
    pub async fn runner_token(&self, runner: &Name, request: &TokenRequest) -> Result<TokenMade> {
        let attached = self.runner_for(runner).await?;
        let asked = wire::TokenRequest {
            name: request.name.clone(),
            role: request.role,
            scope: request.endpoint.clone().map_or(Scope::Runner, Scope::Endpoint),
            days: request.days,
        };
        let made = attached.control.create_token(&asked).await?;
        let info = view(&made.info);
        self.act("create-token", &format!("{runner}/{}", info.id), |act| {
            act.note("name", info.name.clone());
            Ok(())
        })?;
        Ok(TokenMade { token: made.token, info })
    }

    /// Who was let in, oldest first.
    pub async fn runner_tokens(&self, runner: &Name) -> Result<Vec<TokenView>> {
        let attached = self.runner_for(runner).await?;
        Ok(attached.control.tokens().await?.iter().map(view).collect())
    }

    /// Takes a token back.
    pub async fn runner_revoke(&self, runner: &Name, id: &str) -> Result<TokenView> {
        let attached = self.runner_for(runner).await?;
        let known = attached.control.tokens().await?.into_iter().find(|token| token.id == id);
        let known = known.ok_or_else(|| {
            let hint = format!("`flightdeck runner tokens {runner}` lists them");
            Error::input("no-such-token", format!("{runner} has no token {id}"), hint)
        })?;
        attached.control.revoke_token(id).await?;
        let revoked = TokenView { revoked_at: known.revoked_at.or(Some(self.now())), ..view(&known) };
        self.act("revoke-token", &format!("{runner}/{}", revoked.id), |act| {
            act.note("name", revoked.name.clone());
            Ok(())
        })?;
        Ok(revoked)
    }
}

fn view(info: &wire::TokenInfo) -> TokenView {
    let (endpoint, model) = match &info.scope {
        Scope::Runner => (None, None),
        Scope::Endpoint(endpoint) => (Some(endpoint.clone()), None),
        Scope::Model(model) => (None, Some(model.clone())),
    };
    TokenView {
        id: info.id.clone(),
        name: info.name.clone(),
        role: info.role,
        endpoint,
        model,
        created_at: info.created_at,
        expires_at: info.expires_at,
        revoked_at: info.revoked_at,
    }
}
