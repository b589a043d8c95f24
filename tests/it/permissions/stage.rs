//! The people of the tables, and a fresh organisation for each act that changes something.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hub_model::LetterKind;
use hub_tests::{PASSWORD, Person, TestHub, readme_image, sha256};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// Somebody who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Nobody.
    Anonymous,
    /// Signed in, and no more.
    Stranger,
    /// Member of the organisation, as a reader.
    Reader,
    /// As a writer.
    Writer,
    /// As an owner.
    Owner,
    /// No member; was granted writing on the private repository.
    Granted,
    /// No member; the private repository is shared with this user.
    SharedWith,
    /// A robot of the organisation that may push.
    Robot,
    /// The owner, by a token whose time is over.
    Expired,
    /// An owner whose account is disabled.
    Disabled,
    /// Administers the hub.
    Administrator,
}

impl Caller {
    /// Everybody, in the order of the columns.
    pub const ALL: [Self; 11] = [
        Self::Anonymous,
        Self::Stranger,
        Self::Reader,
        Self::Writer,
        Self::Owner,
        Self::Granted,
        Self::SharedWith,
        Self::Robot,
        Self::Expired,
        Self::Disabled,
        Self::Administrator,
    ];

    /// The head of the column.
    pub const fn head(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Stranger => "stranger",
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Owner => "owner",
            Self::Granted => "granted writing",
            Self::SharedWith => "shared with",
            Self::Robot => "robot (push)",
            Self::Expired => "expired token",
            Self::Disabled => "disabled",
            Self::Administrator => "administrator",
        }
    }

    /// Name to sign in with; of those who do so by password.
    const fn name(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Owner | Self::Expired => "owner",
            Self::Granted => "granted",
            Self::SharedWith => "guest",
            Self::Disabled => "disabled",
            Self::Administrator => "root",
            Self::Anonymous | Self::Robot => "",
        }
    }
}

/// A hub with the people of the tables.
pub struct Cast {
    /// The hub.
    pub hub: TestHub,
    /// The owner of every organisation.
    pub owner: Person,
    root: Person,
    nobody: Person,
    expired: String,
    made: AtomicUsize,
}

impl Cast {
    /// Starts a hub and makes the people.
    pub async fn start() -> Self {
        let hub = TestHub::with(|config| {
            config.limits.tokens_per_minute = 0;
            config.limits.searches_per_minute = 0;
            config.limits.upload_starts_per_minute = 0;
            config.limits.orgs_per_user = 0;
            config.limits.wrong_passwords = 0;
        })
        .await;
        let owner = hub.person("owner").await;
        for name in ["stranger", "reader", "writer", "granted", "guest", "disabled", "newcomer"] {
            hub.person(name).await;
        }
        let root = hub.administrator("root").await;
        let expired = expired_token(&hub, &owner).await;
        disable(&hub, "disabled").await;
        let nobody = hub.nobody();
        Self { hub, owner, root, nobody, expired, made: AtomicUsize::new(0) }
    }

    /// A fresh organisation: `number` tells it from the others.
    pub async fn stage(&self, number: usize) -> Stage {
        let org = format!("org{number}");
        let owner = &self.owner;
        let ok = async |method: Method, path: String, body: Value| {
            let (status, answer) = owner.send(method, &path, &body).await;
            assert!(status.is_success(), "{path}: {status} {answer}");
            answer
        };
        ok(Method::POST, "/api/v1/orgs".to_owned(), json!({"name": org})).await;
        for role in ["reader", "writer"] {
            ok(Method::PUT, format!("/api/v1/orgs/{org}/members/{role}"), json!({"role": role}))
                .await;
        }
        // Whoever is disabled was an owner before.
        self.enlist(&org, "disabled").await;
        let image = readme_image("# Quiet water\n\nNothing to see here.");
        let (open, secret) = (format!("{org}/open"), format!("{org}/secret"));
        for repo in [&open, &secret] {
            owner.push_image(&format!("{repo}:v1"), &image).await;
        }
        let private = json!({"visibility": "private"});
        ok(Method::PATCH, format!("/api/v1/repos/{secret}"), private).await;
        let role = json!({"role": "writer"});
        ok(Method::PUT, format!("/api/v1/repos/{secret}/-/access/granted"), role).await;
        let share = json!({"with": "guest"});
        ok(Method::POST, format!("/api/v1/repos/{secret}/-/shares"), share).await;
        let robot = json!({"name": "ci", "scope": "push"});
        let robot = ok(Method::POST, format!("/api/v1/orgs/{org}/robots"), robot).await;
        Stage {
            robot: robot["secret"].as_str().unwrap().to_owned(),
            manifest: image.digest.to_string(),
            layer: image.blobs[0].0.to_string(),
            body: image.manifest.clone(),
            media_type: image.media_type.clone(),
            org,
        }
    }

    /// Makes somebody an owner past the doors.
    async fn enlist(&self, org: &str, user: &str) {
        let app = self.hub.app();
        let org = app.db.org(&org.parse().unwrap()).await.unwrap().unwrap();
        let user = app.db.user(&user.parse().unwrap()).await.unwrap().unwrap();
        let mut change = app.db.change().await.unwrap();
        change.set_member(org.id, user.id, hub_model::Role::Owner, 1).await.unwrap();
        change.tell(LetterKind::Access, org.name.as_str(), 1).await.unwrap();
        change.commit().await.unwrap();
    }

