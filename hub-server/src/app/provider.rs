//! The provider of OpenID Connect: what it says about itself, where people are sent, and whom it
//! vouches for when they come back.
//!
//! It is asked when somebody signs in and not before, so that the hub starts without it. Its
//! answers are bounded in size and time, and no redirect is followed.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::BoxFuture;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreErrorResponseType, CoreGrantType, CoreIdToken, CoreIdTokenVerifier,
    CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, AuthType, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, TokenResponse, TokenUrl, UserInfoUrl,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::vouched::Vouched;
use crate::config::{Oidc, is_private};

/// Most bytes of an answer: key sets are some kilobytes.
const MOST_BYTES: usize = 1 << 20;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long what the provider says about itself is believed.
const LASTS: Duration = Duration::from_hours(1);

/// How long it is believed when nothing newer can be had.
const LASTS_WITHOUT_NEWS: Duration = Duration::from_hours(24);

/// How long a provider that did not answer is not asked again: everybody would wait for it.
const PAUSE: Duration = Duration::from_secs(5);

/// How often the keys are read because of a key that nobody knows: anybody can name one.
const KEYS_EVERY: Duration = Duration::from_mins(1);

/// Signatures that only the provider can make. Neither `none`, nor those by a shared secret.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the provider says about itself beyond the usual.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Beyond {
    /// Whether it names itself when it sends people back. Source: RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Beyond {}

type Metadata = ProviderMetadata<
    Beyond,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why a provider does not vouch for somebody.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or nothing that could be understood.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    /// What it says about itself cannot be worked with.
    #[error("the provider cannot be worked with: {0}")]
    Unusable(String),
    /// It says no.
    #[error("the provider refused: {code}{}", .text.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Refused {
        /// Its code for the reason.
        code: String,
        /// The reason in words.
        text: Option<String>,
    },
    /// It vouches in a way that proves nothing.
    #[error("what the provider says proves nothing: {0}")]
    Untrusted(String),
}

/// One journey to the provider and back: what belongs to it follows from one secret.
#[derive(Debug, Clone)]
pub struct Journey {
    /// Comes back from the provider as it was sent.
    pub state: String,
    /// Comes back inside the token.
    pub nonce: String,
    /// Proves that who sent the browser there exchanges the code. Source: RFC 7636.
    pub verifier: String,
    /// Where the provider sends the browser back to.
    pub back: String,
}

/// What the browser brings from the provider.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    /// Stands for the token.
    pub code: String,
    /// Who sent the browser back.
    pub issuer: Option<String>,
}

