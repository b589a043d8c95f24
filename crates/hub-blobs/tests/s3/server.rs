//! An S3 server in this process, with faults on demand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleError;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use hub_blobs::{S3Settings, S3Store};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use secrecy::SecretString;
use tempfile::TempDir;

/// Something that goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The service answers this and does nothing.
    Status(u16),
    /// No answer comes, and nothing is done.
    Hang,
    /// The connection ends before anything is done.
    Cut,
    /// It is done, and the connection ends before the answer.
    LostAnswer,
    /// It is done, and no answer comes.
    LateAnswer,
    /// The body of the answer ends in its middle.
    Truncated,
}

/// Which requests go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    PutPart,
    Complete,
    PutTail,
    PutData,
    PutPointer,
    GetPointer,
    GetData,
    HeadData,
    Everything,
}

impl What {
    fn is(self, request: &Request) -> bool {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let (get, put) = (request.method() == Method::GET, request.method() == Method::PUT);
        match self {
            Self::PutPart => put && query.contains("partNumber"),
            Self::Complete => request.method() == Method::POST && query.contains("uploadId"),
            Self::PutTail => put && path.contains(".tail"),
            Self::PutData => put && path.contains("/data/") && query.is_empty(),
            Self::PutPointer => put && path.contains("/blobs/"),
            Self::GetPointer => get && path.contains("/blobs/"),
            Self::GetData => get && path.contains("/data/"),
            Self::HeadData => request.method() == Method::HEAD && path.contains("/data/"),
            Self::Everything => true,
        }
    }
}

type Plan = Arc<Mutex<Vec<(What, Fault, usize)>>>;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Lets writes on condition through one by one: the library looks for the object and writes it in
/// two steps, which S3 does in one.
async fn one_by_one(State(turn): State<Turn>, request: Request, next: Next) -> Response {
    let conditional = request.headers().contains_key(header::IF_NONE_MATCH);
    let _turn = if conditional { Some(turn.lock_owned().await) } else { None };
    next.run(request).await
}

/// A server over a folder of its own, gone when this goes.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    plan: Plan,
    pub(crate) folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("bucket")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("id", "secret"));
        let failed =
            async |error: s3s::HttpError| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}"));
        let plan = Plan::default();
        let router = Router::new()
            .fallback_service(HandleError::new(service.build(), failed))
            .layer(middleware::from_fn_with_state(Turn::default(), one_by_one))
            .layer(middleware::from_fn_with_state(Arc::clone(&plan), go_wrong));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, plan, folder }
    }

    pub(crate) fn settings(&self, prefix: &str) -> S3Settings {
        S3Settings {
            endpoint: Some(format!("http://{}", self.address)),
            bucket: "bucket".to_owned(),
            prefix: prefix.to_owned(),
            access_key_id: Some("id".to_owned()),
            secret_access_key: Some(SecretString::from("secret")),
            allow_http: true,
            timeout: Duration::from_secs(2),
            ..S3Settings::default()
        }
    }

    pub(crate) async fn store(&self) -> S3Store {
        S3Store::open(&self.settings("")).await.unwrap()
    }

    /// Lets the next `times` requests of that kind go wrong.
    pub(crate) fn plan(&self, what: What, fault: Fault, times: usize) {
        self.plan.lock().unwrap().push((what, fault, times));
    }

    /// Ends the faults, and tells how many of the planned ones did not happen.
    pub(crate) fn heal(&self) -> usize {
        self.plan.lock().unwrap().drain(..).map(|(_, _, times)| times).sum()
    }

    /// Names of the objects below `folder`.
    pub(crate) fn objects(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().join("bucket").join(folder)];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    found.push(entry.file_name().into_string().unwrap());
                }
            }
        }
        found
    }
}

fn next_fault(plan: &Plan, request: &Request) -> Option<Fault> {
    let mut plan = plan.lock().unwrap();
    let (_, fault, times) =
        plan.iter_mut().find(|(what, _, times)| *times > 0 && what.is(request))?;
    *times -= 1;
    Some(*fault)
}

async fn go_wrong(State(plan): State<Plan>, request: Request, next: Next) -> Response {
    match next_fault(&plan, &request) {
        None => next.run(request).await,
        Some(Fault::Status(status)) => {
            let text = "<Error><Code>Fault</Code><Message>on purpose</Message></Error>";
            (StatusCode::from_u16(status).unwrap(), text).into_response()
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Cut) => cut(),
        Some(Fault::LostAnswer) => {
            next.run(request).await;
            cut()
        }
        Some(Fault::LateAnswer) => {
            next.run(request).await;
            std::future::pending().await
        }
        Some(Fault::Truncated) => {
            let (head, body) = next.run(request).await.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let half = bytes.slice(..bytes.len() / 2);
            let broken = futures::stream::iter([Ok(half), Err(std::io::Error::other("cut"))]);
            // A pause, so that the half arrives before the connection goes.
            let slow = broken.then(async |piece| {
                tokio::task::yield_now().await;
                piece
            });
            Response::from_parts(head, Body::from_stream(slow))
        }
    }
}

/// Ends the connection: its task unwinds.
fn cut() -> ! {
    std::panic::resume_unwind(Box::new("the connection is cut"))
}
