//! A provider that does what no real one can be made to do.

use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::*;

const SECRET: &str = "the secret of the client, long enough to sign with";

/// A key pair of the provider.
struct Pair {
    document: Vec<u8>,
    public: Value,
}

impl Pair {
    fn named(kid: &str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let public = json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": kid, "x": x});
        Self { document: pair.to_pkcs8v1().unwrap().as_ref().to_vec(), public }
    }

    fn sign(&self, kid: &str, claims: &Value) -> String {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(&self.document)).unwrap()
    }
}

#[derive(Default)]
struct Says {
    metadata: Value,
    keys: Value,
    token: String,
    user_info: Value,
    /// Requests for what it says about itself, for its keys, for tokens.
    asked: [usize; 3],
    form: String,
}

type Shared = Arc<Mutex<Says>>;

struct Fake {
    url: String,
    says: Shared,
    pair: Pair,
    _tasks: JoinSet<()>,
}

async fn metadata(State(says): State<Shared>) -> Response {
    let mut says = says.lock().unwrap();
    says.asked[0] += 1;
    match &says.metadata {
        Value::String(text) => {
            ([(header::CONTENT_TYPE, "application/json")], text.clone()).into_response()
        }
        Value::Null => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        metadata => Json(metadata.clone()).into_response(),
    }
}

async fn keys(State(says): State<Shared>) -> Json<Value> {
    let mut says = says.lock().unwrap();
    says.asked[1] += 1;
    Json(says.keys.clone())
}

async fn token(State(says): State<Shared>, form: String) -> Json<Value> {
    let mut says = says.lock().unwrap();
    says.asked[2] += 1;
    says.form = form;
    Json(json!({"access_token": "a", "token_type": "Bearer", "id_token": says.token}))
}

async fn user_info(State(says): State<Shared>) -> Json<Value> {
    Json(says.lock().unwrap().user_info.clone())
}

impl Fake {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pair = Pair::named("one");
        let says = Says {
            metadata: json!({
                "issuer": url,
                "authorization_endpoint": format!("{url}/authorize"),
                "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/keys"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
            }),
            keys: json!({"keys": [pair.public]}),
            ..Says::default()
        };
        let says = Arc::new(Mutex::new(says));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/user", get(user_info))
            .with_state(Arc::clone(&says));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, says, pair, _tasks: tasks }
    }

    fn provider(&self) -> Provider {
        Provider::of(&self.settings()).unwrap().unwrap()
    }

    fn settings(&self) -> Oidc {
        Oidc {
            issuer: Some(self.url.clone()),
            client_id: "hub".to_owned(),
            client_secret: Some(SECRET.into()),
            ..Oidc::default()
        }
    }

    fn claims(&self) -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({
            "iss": self.url, "sub": "1234", "aud": "hub", "iat": now, "exp": now + 60,
            "nonce": journey().nonce, "preferred_username": "dana", "groups": ["builders"],
        })
    }

    /// The usual claims, one of them otherwise; `null` leaves it out.
    fn with(&self, claim: &str, value: Value) -> Value {
        let mut claims = self.claims();
        let all = claims.as_object_mut().unwrap();
        all.remove(claim);
        if !value.is_null() {
            all.insert(claim.to_owned(), value);
        }
        claims
    }

    fn say(&self, token: String) {
        self.says.lock().unwrap().token = token;
    }

    fn asked(&self) -> [usize; 3] {
        self.says.lock().unwrap().asked
    }
}

fn journey() -> Journey {
    Journey {
        state: "s".repeat(64),
        nonce: "n".repeat(64),
        verifier: "v".repeat(64),
        back: "https://hub.example.com/login/oidc/callback".to_owned(),
    }
}

async fn redeem(provider: &Provider) -> Result<Vouched, ProviderError> {
    let brought = Brought { code: "code".to_owned(), issuer: None };
    provider.redeem(brought, &journey()).await
}

fn untrusted(result: &Result<Vouched, ProviderError>) -> bool {
    matches!(result, Err(ProviderError::Untrusted(_)))
}

