//! A provider of OpenID Connect that nobody here wrote: canaille, as a process of its own.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{PASSWORD, environment, free_port, skip};

/// How long the provider may take to start: it is a Python program, and the machine may be busy.
const START: Duration = Duration::from_mins(2);

/// Name of the hub there.
pub const CLIENT_ID: &str = "hub";

/// Its password there. Without blanks: encoded as the standard says (RFC 6749, 2.3.1), this provider
/// would not know it again.
pub const CLIENT_SECRET: &str = "the-secret-of-the-hub";

/// A provider with a folder of its own, not started yet.
#[derive(Debug)]
pub struct ProviderSite {
    /// What it calls itself, `http://127.0.0.1:PORT`.
    pub issuer: String,
    program: PathBuf,
    folder: tempfile::TempDir,
}

/// A provider that runs. It is ended when this goes.
#[derive(Debug)]
pub struct OidcProvider {
    site: ProviderSite,
    child: Child,
}

impl ProviderSite {
    /// Prepares one; without the program the test says so aloud and ends.
    #[must_use]
    pub fn prepare() -> Option<Self> {
        let program = environment::python().and_then(|python| {
            Some(python.parent()?.join("canaille")).filter(|program| program.is_file())
        });
        let Some(program) = program else {
            skip("canaille is not beside HUB_TEST_PYTHON");
            return None;
        };
        // Its database begins with dozens of changes, each waiting for the disk: better none.
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.unwrap();
        let port = free_port();
        let settings = format!(
            "SECRET_KEY = 'of a test'\n\
             PREFERRED_URL_SCHEME = 'http'\n\
             SERVER_NAME = '127.0.0.1:{port}'\n\
             [CANAILLE]\n\
             DATABASE = 'sql'\n\
             JAVASCRIPT = false\n\
             HTMX = false\n\
             [CANAILLE_SQL]\n\
             DATABASE_URI = 'sqlite:///{folder}/canaille.sqlite'\n\
             PASSWORD_HASH_PARAMS = {{ pbkdf2_sha512__rounds = 1000 }}\n\
             [CANAILLE_OIDC]\n\
             TRUSTED_DOMAINS = ['127.0.0.1']\n",
            folder = folder.path().display(),
        );
        std::fs::write(folder.path().join("canaille.toml"), settings).unwrap();
        Some(Self { issuer: format!("http://127.0.0.1:{port}"), program, folder })
    }

    /// Starts it with users and groups, and the hub at `hub` as its client.
    pub async fn serve(
        self,
        hub: &str,
        users: &[&str],
        groups: &[(&str, &[&str])],
    ) -> OidcProvider {
        let log = File::create(self.folder.path().join("log")).unwrap();
        let address = self.issuer.trim_start_matches("http://");
        let mut command = self.command(&["run", "--bind", address]);
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let provider = OidcProvider { site: self, child };
        provider.wait().await;
        provider.site.restore(&records(hub, users, groups));
        provider
    }

    fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let settings = self.folder.path().join("canaille.toml");
        command.args(verb).env("CANAILLE_CONFIG", settings).current_dir(self.folder.path());
        command
    }

    fn restore(&self, records: &Value) {
        let mut command = self.command(&["restore"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(records.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl OidcProvider {
    /// What it calls itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.site.issuer
    }

    /// Takes a group away.
    pub fn delete_group(&self, name: &str) {
        let id = format!("g-{name}");
        crate::run(&mut self.site.command(&["delete", "group", "--noconfirm", "--id", &id]));
    }

    /// Adds a group with these members.
    pub fn add_group(&self, name: &str, members: &[&str]) {
        self.site.restore(&json!({"group": [group(name, members)]}));
    }

    async fn wait(&self) {
        let address = format!("{}/.well-known/openid-configuration", self.site.issuer);
        let client = hub_registry_client::http::builder().build().unwrap();
        let begun = Instant::now();
        loop {
            if client.get(&address).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let log = self.site.folder.path().join("log");
            let log = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(begun.elapsed() < START, "the provider does not start:\n{}", log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        // SIGTERM: it has a worker of its own, which SIGKILL would leave behind.
        let pid = self.child.id().to_string();
        let told = Command::new("kill").arg(pid).status();
        if !told.is_ok_and(|told| told.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn records(hub: &str, users: &[&str], groups: &[(&str, &[&str])]) -> Value {
    let user = |name: &&str| {
        json!({
            "id": format!("u-{name}"), "user_name": name, "display_name": name,
            "formatted_name": name, "family_name": name, "password": PASSWORD,
            "emails": [format!("{name}@example.com")],
        })
    };
    let client = json!({
        "id": "c-hub", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "client_name": "hub", "client_uri": hub, "audience": ["c-hub"],
        "redirect_uris": [format!("{hub}/login/oidc/callback")],
        "grant_types": ["authorization_code"], "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": ["openid", "profile", "groups"],
    });
    json!({
        "user": users.iter().map(user).collect::<Vec<_>>(),
        "group": groups.iter().map(|(name, members)| group(name, members)).collect::<Vec<_>>(),
        "client": [client],
    })
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|member| format!("u-{member}")).collect();
    json!({"id": format!("g-{name}"), "display_name": name, "members": members})
}
