//! The document of the API: its head, and the paths below a repository's name, which one route
//! serves.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{access, audit, images, repos, shares};

/// Head of the document, and what `routes!` cannot see.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "hub",
        description = "Organisations, repositories and images of a hub. Errors are problems as \
                       of RFC 9457; their `code` tells them apart."
    ),
    paths(
        repos::show_repo,
        repos::edit_repo,
        repos::delete_repo,
        repos::star,
        repos::unstar,
        images::list_tags,
        images::show_tag,
        images::declare,
        images::delete_tag,
        images::tag_detail,
        images::describe_tag,
        images::repo_detail,
        images::describe_repo,
        images::docs,
        access::show_access,
        access::set_grant,
        access::remove_grant,
        access::check_repo,
        shares::list_repo_shares,
        shares::create_share,
        shares::show_share,
        shares::edit_share,
        shares::delete_share,
        audit::list_repo_audit,
    ),
    modifiers(&Credentials),
    security((), ("token" = []), ("password" = []))
)]
pub(super) struct Document;

/// How callers say who they are.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let schemes = [("token", HttpAuthScheme::Bearer), ("password", HttpAuthScheme::Basic)];
        for (name, scheme) in schemes {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}
