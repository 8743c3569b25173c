//! Commands about runners, and about who is let in there.

use clap::Subcommand;
use flightdeck_core::{Name, Role};

#[derive(Debug, Subcommand)]
pub(crate) enum RunnerCommand {
    /// The runners that this library knows.
    List,
    /// Start a runner and wait until it is ready.
    Start {
        /// Its name.
        #[arg(default_value = flightdeck_app::THIS_COMPUTER)]
        name: Name,
    },
    /// Stop a runner; its endpoints come back with the next start.
    Stop {
        /// Its name.
        #[arg(default_value = flightdeck_app::THIS_COMPUTER)]
        name: Name,
    },
    /// Close its open windows now, and judge what has been counted so far.
    Flush {
        /// Its name.
        #[arg(default_value = flightdeck_app::THIS_COMPUTER)]
        name: Name,
    },
    /// Get to know a runner elsewhere, with the code that `flightdeck-runner pair` shows there.
    Add {
        /// What it is called here.
        name: Name,
        /// Its address, such as `https://edge:8443`.
        url: String,
        /// The code.
        #[arg(long)]
        code: String,
    },
    /// Meet a known runner again: it was installed anew, or no longer takes the token.
    Pair {
        /// Its name.
        name: Name,
        /// The code.
        #[arg(long)]
        code: String,
        /// Its address, when that is another now.
        #[arg(long)]
        url: Option<String>,
    },
    /// Part from a runner elsewhere; its endpoints go on answering there.
    Remove {
        /// Its name.
        name: Name,
    },
    /// Let somebody in; the token is printed once.
    Token {
        /// The runner.
        runner: Name,
        /// What the token's holder may do: caller, viewer, author, operator, reviewer, auditor or admin.
        #[arg(long, value_parser = part)]
        role: Role,
        /// At this endpoint only.
        #[arg(long, value_name = "ENDPOINT")]
        endpoint: Option<Name>,
        /// For so many days; for ever when absent.
        #[arg(long, value_name = "N")]
        days: Option<u32>,
        /// What the token's holder is called.
        #[arg(long, value_name = "LABEL")]
        name: String,
    },
    /// Who was let in.
    Tokens {
        /// The runner.
        runner: Name,
    },
    /// Take a token back.
    Revoke {
        /// The runner.
        runner: Name,
        /// The token's id in `runner tokens`.
        id: String,
    },
}

fn part(text: &str) -> Result<Role, String> {
    match text {
        "caller" => Ok(Role::Caller),
        "viewer" => Ok(Role::Viewer),
        "author" => Ok(Role::Author),
        "operator" => Ok(Role::Operator),
        "reviewer" => Ok(Role::Reviewer),
        "auditor" => Ok(Role::Auditor),
        "admin" => Ok(Role::Admin),
        _ => Err("expected caller, viewer, author, operator, reviewer, auditor or admin".into()),
    }
}
