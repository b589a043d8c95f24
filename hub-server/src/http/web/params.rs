//! Fields of queries and forms, and addresses made of them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Uri, header};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::Web;
use super::failure::Failure;
use super::visitor::Visitor;
use crate::http::actor::is_from_here;

/// Name of the field that ties a form to its session.
const FORM_TOKEN: &str = "form_token";

/// Fields by name; the first of a name counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the text of a query or of a form.
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Reads the query of an address.
    pub(super) fn of(uri: &Uri) -> Self {
        Self::parse(uri.query().unwrap_or_default().as_bytes())
    }

    /// A field without blanks around it; empty ones are absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// A field as it was typed: blanks belong to passwords.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A number of a page, from 1.
    pub(super) fn page(&self) -> u64 {
        self.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 10_000)
    }

    /// A copy with one field set, or removed.
    pub(super) fn with(&self, name: &str, value: Option<&str>) -> Self {
        let mut fields: Vec<(String, String)> =
            self.0.iter().filter(|(key, _)| key != name).cloned().collect();
        if let Some(value) = value {
            fields.push((name.to_owned(), value.to_owned()));
        }
        Self(fields)
    }

    /// The fields of these names, each once and cut after so many characters: what somebody else made
    /// up is not to stand in every link of a page.
    pub(super) fn only(&self, names: &[&str], most_chars: usize) -> Self {
        let field = |name: &&str| {
            let value = self.get(name)?.chars().take(most_chars).collect();
            Some(((*name).to_owned(), value))
        };
        Self(names.iter().filter_map(field).collect())
    }

    /// The address of a page with these fields.
    pub(super) fn address(&self, path: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.0.iter().filter(|(_, value)| !value.is_empty()))
            .finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// The address of a page with some fields, the empty ones left out.
pub(super) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Params(fields.collect()).address(path)
}

/// The fields of a form that one of our own pages sent.
pub(super) struct Form(pub Params);

impl FromRequest<Web> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let visitor = request.extensions().get::<Visitor>().cloned().ok_or(Failure::Broken)?;
        if !is_from_here(&web.app, request.method(), request.headers()) {
            return Err(Failure::Stale);
        }
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let plain = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let empty = kind.is_none();
        if !plain && !empty {
            return Err(Failure::Bad);
        }
        let body = Bytes::from_request(request, web).await.map_err(|_| Failure::Bad)?;
        let fields = Params::parse(&body);
        if let Some(expected) = visitor.form_token() {
            let given = fields.get(FORM_TOKEN).unwrap_or_default();
            if !bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
                return Err(Failure::Stale);
            }
        }
        Ok(Self(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_written() {
        let params = Params::parse("q=%E6%95%B0%20a&org=&page=0&q=second".as_bytes());
        assert_eq!(params.get("q"), Some("数 a"));
        assert_eq!(params.get("org"), None);
        assert_eq!(params.page(), 1);
        let next = params.with("page", Some("2")).with("q", Some("a&b"));
        assert_eq!(next.address("/search"), "/search?page=2&q=a%26b");
        assert_eq!(address("/search", &[("q", ""), ("org", "x")]), "/search?org=x");
    }
}