    /// A request as this caller makes it.
    pub fn request(
        &self,
        stage: &Stage,
        who: Caller,
        method: Method,
        path: &str,
    ) -> RequestBuilder {
        let request = self.nobody.request(method, path).header("origin", &self.hub.url);
        match who {
            Caller::Anonymous => request,
            Caller::Robot => request.basic_auth(format!("{}+ci", stage.org), Some(&stage.robot)),
            Caller::Expired => request.basic_auth("owner", Some(&self.expired)),
            Caller::Administrator => request.basic_auth(&self.root.name, Some(PASSWORD)),
            other => request.basic_auth(other.name(), Some(PASSWORD)),
        }
    }
}

/// One fresh organisation, with what stands in the addresses of rows.
pub struct Stage {
    /// Its name.
    pub org: String,
    robot: String,
    manifest: String,
    layer: String,
    /// The manifest that is pushed once more.
    pub body: Vec<u8>,
    /// Its media type.
    pub media_type: String,
}

impl Stage {
    /// Fills in an address or a body. What `{…}` names is made on the way where it has to be.
    pub async fn fill(&self, cast: &Cast, who: Caller, text: &str) -> String {
        let mut text = text.to_owned();
        let fresh = format!("n{}", cast.made.fetch_add(1, Ordering::Relaxed));
        for (word, value) in [
            ("{org}", self.org.as_str()),
            ("{digest}", &self.manifest),
            ("{blob}", &self.layer),
            ("{me}", who.name()),
            ("{fresh}", &fresh),
        ] {
            text = text.replace(word, value);
        }
        for (word, make) in &MADE {
            if text.contains(word) {
                let value = self.make(cast, make).await;
                text = text.replace(word, &value);
            }
        }
        text
    }

    /// Makes what a row is about, as the owner; users as the administrator.
    async fn make(&self, cast: &Cast, (method, path, body, field): &Made) -> String {
        let path = path.replace("{org}", &self.org);
        let body =
            body.replace("{new}", &format!("m{}", cast.made.fetch_add(1, Ordering::Relaxed)));
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let maker = if path == "/api/v1/users" { &cast.root } else { &cast.owner };
        let request = maker.request(method, &path);
        let request = if body.is_empty() {
            request
        } else {
            request.header("content-type", "application/json").body(body)
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success() || status == StatusCode::CONFLICT, "{path}: {status}");
        if let Some(header) = field.strip_prefix('@') {
            let value = answer.headers()[header].to_str().unwrap();
            return value.rsplit('/').next().unwrap().to_owned();
        }
        let answer: Value = answer.json().await.unwrap_or(Value::Null);
        match &answer[*field] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// Method, path and body of what makes something, and the field of the answer that names it; with
/// an `@` the last part of a header.
type Made = (&'static str, &'static str, &'static str, &'static str);

/// What has to be made before it can be asked for. All of it is the owner's.
const MADE: [(&str, Made); 6] = [
    ("{upload}", ("POST", "/v2/{org}/secret/blobs/uploads/", "", "@location")),
    ("{open-upload}", ("POST", "/v2/{org}/open/blobs/uploads/", "", "@location")),
    ("{token}", ("POST", "/api/v1/tokens", r#"{"name": "one", "scope": "pull"}"#, "id")),
    ("{key}", ("POST", "/api/v1/keys", r#"{"name": "one"}"#, "accessKey")),
    (
        "{user}",
        ("POST", "/api/v1/users", r#"{"name": "{new}", "password": "long enough"}"#, "name"),
    ),
    (
        "{invited}",
        (
            "POST",
            "/api/v1/orgs/{org}/invitations",
            r#"{"user": "newcomer", "role": "reader"}"#,
            "user",
        ),
    ),
];

/// A token of the owner whose time is over.
async fn expired_token(hub: &TestHub, owner: &Person) -> String {
    let soon = hub.app().now_ms() + 500;
    let ends = chrono::DateTime::from_timestamp_millis(soon).unwrap().to_rfc3339();
    let wish = json!({"name": "short", "expiresAt": ends});
    let (status, made) = owner.send(Method::POST, "/api/v1/tokens", &wish).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    while hub.app().now_ms() <= soon {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    made["secret"].as_str().unwrap().to_owned()
}

/// Disables an account past the doors.
async fn disable(hub: &TestHub, name: &str) {
    let app = hub.app();
    let user = app.db.user(&name.parse().unwrap()).await.unwrap().unwrap();
    let mut change = app.db.change().await.unwrap();
    change.set_disabled(user.id, true).await.unwrap();
    change.tell(LetterKind::Credentials, name, 1).await.unwrap();
    change.commit().await.unwrap();
}

/// The digest of what rows upload.
pub fn uploaded() -> String {
    sha256(BYTES)
}

/// What rows upload.
pub const BYTES: &[u8] = b"quiet";
