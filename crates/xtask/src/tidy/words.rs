//! Words that tie the repository to one machine: absolute paths of a workshop, hosts of package registries.

/// Folders that exist where something was written, not where it is read. Spelled apart, so that this file may stand.
const FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("../sha", "red")];

/// Clients have registries configured; sources and lock files do not name their hosts.
const HOSTS: &[&str] = &[
    concat!("registry.npm", "js.org"),
    concat!("registry.yarn", "pkg.com"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("static.cra", "tes.io"),
    concat!("index.cra", "tes.io"),
    concat!("proxy.go", "lang.org"),
];

pub(super) fn complaints(path: &str, bytes: &[u8]) -> Vec<String> {
    // A binary file is no text, and nobody reads a path in it.
    if bytes.iter().take(8_000).any(|byte| *byte == 0) {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let folders = FOLDERS.iter().filter(|folder| stands_alone(line, folder));
        let hosts = HOSTS.iter().filter(|host| line.contains(**host));
        complaints.extend(
            folders.chain(hosts).map(|word| format!("{path}:{}: `{word}` does not belong here", index + 1)),
        );
    }
    complaints
}

/// Whether the line has the folder at the start of a path, not as a part of a longer one.
fn stands_alone(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "_-./}".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found_with_its_line() {
        let text = format!("fine\nlet path = \"{}main\";\n", FOLDERS[0]);
        let found = complaints("a.rs", text.as_bytes());
        assert!(found.len() == 1 && found[0].starts_with("a.rs:2: "), "{found:?}");
    }

    #[test]
    fn the_same_letters_inside_a_longer_path_are_fine() {
        for text in ["src/work/mod.rs", "https://example.org/root/page", "{base}/work/"] {
            assert!(complaints("a.md", text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_registry_host_is_found() {
        let text = format!("\"resolved\": \"https://{}/svelte\"", HOSTS[0]);
        assert_eq!(complaints("ui/package-lock.json", text.as_bytes()).len(), 1);
    }

    #[test]
    fn a_binary_file_is_not_read() {
        let bytes = [b"\0".as_slice(), HOSTS[0].as_bytes()].concat();
        assert!(complaints("icon.png", &bytes).is_empty());
    }
}