#[tokio::test]
async fn a_good_token_is_believed_and_the_code_is_exchanged_with_its_verifier() {
    let fake = Fake::start().await;
    let provider = fake.provider();
    let entrance = provider.entrance(&journey()).await.unwrap();
    let asked: std::collections::HashMap<_, _> = entrance.query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], "openid profile");
    assert_eq!((&asked["state"], &asked["nonce"]), (&journey().state, &journey().nonce));
    assert!(!entrance.as_str().contains(&journey().verifier));

    fake.say(fake.pair.sign("one", &fake.claims()));
    let dana = redeem(&provider).await.unwrap();
    assert_eq!(dana.subject, format!("{} 1234", fake.url));
    assert_eq!(dana.text("preferred_username"), Some("dana"));
    assert_eq!(dana.texts("groups"), ["builders"]);
    let form = fake.says.lock().unwrap().form.clone();
    assert!(form.contains(&format!("code_verifier={}", journey().verifier)), "{form}");
    assert!(!form.contains("client_secret"), "it goes into a header: {form}");
    assert_eq!(fake.asked(), [1, 1, 1], "what it says about itself is read once");
}

#[tokio::test]
async fn a_token_with_a_wrong_claim_proves_nothing() {
    let fake = Fake::start().await;
    let provider = fake.provider();
    let past = chrono::Utc::now().timestamp() - 1;
    for (claim, value) in [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("aud", json!("another")),
        ("aud", json!(["hub", "another"])),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!("https://id.example.com")),
        ("iss", json!(format!("{}/", fake.url))),
        ("exp", json!(past)),
        ("exp", Value::Null),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
    ] {
        fake.say(fake.pair.sign("one", &fake.with(claim, value.clone())));
        let result = redeem(&provider).await;
        assert!(untrusted(&result), "{claim} {value}: {result:?}");
    }
}

#[tokio::test]
async fn a_token_that_others_could_have_signed_proves_nothing() {
    let fake = Fake::start().await;
    let provider = fake.provider();
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&fake.claims()));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let by_secret = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &fake.claims(), &key);
    // The public key taken for a secret.
    let x = fake.pair.public["x"].as_str().unwrap();
    let x = BASE64_URL_SAFE_NO_PAD.decode(x).unwrap();
    let kid = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let by_public = jsonwebtoken::encode(&kid, &fake.claims(), &EncodingKey::from_secret(&x));
    let good = fake.pair.sign("one", &fake.claims());
    let parts: Vec<_> = good.split('.').collect();
    let altered = format!("{}.{}.{}", parts[0], part(&fake.with("sub", json!("1"))), parts[2]);
    for (what, token) in [
        ("none", none),
        ("the client's secret", by_secret.unwrap()),
        ("the public key", by_public.unwrap()),
        ("another key of that name", Pair::named("one").sign("one", &fake.claims())),
        ("altered claims", altered),
        ("no token", "nonsense".to_owned()),
    ] {
        fake.say(token);
        let result = redeem(&provider).await;
        assert!(result.is_err(), "{what}");
        assert!(untrusted(&result), "{what}: {result:?}");
    }
}

#[tokio::test]
async fn new_keys_are_read_once_a_minute() {
    let fake = Fake::start().await;
    let provider = fake.provider();
    let second = Pair::named("two");
    fake.say(second.sign("two", &fake.claims()));
    assert!(untrusted(&redeem(&provider).await));
    assert_eq!(fake.asked()[1], 1, "they were read just now");

    provider.known.lock().await.keys_at = None;
    assert!(untrusted(&redeem(&provider).await));
    assert!(untrusted(&redeem(&provider).await));
    assert_eq!(fake.asked()[1], 2);

    fake.says.lock().unwrap().keys = json!({"keys": [fake.pair.public, second.public]});
    provider.known.lock().await.keys_at = None;
    assert!(redeem(&provider).await.is_ok());
    fake.say(fake.pair.sign("one", &fake.claims()));
    assert!(redeem(&provider).await.is_ok(), "the first is as good as before");
    assert_eq!(fake.asked(), [1, 3, 5]);
}

