//! The end of the tie between an account and somebody at a provider of OpenID Connect.

use hub_db::{Change, DbError};
use hub_model::{Actor, LetterKind, User};
use serde_json::json;

use super::super::audit::{self, Act};
use super::groups::{self, Given};
use crate::App;

/// Unties an account: nobody signs in to it at the provider any more, and what groups gave there
/// goes, since nobody would ever take it back. Administrators and the user are locked already.
/// Tells whether there was a tie.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn untie(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    user: &User,
) -> Result<bool, DbError> {
    let Some(subject) = change.subject(user.id).await? else { return Ok(false) };
    change.set_subject(user.id, None).await?;
    let act = Act { action: "user.unlink", target: user.name.as_str(), org_id: None };
    audit::done(app, change, actor, act, (json!({"subject": subject}), ())).await?;
    groups::apply(app, change, user, &Given::default()).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await?;
    Ok(true)
}
