//! The hub: set up by `init`, spoken to with a token from its token endpoint.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::process::Process;
use crate::client::{Ask, Connection, Take};

/// Who calls, and whose organisation everything is in.
pub(crate) const ADMIN: &str = "admin";

/// The password of [`ADMIN`], for as long as the scratch folder lives.
pub(crate) const PASSWORD: &str = "a password for benchmarks";

/// Address of the database in a folder.
pub(crate) fn database_url(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("hub.db").display())
}

pub(super) fn start(program: &Path, folder: &Path, address: SocketAddr) -> Result<Process> {
    if !folder.join("hub.db").exists() {
        init(program, folder)?;
    }
    let mut command = verb(program, "serve", folder);
    command.args(["--listen", &address.to_string(), "--log-level", "warn"]);
    command.env("HUB_SERVER_LISTEN_DRAIN_SECONDS", "0");
    Process::start(&mut command, &folder.with_extension("log"))
}

fn verb(program: &Path, verb: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(verb).arg("--data").arg(folder).args(["--database", &database_url(folder)]);
    command
}

/// Makes the data of a hub, with its administrator.
pub(crate) fn init(program: &Path, folder: &Path) -> Result<()> {
    let mut child = verb(program, "init", folder)
        .args(["--admin", ADMIN, "--admin-password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("could not start {}", program.display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(PASSWORD.as_bytes())?;
    }
    ensure!(child.wait()?.success(), "hub-server init failed");
    Ok(())
}

/// Builds the index of the hub in a folder that nobody serves.
pub(crate) fn reindex(program: &Path, folder: &Path) -> Result<()> {
    let log = fs::File::options().create(true).append(true).open(folder.with_extension("log"))?;
    let status = verb(program, "reindex", folder).stdout(Stdio::null()).stderr(log).status()?;
    ensure!(status.success(), "hub-server reindex failed");
    Ok(())
}

/// `Authorization` with name and password.
pub(crate) fn basic() -> Result<HeaderValue> {
    let pair = BASE64_STANDARD.encode(format!("{ADMIN}:{PASSWORD}"));
    Ok(HeaderValue::from_str(&format!("Basic {pair}"))?)
}

/// `Authorization` with a token for those scopes.
pub(super) async fn token(address: SocketAddr, scopes: &[String]) -> Result<HeaderValue> {
    let path = token_path(address, scopes).await?;
    let mut connection = Connection::new(address, Some(basic()?));
    let answer = connection.ask(Ask::new(Method::GET, &path).take(Take::Keep)).await?;
    let answer = answer.expect(StatusCode::OK, "ask for a token")?;
    let answer: Value = serde_json::from_slice(&answer.body)?;
    let token = answer["token"].as_str().context("the answer holds no token")?;
    Ok(HeaderValue::from_str(&format!("Bearer {token}"))?)
}

/// Path and query of the token endpoint for those scopes, as the challenge of `/v2/` names it.
pub(crate) async fn token_path(address: SocketAddr, scopes: &[String]) -> Result<String> {
    let answer = Connection::new(address, None).ask(Ask::new(Method::GET, "/v2/")).await?;
    let answer = answer.expect(StatusCode::UNAUTHORIZED, "ask for a challenge")?;
    let challenge = answer.header(WWW_AUTHENTICATE.as_str()).context("there is no challenge")?;
    let realm: Uri = parameter(challenge, "realm").context("no realm")?.parse()?;
    let service = parameter(challenge, "service").context("no service")?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut path = format!("{}?service={}", realm.path(), encoded(service));
    for scope in scopes {
        path.push_str("&scope=");
        path.push_str(&encoded(scope));
    }
    Ok(path)
}

/// A quoted parameter of a challenge.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_realm_and_service() {
        let challenge = "Bearer realm=\"http://127.0.0.1:1/token\",service=\"hub\",scope=\"\"";
        assert_eq!(parameter(challenge, "realm"), Some("http://127.0.0.1:1/token"));
        assert_eq!(parameter(challenge, "service"), Some("hub"));
        assert_eq!(parameter(challenge, "error"), None);
    }
}
