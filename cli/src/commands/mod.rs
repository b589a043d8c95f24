//! The commands: one file each, and the switch between them. What clap read becomes plain typed
//! values here.

mod audit;
mod browser;
mod completion;
mod key;
mod login;
mod logout;
mod org;
mod password;
mod perm;
mod push;
mod rm;
mod robot;
mod search;
mod session;
mod share;
mod show;
mod tags;
mod token;
mod user;
mod version;
mod whoami;

use anyhow::Result;
use hub_api_client::SearchFor;

use crate::args::{Command, Describe, Login, Push, Search};
use crate::context::Context;
use crate::report::Exit;

/// Runs a command.
///
/// # Errors
///
/// Whatever keeps it from its end.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Login(args) if args.show_user => {
            login::show_user(args.server.as_deref(), context).await
        }
        Command::Login(args) => login::login(login_of(args), context).await,
        Command::Logout(args) => logout::logout(args.server.as_deref(), args.all, context).await,
        Command::Whoami => whoami::whoami(context).await,
        Command::Push(args) => push::push(args, context).await,
        Command::Describe(args) => push::push(describe_of(args), context).await,
        Command::Search(args) => {
            let (fail, web) = (args.fail_on_no_result, args.web);
            let search = search_of(args);
            if web {
                return search::show(&search, context).await;
            }
            search::search(search, fail, context).await
        }
        Command::Show(args) => {
            let what = show::What { readme: args.readme, sources: args.sources };
            show::show(&args.image, what, context).await
        }
        Command::Tags(args) => tags::tags(&args.repo, args.limit, context).await,
        Command::Rm(args) => {
            let how = rm::How { whole_repo: args.repo, yes: args.yes, dry_run: args.dry_run };
            rm::rm(&args.image, how, context).await
        }
        Command::Org(command) => Box::pin(org::org(command, context)).await,
        Command::Perm(command) => Box::pin(perm::perm(command, context)).await,
        Command::Token(command) => Box::pin(token::token(command, context)).await,
        Command::Robot(command) => Box::pin(robot::robot(command, context)).await,
        Command::Key(command) => Box::pin(key::key(command, context)).await,
        Command::User(command) => user::user(command, context).await,
        Command::Session(command) => session::session(command, context).await,
        Command::Passwd(args) => user::passwd(args, context).await,
        Command::Share(args) => Box::pin(share::share(args, context)).await,
        Command::Audit(args) => Box::pin(audit::audit(args, context)).await,
        Command::Completion(args) => completion::completion(args.shell, context),
        Command::Version => version::version(context).await,
    }
}

fn login_of(args: Login) -> login::Login {
    let proof = match args {
        Login { token: Some(token), .. } => login::Proof::Token(token.into()),
        Login { token_stdin: true, .. } => login::Proof::TokenOnStdin,
        Login { password: Some(password), .. } => login::Proof::Password(password.into()),
        Login { password_stdin: true, .. } => login::Proof::PasswordOnStdin,
        _ => login::Proof::Ask,
    };
    login::Login {
        server: args.server,
        user: args.username,
        proof,
        docker_config: !args.no_docker_config,
    }
}

fn search_of(args: Search) -> SearchFor {
    SearchFor {
        text: args.query.join(" "),
        org: args.org,
        keyword: args.keyword,
        category: args.category,
        os: args.os,
        arch: args.arch,
        official: args.official.then_some(true),
        size: args.size,
        matching: args.matching,
        sort: args.sort,
        correct: args.no_correct.then_some(false),
        explain: args.explain,
        page: Some(args.page),
        limit: Some(args.limit),
        ..SearchFor::default()
    }
}

fn describe_of(args: Describe) -> Push {
    Push {
        image: args.image,
        metadata: args.metadata,
        metadata_only: true,
        dry_run: args.dry_run,
        ..Push::default()
    }
}
