//! Spellings that clap does not know, and tips for those that nobody knows.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Turns `-token T` of `hub login` into `--token T`: the spelling is part of what was asked for.
pub(crate) fn rewrite(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut is_login = false;
    args.into_iter()
        .map(|arg| {
            is_login |= arg == "login";
            match arg.to_str() {
                Some("-token") if is_login => OsString::from("--token"),
                Some(text) if is_login && text.starts_with("-token=") => format!("-{text}").into(),
                _ => arg,
            }
        })
        .collect()
}

/// Prints what clap says, with a tip where `-o` was meant as the format.
pub(crate) fn refuse(mut error: clap::Error) -> ExitCode {
    if is_format(&error) {
        let tip = "'-o' gives the README to push; use --format json".into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    // Nobody reads what clap would print when this fails.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn is_format(error: &clap::Error) -> bool {
    error.kind() == ErrorKind::UnknownArgument
        && matches!(
            error.get(ContextKind::InvalidArg),
            Some(ContextValue::String(arg)) if arg == "-o" || arg == "--output"
        )
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn every_command_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_token_may_have_one_dash() {
        for spelling in [&["-token", "T"][..], &["-token=T"], &["--token", "T"]] {
            let args = ["hub", "login", "h"].iter().chain(spelling).map(OsString::from);
            let cli = Cli::try_parse_from(rewrite(args)).unwrap();
            let Command::Login(login) = cli.command else { panic!("not login") };
            assert_eq!(login.token.as_deref(), Some("T"));
        }
        let other = rewrite(["hub", "search", "-token"].map(OsString::from));
        assert_eq!(other[2], "-token");
    }

    #[test]
    fn o_means_the_readme_and_elsewhere_gives_a_tip() {
        let cli = Cli::try_parse_from(["hub", "push", "a/b:1", "-o", "README.md"]).unwrap();
        let Command::Push(push) = cli.command else { panic!("not push") };
        assert_eq!(push.metadata.readme.unwrap().to_str(), Some("README.md"));
        for command in ["search", "tags", "whoami", "version"] {
            let error = Cli::try_parse_from(["hub", command, "-o", "json"]).unwrap_err();
            assert!(is_format(&error), "{command}: {error}");
        }
    }
}
