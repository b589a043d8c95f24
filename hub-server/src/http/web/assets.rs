//! Style, script and mark of the pages, embedded, under names that change with their content.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use rust_embed::RustEmbed;

use super::failure::Failure;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// One file as it is served.
struct Asset {
    path: String,
    media_type: &'static str,
    body: Bytes,
}

/// By the name in the folder.
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| {
            let file = Files::get(&name)?;
            let (stem, extension) = name.rsplit_once('.')?;
            let media_type = match extension {
                "css" => "text/css; charset=utf-8",
                "js" => "text/javascript; charset=utf-8",
                "svg" => "image/svg+xml",
                _ => return None,
            };
            let hash = hex::encode(&file.metadata.sha256_hash()[..6]);
            let path = format!("/static/{stem}.{hash}.{extension}");
            let body = Bytes::from(file.data.into_owned());
            Some((name.to_string(), Asset { path, media_type, body }))
        })
        .collect()
});

/// The address of a file, with the hash of its content.
pub(super) fn path(name: &str) -> &'static str {
    ASSETS.get(name).map(|asset| asset.path.as_str()).expect("templates name files that exist")
}

/// `GET /static/{file}`: never changes under one name.
pub(super) async fn serve(Path(file): Path<String>) -> Result<Response, Failure> {
    let path = format!("/static/{file}");
    let asset = ASSETS.values().find(|asset| asset.path == path).ok_or(Failure::Missing)?;
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.body.clone()).into_response())
}

/// `GET /favicon.ico`: the mark, for browsers that ask without being told.
pub(super) async fn favicon() -> Result<Response, Failure> {
    let asset = ASSETS.get("favicon.svg").ok_or(Failure::Missing)?;
    let headers: [(HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    Ok((headers, asset.body.clone()).into_response())
}

/// `GET /robots.txt`.
pub(super) async fn robots() -> Response {
    const TEXT: &str = "\
User-agent: *
Disallow: /search?
Disallow: /login
Disallow: /settings
Disallow: /camo/
Allow: /
";
    ([(header::CACHE_CONTROL, "public, max-age=86400")], TEXT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_the_hash_of_its_content() {
        let path = path("hub.css");
        let hash = path.strip_prefix("/static/hub.").and_then(|rest| rest.strip_suffix(".css"));
        assert!(hash.is_some_and(|hash| hash.len() == 12), "{path}");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for (name, asset) in ASSETS.iter() {
            let text = String::from_utf8_lossy(&asset.body).replace("http://www.w3.org/", "");
            assert!(!text.contains("http://") && !text.contains("https://"), "{name}");
            assert!(!text.contains("@import"), "{name}");
        }
    }
}