/// The provider that the settings name.
pub struct Provider {
    settings: Oidc,
    issuer: IssuerUrl,
    http: Http,
    known: tokio::sync::Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Instant)>,
    keys_at: Option<Instant>,
    failed_at: Option<Instant>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why an answer could not be had.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{}", causes(.0))]
    Http(#[from] reqwest::Error),
    #[error("the answer is larger than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("the answer makes no sense")]
    Odd(#[from] http::Error),
}

impl Provider {
    /// The provider of these settings, not asked yet; `None` when they name none.
    ///
    /// # Errors
    ///
    /// When no client can be made.
    pub fn of(settings: &Oidc) -> Result<Option<Self>, ProviderError> {
        let Some(issuer) = settings.issuer.clone() else { return Ok(None) };
        let unusable = |error: &dyn fmt::Display| ProviderError::Unusable(error.to_string());
        let http = hub_registry_client::http::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| unusable(&error))?;
        let issuer = IssuerUrl::new(issuer).map_err(|error| unusable(&error))?;
        let known = tokio::sync::Mutex::default();
        Ok(Some(Self { settings: settings.clone(), issuer, http: Http(http), known }))
    }

    /// Where the browser is sent.
    ///
    /// # Errors
    ///
    /// When the provider cannot be reached.
    pub async fn entrance(&self, journey: &Journey) -> Result<Url, ProviderError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata, journey)?;
        let (state, nonce) = (journey.state.clone(), journey.nonce.clone());
        let verifier = PkceCodeVerifier::new(journey.verifier.clone());
        let scopes = self.settings.scopes.iter().filter(|scope| *scope != "openid");
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(scopes.map(|scope| Scope::new(scope.clone())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url)
    }

    /// Exchanges what the browser brought for what the provider says about its user.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Untrusted`] when issuer, audience, nonce, signature or time are wrong.
    pub async fn redeem(
        &self,
        brought: Brought,
        journey: &Journey,
    ) -> Result<Vouched, ProviderError> {
        let metadata = self.metadata().await?;
        self.require_issuer(&metadata, brought.issuer.as_deref())?;
        let client = self.client(&metadata, journey)?;
        let request = client
            .exchange_code(AuthorizationCode::new(brought.code))
            .map_err(|_| ProviderError::Unusable("it has no token endpoint".to_owned()))?;
        let verifier = PkceCodeVerifier::new(journey.verifier.clone());
        let answer = request.set_pkce_verifier(verifier).request_async(&self.http).await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => ProviderError::Refused {
                code: code(said.error()),
                text: said.error_description().cloned(),
            },
            RequestTokenError::Request(error) => ProviderError::Unreachable(error.to_string()),
            error => ProviderError::Untrusted(error.to_string()),
        })?;
        let token = answer
            .id_token()
            .ok_or_else(|| ProviderError::Untrusted("it sent no ID token".to_owned()))?;
        let subject = self.verify(&metadata, token, journey).await?;
        let mut vouched = Vouched::read(self.issuer.as_str(), &subject, &token.to_string())?;
        let wanted = [&self.settings.username_claim, &self.settings.groups_claim];
        if wanted.into_iter().any(|claim| !vouched.has(claim))
            && let Some(url) = metadata.userinfo_endpoint()
        {
            // Some providers keep their tokens small and tell the rest here.
            let url = url.url().clone();
            let more = self.user_info(url, answer.access_token().secret()).await?;
            vouched.add(more)?;
        }
        Ok(vouched)
    }

    /// Closes the mix-up of providers: an answer of another one is not taken for ours.
    fn require_issuer(
        &self,
        metadata: &Metadata,
        issuer: Option<&str>,
    ) -> Result<(), ProviderError> {
        let names_itself =
            metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match issuer {
            Some(issuer) if issuer == self.issuer.as_str() => Ok(()),
            None if !names_itself => Ok(()),
            Some(_) => Err(ProviderError::Untrusted("another provider answered".to_owned())),
            None => Err(ProviderError::Untrusted("the answer names no provider".to_owned())),
        }
    }

    /// The subject of a token, once everything about the token is as it should be.
    async fn verify(
        &self,
        metadata: &Arc<Metadata>,
        token: &CoreIdToken,
        journey: &Journey,
    ) -> Result<String, ProviderError> {
        let nonce = Nonce::new(journey.nonce.clone());
        let mut metadata = Arc::clone(metadata);
        loop {
            let verifier = self.verifier(&metadata);
            match token.claims(&verifier, &nonce) {
                Ok(claims) => return Ok(claims.subject().to_string()),
                Err(ClaimsVerificationError::SignatureVerification(
                    SignatureVerificationError::NoMatchingKey,
                )) => {}
                Err(error) => return Err(ProviderError::Untrusted(error.to_string())),
            }
            let Some(newer) = self.newer_keys(&metadata).await? else {
                let text = "the token is signed by a key that it does not publish";
                return Err(ProviderError::Untrusted(text.to_owned()));
            };
            metadata = newer;
        }
    }

    fn verifier(&self, metadata: &Metadata) -> CoreIdTokenVerifier<'static> {
        let id = ClientId::new(self.settings.client_id.clone());
        // Never with the client's secret: a signature that the hub could make itself proves
        // nothing.
        CoreIdTokenVerifier::new_public_client(id, self.issuer.clone(), metadata.jwks().clone())
            .set_allowed_algs(SIGNATURES)
    }

    fn client(&self, metadata: &Metadata, journey: &Journey) -> Result<Client, ProviderError> {
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let back = RedirectUrl::new(journey.back.clone())
            .map_err(|error| ProviderError::Unusable(error.to_string()))?;
        let client = CoreClient::from_provider_metadata(metadata.clone(), id, secret);
        Ok(client.set_redirect_uri(back).set_auth_type(auth_type(metadata)))
    }

    /// What the provider says about itself, keys included.
    async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        // Held while it is asked: who comes meanwhile waits for the same answer.
        let mut known = self.known.lock().await;
        let old = known.metadata.clone().filter(|(_, at)| at.elapsed() < LASTS_WITHOUT_NEWS);
        if let Some((metadata, at)) = &old
            && at.elapsed() < LASTS
        {
            return Ok(Arc::clone(metadata));
        }
        if known.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            let waiting = || ProviderError::Unreachable("it did not answer just now".to_owned());
            return old.map(|(metadata, _)| metadata).ok_or_else(waiting);
        }
        match self.discover().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                let now = Instant::now();
                *known = Known {
                    metadata: Some((Arc::clone(&metadata), now)),
                    keys_at: Some(now),
                    failed_at: None,
                };
                Ok(metadata)
            }
            Err(error) => {
                known.failed_at = Some(Instant::now());
                if let Some((metadata, _)) = old {
                    tracing::warn!(%error, "the provider of OpenID Connect is not as it was");
                    return Ok(metadata);
                }
                Err(error)
            }
        }
    }

    async fn discover(&self) -> Result<Metadata, ProviderError> {
        let found = Metadata::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = found.map_err(|error| ProviderError::Unreachable(causes(&error)))?;
        // Where the password of the hub goes, nobody may listen.
        let addresses = [
            Some(metadata.authorization_endpoint().url()),
            metadata.token_endpoint().map(TokenUrl::url),
            metadata.userinfo_endpoint().map(UserInfoUrl::url),
            Some(metadata.jwks_uri().url()),
        ];
        let open = addresses.into_iter().flatten().find(|url| !is_private(url));
        match open {
            Some(url) => Err(ProviderError::Unusable(format!("`{url}` is no https:// address"))),
            None => Ok(metadata),
        }
    }

    /// The keys as they are now, when those in `old` are not the newest known; `None` when they
    /// were read a moment ago.
    async fn newer_keys(
        &self,
        old: &Arc<Metadata>,
    ) -> Result<Option<Arc<Metadata>>, ProviderError> {
        let mut known = self.known.lock().await;
        if let Some((metadata, _)) = &known.metadata
            && !Arc::ptr_eq(metadata, old)
        {
            return Ok(Some(Arc::clone(metadata)));
        }
        if known.keys_at.is_some_and(|at| at.elapsed() < KEYS_EVERY) {
            return Ok(None);
        }
        known.keys_at = Some(Instant::now());
        let keys = CoreJsonWebKeySet::fetch_async(old.jwks_uri(), &self.http).await;
        let keys = keys.map_err(|error| ProviderError::Unreachable(causes(&error)))?;
        let newer = Arc::new(Metadata::clone(old).set_jwks(keys));
        let since = known.metadata.as_ref().map_or_else(Instant::now, |(_, at)| *at);
        known.metadata = Some((Arc::clone(&newer), since));
        Ok(Some(newer))
    }

    async fn user_info(
        &self,
        url: Url,
        access_token: &str,
    ) -> Result<serde_json::Map<String, serde_json::Value>, ProviderError> {
        let unreachable = |error: &dyn fmt::Display| ProviderError::Unreachable(error.to_string());
        let answer = self.http.0.get(url).bearer_auth(access_token).send().await;
        let answer = answer.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let body = bounded(answer).await.map_err(|error| unreachable(&error))?;
        if !status.is_success() {
            let text = format!("the user info was answered {status}");
            return Err(ProviderError::Unreachable(text));
        }
        serde_json::from_slice(&body)
            .map_err(|_| ProviderError::Unusable("the user info is no JSON object".to_owned()))
    }
}

/// How the hub shows its password: as the standard wants it, unless only the other way is known.
fn auth_type(metadata: &Metadata) -> AuthType {
    let known = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| known.is_none_or(|known| known.contains(&method));
    if !takes(CoreClientAuthMethod::ClientSecretBasic)
        && takes(CoreClientAuthMethod::ClientSecretPost)
    {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

/// An error with all its causes, in one line: the log gets no more of it than this.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn code(error: &CoreErrorResponseType) -> String {
    error.as_ref().to_owned()
}

/// Our client, as the library calls one. A closure would do but for its future, which no handler
/// could be waited for with.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = FetchError;
    type Future = BoxFuture<'c, Result<HttpResponse, FetchError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(fetch(&self.0, request))
    }
}

async fn fetch(http: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, FetchError> {
    let answer = http.execute(reqwest::Request::try_from(request)?).await?;
    let mut response = http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.extend(answer.headers().clone());
    }
    Ok(response.body(bounded(answer).await?)?)
}

async fn bounded(answer: reqwest::Response) -> Result<Vec<u8>, FetchError> {
    let mut stream = answer.bytes_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if bytes.len() + chunk.len() > MOST_BYTES {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
