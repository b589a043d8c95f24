//! Passwords that are typed: on stdin, or on the terminal without being seen; never an argument.

use std::io;

use anyhow::{Context as _, Result};
use secrecy::SecretString;

use crate::context::Context;
use crate::report::Failure;

/// A new password.
///
/// # Errors
///
/// When there is none on stdin, or nobody can be asked.
pub(crate) fn new_one(prompt: &str, from_stdin: bool, context: &Context) -> Result<SecretString> {
    if from_stdin {
        let text = io::read_to_string(io::stdin()).context("could not read the password")?;
        return given(text.trim_end_matches(['\n', '\r']));
    }
    refuse_without_terminal(context)?;
    ask_new(prompt)
}

/// The password so far, and the new one.
///
/// # Errors
///
/// When they are not two lines on stdin, or nobody can be asked.
pub(crate) fn old_and_new(
    from_stdin: bool,
    context: &Context,
) -> Result<(SecretString, SecretString)> {
    if from_stdin {
        let text = io::read_to_string(io::stdin()).context("could not read the passwords")?;
        let Some((old, new)) = text.split_once('\n') else {
            let short = Failure::usage("one line on stdin, two are needed");
            return Err(short.hint("the old password, then the new one").into());
        };
        let new = new.trim_end_matches(['\n', '\r']);
        return Ok((given(old.trim_end_matches('\r'))?, given(new)?));
    }
    refuse_without_terminal(context)?;
    let old = dialoguer::Password::new().with_prompt("Password so far").interact();
    let old = old.context("could not read the password")?;
    Ok((old.into(), ask_new("New password")?))
}

fn ask_new(prompt: &str) -> Result<SecretString> {
    let again = "Once more";
    let asked = dialoguer::Password::new().with_prompt(prompt);
    let asked = asked.with_confirmation(again, "they differ: type the new password twice");
    Ok(asked.interact().context("could not read the password")?.into())
}

fn given(text: &str) -> Result<SecretString> {
    if text.is_empty() {
        return Err(Failure::usage("no password on stdin").into());
    }
    Ok(text.into())
}

fn refuse_without_terminal(context: &Context) -> Result<()> {
    if context.may_ask() {
        return Ok(());
    }
    Err(Failure::usage("no password given").hint("add --password-stdin").into())
}
