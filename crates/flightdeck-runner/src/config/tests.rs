//! Settings from arguments and files, and what does not fit together.

use super::*;

fn args(listen: &str) -> ServeArgs {
    ServeArgs { data: Some("d".into()), listen: Some(listen.parse().unwrap()), ..ServeArgs::default() }
}

fn config(args: &ServeArgs) -> Result<Config, ConfigError> {
    Config::from_args(args, &b""[..], None)
}

#[test]
fn r13_other_machines_are_served_encrypted_or_not_at_all() {
    for listen in ["0.0.0.0:0", "[::]:80", "192.168.0.1:1", "8.8.8.8:1"] {
        assert!(config(&args(listen)).unwrap().encrypted, "{listen}");
        let off = ServeArgs { tls: Some(TlsMode::Off), ..args(listen) };
        let refused = config(&off).unwrap_err();
        assert!(matches!(refused, ConfigError::Unprotected(_)) && refused.to_string().contains("--pod"));
        let models = Some("m".into());
        let pod = ServeArgs { pod: true, models, name: Some("e".parse().unwrap()), ..off };
        assert!(!config(&pod).unwrap().encrypted, "{listen}");
    }
    for listen in ["127.0.0.1:0", "[::1]:0", "127.1.2.3:9", "[::ffff:127.0.0.1]:1"] {
        assert!(!config(&args(listen)).unwrap().encrypted, "{listen}");
        let on = ServeArgs { tls: Some(TlsMode::On), ..args(listen) };
        assert!(config(&on).unwrap().encrypted, "{listen}");
    }
}

#[test]
fn the_token_is_the_first_line_of_the_input() {
    let token = "ab".repeat(32);
    let input = format!("{token}\nmore");
    let args = ServeArgs { token_stdin: true, ..args("127.0.0.1:0") };
    let config = Config::from_args(&args, input.as_bytes(), None).unwrap();
    assert_eq!(config.token.unwrap().reveal(), token);
    for wrong in ["", "short\n", "g0\n"] {
        assert!(Config::from_args(&args, wrong.as_bytes(), None).is_err());
    }
}

#[test]
fn an_argument_goes_before_the_file_and_the_file_before_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, "[server]\nlisten = \"[::1]:7\"\n[http]\nstreams = 3\n[tls]\nmode = \"on\"\n")
        .unwrap();
    let from_file = ServeArgs { data: Some("d".into()), config: Some(file.clone()), ..ServeArgs::default() };
    let read = config(&from_file).unwrap();
    assert_eq!(
        (read.listen.to_string(), read.encrypted, read.settings.http.streams),
        ("[::1]:7".into(), true, 3)
    );
    assert_eq!(read.settings.http.connections, Http::default().connections);
    let tls = Some(TlsMode::Off);
    let both = ServeArgs { listen: Some("127.0.0.1:9".parse().unwrap()), tls, ..from_file.clone() };
    let read = config(&both).unwrap();
    assert_eq!((read.listen.port(), read.encrypted), (9, false));

    std::fs::write(&file, "[http]\nstraems = 3\n").unwrap();
    let refused = config(&from_file).unwrap_err().to_string();
    assert!(refused.contains("straems") && refused.contains("c.toml"), "{refused}");
    std::fs::write(&file, "[tls]\ncert = \"x\"\n").unwrap();
    assert!(matches!(config(&from_file), Err(ConfigError::HalfCertificate)));
    let absent = ServeArgs { config: Some(folder.path().join("none")), ..from_file };
    assert!(matches!(config(&absent), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn a_pod_listens_where_the_cluster_says() {
    let (models, name) = (Some("m".into()), Some("e".parse().unwrap()));
    let pod = ServeArgs { pod: true, models, name, data: Some("d".into()), ..ServeArgs::default() };
    let listen = |port| Config::from_args(&pod, &b""[..], port).map(|config| config.listen.to_string());
    assert_eq!(listen(None).unwrap(), "0.0.0.0:8080");
    assert_eq!(listen(Some("9001")).unwrap(), "0.0.0.0:9001");
    assert!(matches!(listen(Some("x")), Err(ConfigError::Port(_))));
}
