//! Forgets what was noted of acts longer ago than it is to be kept.

use crate::App;
use crate::services::audit;

pub(crate) async fn run(app: &App) -> Result<(), super::Failure> {
    Ok(audit::forget(app).await?)
}
