//! What every command is given: printer, settings, servers and who one is there.

use anyhow::{Context as _, Result};
use hub_api_client::{Auth, Client};
use hub_registry_client::Credentials as Found;
use secrecy::{ExposeSecret, SecretString};

use crate::config::Config;
use crate::credentials;
use crate::printer::Printer;
use crate::report::{Exit, Failure};
use crate::server::Server;

/// How tokens of a hub begin.
const TOKEN_PREFIX: &str = "hub_";

/// Who one is on a server.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    /// Name of the user; empty when only a token is known.
    pub(crate) user: String,
    /// Token `hub_pat_…`, or a password out of docker's configuration.
    pub(crate) secret: SecretString,
}

impl Credentials {
    /// The same for the hub API.
    pub(crate) fn auth(&self) -> Auth {
        if self.secret.expose_secret().starts_with(TOKEN_PREFIX) {
            return Auth::Token(self.secret.clone());
        }
        Auth::Basic { user: self.user.clone(), password: self.secret.clone() }
    }
}

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    /// Prints.
    pub(crate) printer: Printer,
    /// Settings.
    pub(crate) config: Config,
}

impl Context {
    /// The hub named by `host`, else by `--server`, else the one signed in to.
    ///
    /// # Errors
    ///
    /// A failure when none is known, or the address is wrong.
    pub(crate) fn server(&self, host: Option<&str>) -> Result<Server, Failure> {
        self.config.server(host)
    }

    /// Who one is on `server`; `None` when not signed in. `HUB_TOKEN` goes first, but only to
    /// the server in use; then what `hub login` kept, then docker's and podman's files: who ran
    /// `hub login` meant it for hub.
    ///
    /// # Errors
    ///
    /// When a file of credentials is there but cannot be used.
    pub(crate) async fn credentials(
        &self,
        server: &Server,
    ) -> Result<Option<Credentials>, Failure> {
        if let Some(token) = self.config.token()
            && self.config.server(None).is_ok_and(|current| current == *server)
        {
            return Ok(Some(Credentials { user: String::new(), secret: token.clone() }));
        }
        self.stored_credentials(server).await
    }

    /// The same without `HUB_TOKEN`.
    ///
    /// # Errors
    ///
    /// When a file of credentials is there but cannot be used.
    pub(crate) async fn stored_credentials(
        &self,
        server: &Server,
    ) -> Result<Option<Credentials>, Failure> {
        let mut kept = credentials::read(&self.config.credentials_path())?;
        if let Some(kept) = kept.remove(server.host())
            && let Some(token) = kept.token
        {
            return Ok(Some(Credentials { user: kept.user, secret: token }));
        }
        let host = server.host().to_owned();
        let found =
            tokio::task::spawn_blocking(move || hub_registry_client::find_credentials(&host));
        let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
            Failure::new(Exit::Failed, "could not use docker's credentials")
                .cause(error)
                .hint("run hub login, or mend docker's configuration")
        };
        let found = found.await.map_err(|error| unusable(error.into()))?;
        Ok(found.map_err(|error| unusable(error.into()))?.map(|found| match found {
            Found::Basic { user, password } => Credentials { user, secret: password },
            Found::Bearer(token) | Found::Identity(token) => {
                Credentials { user: String::new(), secret: token }
            }
        }))
    }

    /// A client of the hub API on `server`, signed in when credentials are known.
    ///
    /// # Errors
    ///
    /// Those of [`Context::credentials`].
    pub(crate) async fn api(&self, server: &Server) -> Result<Client> {
        let credentials = self.credentials(server).await?;
        let auth = credentials.map_or(Auth::None, |credentials| credentials.auth());
        self.client(server, auth)
    }

    /// A client of the hub API on `server`.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made, or the authority of its certificate cannot be read.
    pub(crate) fn client(&self, server: &Server, auth: Auth) -> Result<Client> {
        let http = self.config.trust(server)?.apply(hub_registry_client::http::builder())?;
        let http = http.build().context("could not prepare HTTP")?;
        let base = server.url().parse().context("could not read the address of the hub")?;
        Ok(Client::new(http, base, auth))
    }

    /// Asks before something that is not easily taken back; `yes` was the answer already.
    ///
    /// # Errors
    ///
    /// When the answer is no, or nobody can be asked.
    pub(crate) fn sure(&self, act: &str, yes: bool) -> Result<()> {
        if yes {
            return Ok(());
        }
        if !self.may_ask() {
            let nobody = Failure::usage(format!("will not {act} without asking"));
            return Err(nobody.hint("add --yes").into());
        }
        if !self.printer.ask(&format!("Really {act}?"))? {
            return Err(Failure::new(Exit::Failed, "nothing was done").into());
        }
        Ok(())
    }

    /// Whether questions may be asked: stdin and stderr are terminals, and nobody forbade it.
    pub(crate) fn may_ask(&self) -> bool {
        self.config.may_ask()
    }
}
