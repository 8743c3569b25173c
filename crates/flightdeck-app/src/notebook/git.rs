//! The state of the work tree that a notebook lies in, as the system's `git` tells it; nothing where there is none.

use crate::views::GitView;
use std::path::Path;
use std::process::{Command, Stdio};

/// Commit, remote and whether something is not committed.
pub(crate) fn state(folder: &Path) -> Option<GitView> {
    let commit = ask(folder, &["rev-parse", "HEAD"])?;
    let remote =
        ask(folder, &["config", "--get", "remote.origin.url"]).map(|remote| without_credentials(&remote));
    let dirty =
        ask(folder, &["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
    Some(GitView { commit, remote, dirty })
}

fn ask(folder: &Path, arguments: &[&str]) -> Option<String> {
    // No hook, pager or prompt of the user's may come up, and no lock is taken.
    let output = Command::new("git")
        .arg("--no-optional-locks")
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// `https://user:secret@host/path` less what stands before the `@`.
fn without_credentials(remote: &str) -> String {
    match remote.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => remote.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_loses_its_credentials() {
        assert_eq!(
            without_credentials("https://me:token@example.com/a/b.git"),
            "https://example.com/a/b.git"
        );
        assert_eq!(without_credentials("git@example.com:a/b.git"), "git@example.com:a/b.git");
    }

    #[test]
    fn outside_of_a_work_tree_there_is_no_state() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(state(folder.path()), None);
    }
}
