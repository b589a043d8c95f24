//! Shows a page of the hub to a person.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::context::Context;

/// Opens an address in the browser, or prints it where there is none. The browser has the
/// terminal until it ends: some show their pages there.
///
/// # Errors
///
/// When stdout takes no more.
pub(crate) async fn open(url: &str, context: &Context) -> Result<()> {
    if let Some(browser) = context.config.browser() {
        let (program, address) = (browser.to_owned(), url.to_owned());
        if tokio::task::spawn_blocking(move || run(&program, &address)).await? {
            context.printer.note("opened", url);
            return Ok(());
        }
        context.printer.warn(&format!("{} opened no browser", browser.display()));
    }
    Ok(context.printer.line(url)?)
}

/// Whether it could be started and ended well.
fn run(program: &Path, url: &str) -> bool {
    Command::new(program).arg(url).status().is_ok_and(|status| status.success())
}
