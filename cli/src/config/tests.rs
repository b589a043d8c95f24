//! Which setting wins.

use std::path::Path;

use super::*;

fn load(flags: &Global, user: &str, project: &str) -> Result<Config, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment {
        config: folder.path().join("config.toml"),
        project: folder.path().join(".hub.toml"),
        ..Environment::default()
    };
    std::fs::write(&environment.config, user).unwrap();
    std::fs::write(&environment.project, project).unwrap();
    Config::load(flags, environment)
}

fn chosen(flags: &Global, user: &str, project: &str) -> String {
    load(flags, user, project).unwrap().server(None).unwrap().url()
}

const USER: &str = r#"
current = "a"
[contexts.a]
server = "https://a.example.com"
[contexts.b]
server = "http://b.lan:5000"
"#;

#[test]
fn flags_go_before_the_project_and_that_before_the_user() {
    let flags = |server: Option<&str>, context: Option<&str>| Global {
        server: server.map(str::to_owned),
        context: context.map(str::to_owned),
        ..Global::default()
    };
    for (flags, project, want) in [
        (flags(None, None), "", "https://a.example.com"),
        (flags(None, None), "context = 'b'", "http://b.lan:5000"),
        (flags(None, None), "server = 'http://b.lan:5000'", "http://b.lan:5000"),
        (flags(None, Some("a")), "context = 'b'", "https://a.example.com"),
        (flags(None, Some("a")), "server = 'http://b.lan:5000'", "https://a.example.com"),
        (flags(Some("c.example.com"), None), "context = 'b'", "https://c.example.com"),
        (flags(Some("c.example.com"), Some("a")), "", "https://c.example.com"),
    ] {
        assert_eq!(chosen(&flags, USER, project), want, "{flags:?} {project}");
    }
}

#[test]
fn a_foreign_checkout_cannot_send_credentials_elsewhere() {
    for project in ["server = 'evil.example.com'", "context = 'evil'"] {
        assert_eq!(chosen(&Global::default(), USER, project), "https://a.example.com");
    }
}

#[test]
fn a_known_host_keeps_its_scheme() {
    let config = load(&Global::default(), USER, "").unwrap();
    assert_eq!(config.server(Some("b.lan:5000")).unwrap().url(), "http://b.lan:5000");
    assert_eq!(config.server(Some("b.lan")).unwrap().url(), "https://b.lan");
}

#[test]
fn without_any_hub_the_way_to_one_is_named() {
    let config = load(&Global::default(), "", "").unwrap();
    assert_eq!(config.server(None).unwrap_err().exit, Exit::Denied);
    let wrong = Global { context: Some("x".into()), ..Global::default() };
    assert_eq!(load(&wrong, USER, "").unwrap_err().exit, Exit::Usage);
}

#[test]
fn remembering_a_hub_keeps_comments_and_unknown_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, "# mine\ncurrent = 'old'\nlater = 1\n").unwrap();
    let server = Server::parse("http://127.0.0.1:5000", false).unwrap();
    UserFile::remember(&path, &server, "alice", &Trust::default()).unwrap();

    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("# mine") && text.contains("later = 1"), "{text}");
    let file = UserFile::read(&path).unwrap();
    assert_eq!(file.current.as_deref(), Some("127.0.0.1:5000"));
    assert_eq!(file.contexts["127.0.0.1:5000"].server, "http://127.0.0.1:5000");
    assert_eq!(file.contexts["127.0.0.1:5000"].user, "alice");

    UserFile::forget_user(&path, &server).unwrap();
    assert_eq!(UserFile::read(&path).unwrap().contexts["127.0.0.1:5000"].user, "");
    assert!(UserFile::read(Path::new("/nowhere/at/all")).unwrap().contexts.is_empty());
}

#[test]
fn a_certificate_goes_unchecked_only_where_somebody_said_so() {
    let user = format!("{USER}insecure = true\n");
    let trust = |insecure: Option<&str>, host: &str| {
        let flags = Global { insecure: insecure.map(str::to_owned), ..Global::default() };
        let config = load(&flags, &user, "").unwrap();
        config.trust(&config.server(Some(host)).unwrap()).unwrap().insecure
    };
    assert!(!trust(None, "a.example.com"));
    assert!(trust(None, "b.lan:5000"), "its context says so");
    assert!(trust(Some(""), "a.example.com"), "it is the hub in use");
    assert!(!trust(Some(""), "c.example.com"));
    assert!(trust(Some("c.example.com"), "c.example.com"));
    assert!(!trust(Some("c.example.com"), "a.example.com"));
}

const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBGDCBv6ADAgECAgEBMAoGCCqGSM49BAMCMAAwHhcNNzUwMTAxMDAwMDAwWhcN
-----END CERTIFICATE-----
";

#[test]
fn an_authority_that_is_named_ends_going_unchecked() {
    let folder = tempfile::tempdir().unwrap();
    let (path, ca) = (folder.path().join("config.toml"), folder.path().join("ca.pem"));
    std::fs::write(&ca, AUTHORITY).unwrap();
    let server = Server::parse("b.lan:5000", false).unwrap();
    let trust = |insecure: Option<&str>, ca: Option<&Path>| {
        let user = std::fs::read_to_string(&path).unwrap_or_default();
        let flags = Global {
            insecure: insecure.map(str::to_owned),
            ca_cert: ca.map(Path::to_owned),
            ..Global::default()
        };
        load(&flags, &user, "").unwrap().trust(&server).unwrap()
    };
    let remember = |trust: &Trust| UserFile::remember(&path, &server, "alice", trust).unwrap();

    remember(&trust(Some("b.lan:5000"), None));
    assert!(trust(None, None).insecure);
    UserFile::forget_user(&path, &server).unwrap();
    assert!(!trust(None, None).insecure, "signing out forgets it");

    remember(&trust(Some("b.lan:5000"), None));
    remember(&trust(None, Some(&ca)));
    let kept = trust(None, None);
    assert!(!kept.insecure && kept.ca.is_some());
    // Who says both means both, for now and to be kept.
    assert!(trust(Some("b.lan:5000"), Some(&ca)).insecure);
    remember(&Trust::default());
    assert_eq!(trust(None, None), Trust::default(), "what is said no more is kept no more");
}

#[test]
fn an_authority_that_is_none_is_a_usage_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "nonsense").unwrap();
    for path in [file, folder.path().join("absent.pem")] {
        let flags = Global { ca_cert: Some(path), ..Global::default() };
        let config = load(&flags, USER, "").unwrap();
        let server = config.server(None).unwrap();
        assert_eq!(config.trust(&server).unwrap_err().exit, Exit::Usage);
    }
}
