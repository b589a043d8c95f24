//! A table: each row a route, each column somebody who asks.

use std::fmt::Write;

use reqwest::{Method, Response};

use super::stage::{BYTES, Caller, Cast, Stage, uploaded};

/// What a request carries.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(&'static str),
    /// The fields of a form.
    Form(&'static str),
    /// A few bytes of a blob.
    Bytes,
    /// The manifest that is there already.
    Manifest,
}

/// One route: method and address, with words in braces to be filled in.
pub struct Row(pub &'static str, pub Body);

impl Row {
    /// The route without its query.
    pub fn route(&self) -> &'static str {
        self.0.split('?').next().unwrap()
    }
}

/// Asks every row as everybody, and answers a table in Markdown.
pub async fn run(cast: &Cast, rows: &[Row], stages: &mut usize) -> String {
    let mut table = head();
    let mut stage = fresh(cast, stages).await;
    for row in rows {
        write!(table, "| `{}` |", row.0).unwrap();
        for who in Caller::ALL {
            let (answer, changed) = ask(cast, &stage, row, who).await;
            write!(table, " {answer} |").unwrap();
            if changed {
                stage = fresh(cast, stages).await;
            }
        }
        table.push('\n');
    }
    table
}

async fn fresh(cast: &Cast, stages: &mut usize) -> Stage {
    *stages += 1;
    cast.stage(*stages).await
}

fn head() -> String {
    let heads = Caller::ALL.map(Caller::head).join(" | ");
    format!("| route | {heads} |\n|---|{}\n", "---|".repeat(Caller::ALL.len()))
}

/// What one caller is answered, and whether something may have changed by it.
async fn ask(cast: &Cast, stage: &Stage, row: &Row, who: Caller) -> (String, bool) {
    let (method, path) = row.0.split_once(' ').unwrap();
    let path = stage.fill(cast, who, path).await.replace("{uploaded}", &uploaded());
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let safe = method.is_safe();
    let request = cast.request(stage, who, method, &path);
    let request = match row.1 {
        Body::None => request,
        Body::Json(text) => {
            let text = stage.fill(cast, who, text).await;
            request.header("content-type", "application/json").body(text)
        }
        Body::Form(text) => {
            let text = stage.fill(cast, who, text).await;
            request.header("content-type", "application/x-www-form-urlencoded").body(text)
        }
        Body::Bytes => request.header("content-type", "application/octet-stream").body(BYTES),
        Body::Manifest => {
            request.header("content-type", &stage.media_type).body(stage.body.clone())
        }
    };
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert!(!status.is_server_error(), "{path} as {who:?}: {}", answer.text().await.unwrap());
    let changed = !safe && (status.is_success() || status.is_redirection());
    (told(&answer), changed && matters(row.0))
}

/// Whether what a row does is seen by the next one: what is one's own is not, and what is uploaded,
/// starred or asked for stands in nobody's way.
fn matters(line: &str) -> bool {
    let idle = ["/blobs/uploads/", "/-/star", "/registry/token", "/access/check"];
    line.contains("{org}") && !idle.iter().any(|part| line.contains(part))
}

/// The status, or that one has to sign in first.
fn told(answer: &Response) -> String {
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
    match location {
        Some(path) if path.starts_with("/login") => "login".to_owned(),
        _ => answer.status().as_u16().to_string(),
    }
}