#[tokio::test]
async fn the_answer_of_another_provider_is_not_taken() {
    let fake = Fake::start().await;
    fake.say(fake.pair.sign("one", &fake.claims()));
    let redeem = async |provider: &Provider, issuer: Option<&str>| {
        let brought = Brought { code: "c".to_owned(), issuer: issuer.map(str::to_owned) };
        provider.redeem(brought, &journey()).await
    };
    let provider = fake.provider();
    assert!(redeem(&provider, None).await.is_ok());
    assert!(redeem(&provider, Some(&fake.url)).await.is_ok());
    assert!(untrusted(&redeem(&provider, Some("https://evil.example")).await));

    fake.says.lock().unwrap().metadata["authorization_response_iss_parameter_supported"] =
        json!(true);
    let provider = fake.provider();
    assert!(untrusted(&redeem(&provider, None).await));
    assert!(redeem(&provider, Some(&fake.url)).await.is_ok());
    assert_eq!(fake.asked()[2], 3, "no code went out for the others");
}

#[tokio::test]
async fn what_the_token_leaves_out_the_user_info_may_say() {
    let fake = Fake::start().await;
    {
        let mut says = fake.says.lock().unwrap();
        says.metadata["userinfo_endpoint"] = json!(format!("{}/user", fake.url));
        says.user_info = json!({"sub": "1234", "groups": ["a"], "preferred_username": "eve"});
    }
    let provider = fake.provider();
    fake.say(fake.pair.sign("one", &fake.with("groups", Value::Null)));
    let dana = redeem(&provider).await.unwrap();
    assert_eq!(
        (dana.texts("groups"), dana.text("preferred_username")),
        (vec!["a".to_owned()], Some("dana"))
    );
    fake.says.lock().unwrap().user_info["sub"] = json!("4321");
    assert!(untrusted(&redeem(&provider).await));
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_asked_by_everybody() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = Oidc { issuer: Some(url), client_id: "hub".to_owned(), ..Oidc::default() };
    let provider = Provider::of(&settings).unwrap().unwrap();
    for _ in 0..2 {
        let error = provider.entrance(&journey()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unreachable(_)), "{error}");
    }
    let known = provider.known.lock().await;
    assert!(known.failed_at.is_some() && known.metadata.is_none());
}

#[tokio::test]
async fn a_provider_that_went_away_is_still_known_for_a_while() {
    let fake = Fake::start().await;
    let provider = fake.provider();
    provider.entrance(&journey()).await.unwrap();
    fake.says.lock().unwrap().metadata = Value::Null;
    let Some(long_ago) = Instant::now().checked_sub(LASTS) else { return };
    provider.known.lock().await.metadata.as_mut().unwrap().1 = long_ago;
    provider.entrance(&journey()).await.unwrap();
    provider.entrance(&journey()).await.unwrap();
    assert_eq!(fake.asked()[0], 2, "asked again once, and not by the next");
}

#[tokio::test]
async fn odd_answers_are_no_answers() {
    let fake = Fake::start().await;
    let good = fake.says.lock().unwrap().metadata.clone();
    let mut another = good.clone();
    another["issuer"] = json!("https://id.example.com");
    let mut open = good.clone();
    open["token_endpoint"] = json!("http://id.example.com/token");
    for (what, answer) in [
        ("too large", json!(format!("{{\"a\": \"{}\"}}", "x".repeat(MOST_BYTES)))),
        ("a redirect", Value::Null),
        ("no object", json!("[]")),
        ("another issuer", another),
        ("an open address", open),
    ] {
        fake.says.lock().unwrap().metadata = answer;
        assert!(fake.provider().entrance(&journey()).await.is_err(), "{what}");
    }
    fake.says.lock().unwrap().metadata = good;
    assert!(fake.provider().entrance(&journey()).await.is_ok());
}
