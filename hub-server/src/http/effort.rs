//! What is hidden costs the hub what is missing costs it: else the time would tell them apart. Time
//! itself is no measure in a test, so the statements are compared that the database is asked.

use std::fmt::Debug;
use std::mem;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use base64::Engine;
use hub_model::TokenScope;
use secrecy::ExposeSecret;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use super::Door;
use crate::app::STATEMENT_LOG;
use crate::services::publish::fixtures::{Hub, image, repo};
use crate::services::repos::{self, RepoChanges};
use crate::services::tokens::{self, TokenOrder};
use hub_model::Visibility;

/// Collects the statements that the driver says it runs.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    /// What was asked since the last time.
    fn take(&self) -> Vec<String> {
        mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Subscriber for Asked {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == STATEMENT_LOG
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut statement = Statement(String::new());
        event.record(&mut statement);
        // A fresh connection of the pool says first how it wants to be.
        if !statement.0.starts_with("PRAGMA") {
            self.0.lock().unwrap().push(statement.0);
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The statement of an event.
struct Statement(String);

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "summary" {
            self.0 = format!("{value:?}");
        }
    }
}

/// Every way to read a repository, below its name.
const ROADS: [&str; 10] = [
    "/v2/NAME/manifests/v1",
    "/v2/NAME/manifests/DIGEST",
    "/v2/NAME/tags/list",
    "/v2/NAME/referrers/DIGEST",
    "/v2/NAME/blobs/DIGEST",
    "/api/v1/repos/NAME",
    "/api/v1/repos/NAME/-/tags",
    "/api/v1/repos/NAME/-/access",
    "/r/NAME",
    "/r/NAME/-/tags/v1",
];

async fn ask(hub: &Hub, path: &str, authorization: Option<&str>) -> u16 {
    let mut request = Request::get(path).header(header::HOST, "hub.test");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let answer = Door::new(&hub.app).answer(None, request.body(Body::empty()).unwrap()).await;
    let status = answer.status().as_u16();
    to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    status
}

#[tokio::test]
async fn what_is_hidden_is_looked_for_with_the_statements_of_what_is_missing() {
    let asked = Asked::default();
    // For the whole process: the driver speaks on threads of its own.
    tracing::subscriber::set_global_default(asked.clone()).unwrap();
    let hub = Hub::new().await;
    let digest = hub.push("v1", &image("# vault")).await;
    let changes = RepoChanges { visibility: Some(Visibility::Private), ..RepoChanges::default() };
    repos::edit(&hub.app, &hub.owner, &repo(), changes).await.unwrap();
    hub.app.settle().await.unwrap();
    let order = TokenOrder {
        name: "ci".to_owned(),
        scope: TokenScope::Delete,
        within: Vec::new(),
        expires_at_ms: None,
    };
    let (_, secret) = tokens::create(&hub.app, &hub.stranger, order).await.unwrap();
    let pair = format!("sam:{}", secret.expose_secret());
    let pair = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair));

    let missing_name = format!("{}/nothing-op", repo().org());
    for who in [None, Some(&*pair)] {
        for road in ROADS {
            let path = |name: &str| road.replace("NAME", name).replace("DIGEST", digest.as_str());
            let (hidden, missing) = (path(repo().as_str()), path(&missing_name));
            hub.app.cache.end_all();
            asked.take();
            for memory in ["cold", "warm"] {
                let status = ask(&hub, &hidden, who).await;
                let for_hidden = asked.take();
                // To what is not there nothing refers.
                assert!((400..500).contains(&status) || road.contains("referrers"), "{hidden}");
                if memory == "cold" {
                    hub.app.cache.end_all();
                    assert!(!for_hidden.is_empty(), "{hidden}: the driver says what it runs");
                    assert_eq!(ask(&hub, &missing, who).await, status, "{missing}");
                    assert_eq!(for_hidden, asked.take(), "{road}, {memory}, signed in: {who:?}");
                    // Both are in memory from here on.
                    ask(&hub, &hidden, who).await;
                    asked.take();
                    continue;
                }
                assert_eq!(ask(&hub, &missing, who).await, status, "{missing}");
                assert_eq!(for_hidden, asked.take(), "{road}, {memory}, signed in: {who:?}");
            }
        }
    }
}
