//! Around every page: the reader is read, failures become pages, headers and cookies are set.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Web;
use super::failure::Failure;
use super::params;
use super::view::{ErrorPage, html};
use super::visitor::Visitor;

/// What a page may load and do: its own things only.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

/// Nothing of the reader's machine is needed.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
    gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Largest page that is hashed for its tag; larger ones go without.
const MOST_PAGE_BYTES: usize = 64 << 20;

/// How long language and appearance are remembered, in seconds.
const REMEMBER_SECONDS: u32 = 365 * 24 * 60 * 60;

/// The middleware of all pages.
pub(super) async fn around(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (visitor, failure) = Visitor::read(&web.app, &parts).await;
    parts.extensions.insert(visitor.clone());
    let known = parts.headers.get(header::IF_NONE_MATCH).cloned();
    let method = parts.method.clone();

    let response = match failure {
        Some(failure) => failure.into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    };
    let response = match response.extensions().get::<Failure>().copied() {
        Some(failure) => failed(&visitor, failure),
        None => response,
    };
    let response = tagged(response, &method, known.as_ref()).await;
    finished(&web, &visitor, response)
}

/// The page of a failure.
fn failed(visitor: &Visitor, failure: Failure) -> Response {
    if failure == Failure::SignIn {
        let back = visitor.here();
        let target = params::address("/login", &[("next", &back)]);
        return found(&target);
    }
    let page = ErrorPage::new(visitor, failure);
    let mut response = match html(failure.status(), &page) {
        Ok(response) => response,
        Err(failure) => return failure.status().into_response(),
    };
    if let Failure::Busy(seconds) = failure {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    no_store(&mut response);
    response
}

/// 302: the thing is elsewhere, for now.
pub(super) fn found(target: &str) -> Response {
    redirect(StatusCode::FOUND, target)
}

/// A redirect to an address of our own.
pub(super) fn redirect(status: StatusCode, target: &str) -> Response {
    match HeaderValue::from_str(target) {
        Ok(target) => (status, [(header::LOCATION, target)]).into_response(),
        Err(_) => Failure::Bad.into_response(),
    }
}

/// Says that nobody may keep this page.
pub(super) fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Gives a page the hash of its text as its tag; a reader who has it already gets 304.
async fn tagged(response: Response, method: &Method, known: Option<&HeaderValue>) -> Response {
    let kept = response.headers().get(header::CACHE_CONTROL).is_some();
    let readable = *method == Method::GET || *method == Method::HEAD;
    if response.status() != StatusCode::OK || kept || !readable || !is_html(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MOST_PAGE_BYTES).await else {
        return Failure::Broken.status().into_response();
    };
    let tag = entity_tag(&body);
    let same = known
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| known.split(',').any(|one| one.trim() == "*" || one.trim() == tag));
    parts
        .headers
        .insert(header::ETAG, HeaderValue::from_str(&tag).expect("a hash in quotes is a header"));
    if same {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

/// Weak, since the bytes on the wire may be compressed.
fn entity_tag(body: &Bytes) -> String {
    format!("W/\"{}\"", hex::encode(&Sha256::digest(body)[..12]))
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// Headers and cookies that every answer of this surface has.
fn finished(web: &Web, visitor: &Visitor, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut offer = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    offer(header::CONTENT_SECURITY_POLICY, POLICY);
    offer(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    offer(header::REFERRER_POLICY, "same-origin");
    offer(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    offer(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    if web.app.config.is_secure() {
        offer(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if headers.get(header::CACHE_CONTROL).is_none() {
        let signed_in = visitor.actor().user().is_some();
        let value = if signed_in { "private, no-cache" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    if is_html(headers) || headers.contains_key(header::ETAG) {
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    }
    let secure = if web.app.config.is_secure() { "; Secure" } else { "" };
    for (name, value) in visitor.remember() {
        let cookie =
            format!("{name}={value}; Path=/; Max-Age={REMEMBER_SECONDS}; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    response
}
