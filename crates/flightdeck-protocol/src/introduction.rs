//! Pairing from the desktop's side, and the tokens of a runner.

use crate::pairing::{Code, Hex32, PairRequest, Paired};
use crate::pin::Seen;
use crate::{Control, ControlError, Pin, Token, TokenCreated, TokenInfo, TokenList, TokenRequest};
use reqwest::Method;

/// What pairing gave.
#[derive(Debug)]
pub struct Introduction {
    /// The runner's id.
    pub runner_id: String,
    /// What may be sent to it from now on.
    pub token: Token,
    /// The token's id, by which it can be revoked.
    pub token_id: String,
    /// The key that it proved.
    pub pin: Pin,
    /// The certificate that showed the key, in DER.
    pub certificate: Vec<u8>,
}

impl Control {
    /// Meets the runner at `base`, an `https` address, with a code that a person brought from it. Neither the code nor any
    /// other secret is sent: both sides prove that they know it, over the key that the connection shows.
    pub async fn pair(base: &str, code: &Code, name: &str) -> Result<Introduction, ControlError> {
        let seen = Seen::expecting(None);
        let control = Self::over(base, None, Some(seen.clone()));
        let mut nonce = [0; 32];
        let random = ring::rand::SystemRandom::new();
        ring::rand::SecureRandom::fill(&random, &mut nonce)
            .map_err(|_| control.stranger("no random numbers could be had".into()))?;
        let nonce = Hex32(nonce);
        // The key is seen before anything is proved over it.
        control.alive().await?;
        let (pin, certificate) =
            seen.met().ok_or_else(|| control.stranger("it does not speak TLS".into()))?;
        let proof = code.client_proof(pin.as_bytes(), &nonce);
        let request = PairRequest { name: name.into(), nonce, proof };
        let paired: Paired = control.post("/pair", &request).await?;
        let expected = code.server_proof(pin.as_bytes(), &nonce, &paired.token);
        let token = paired.token.parse().ok().filter(|_| paired.proof.is_equal(&expected));
        let token = token.ok_or_else(|| ControlError::Unproved { base: control.base().into() })?;
        Ok(Introduction { runner_id: paired.runner_id, token, token_id: paired.token_id, pin, certificate })
    }

    /// Speaks to the runner at `base` as long as it shows the key that it had when it was paired. Before that is known,
    /// nothing is sent.
    pub fn pinned(base: impl Into<String>, token: Option<Token>, pin: Pin) -> Self {
        Self::over(base, token, Some(Seen::expecting(Some(pin))))
    }

    /// Lets somebody in. The answer is the only one that holds the token.
    pub async fn create_token(&self, request: &TokenRequest) -> Result<TokenCreated, ControlError> {
        self.post("/tokens", request).await
    }

    /// Who was let in.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>, ControlError> {
        Ok(self.get::<TokenList>("/tokens").await?.tokens)
    }

    /// Takes a token back. One that was taken back before stays so.
    pub async fn revoke_token(&self, id: &str) -> Result<(), ControlError> {
        let request = self.request(Method::DELETE, &format!("/tokens/{id}"));
        self.send::<serde_json::Value>(request).await.map(|_| ())
    }
}
