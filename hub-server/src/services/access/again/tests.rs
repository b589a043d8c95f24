//! A right that was taken back while a request waited is gone for that request.

use std::time::Duration;

use futures::future::LocalBoxFuture;
use hub_model::{Deadline, LetterKind, Role, User, UserName};

use super::*;
use crate::services::accounts::{self, NewAccount};
use crate::services::orgs::OrgChanges;
use crate::services::repos::RepoChanges;
use crate::services::robots::{RobotChange, RobotOrder};
use crate::services::shares::ShareChanges;
use crate::services::{grants, invitations, orgs, repos, robots, shares};

/// How long a request is given to come to the lock. One that takes longer is refused by its first
/// question already.
const PATIENCE: Duration = Duration::from_millis(80);

/// Something that mallory does, and what came of it.
type Doing<'a> = LocalBoxFuture<'a, Result<(), String>>;

macro_rules! doing {
    ($($name:literal => $act:expr;)+) => {
        vec![$(($name, Box::pin(async {
            $act.await.map(drop).map_err(|error| error.to_string())
        }) as Doing<'_>)),+]
    };
}

async fn user(app: &App, name: &str) -> (Actor, User) {
    let name = name.parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin: false };
    let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
    (Actor::User(SignedIn::by_password(user.clone().into())), user)
}

fn robot(name: &str) -> RobotOrder {
    RobotOrder {
        name: name.parse().unwrap(),
        description: String::new(),
        scope: hub_model::TokenScope::Pull,
        within: Vec::new(),
        expires_at_ms: None,
    }
}

#[tokio::test]
async fn an_owner_who_was_removed_while_a_request_waited_does_nothing_by_it() {
    let mut hubs = vec![App::for_tests().await];
    let postgres = App::for_tests_on_postgres().await;
    let _database = postgres.map(|(app, dir, database)| {
        hubs.push((app, dir));
        database
    });
    for (app, _dir) in &hubs {
        let (ana, _) = user(app, "ana").await;
        let (mallory, removed) = user(app, "mallory").await;
        for name in ["bob", "carl", "dora", "eve"] {
            user(app, name).await;
        }
        let name = |text: &str| -> UserName { text.parse().unwrap() };
        let labring: OrgName = "labring".parse().unwrap();
        let empty: OrgName = "empty".parse().unwrap();
        for org in [&labring, &empty] {
            orgs::create(app, &ana, org, "", "").await.unwrap();
        }
        let vault: RepoName = "labring/vault".parse().unwrap();
        repos::create(app, &ana, &vault, Visibility::Private).await.unwrap();
        orgs::set_member(app, &ana, &labring, &name("carl"), Role::Reader).await.unwrap();
        invitations::invite(app, &ana, &labring, &name("dora"), Role::Reader).await.unwrap();
        grants::set(app, &ana, &vault, &name("eve"), Role::Reader).await.unwrap();
        let forever = || (Deadline::FOREVER, "");
        shares::create(app, &ana, &vault, &"eve".parse().unwrap(), forever()).await.unwrap();
        robots::create(app, &ana, robot("labring+ci")).await.unwrap();

        let (ci, bob) = ("labring+ci".parse().unwrap(), name("bob"));
        let (carl, dora, eve) = (name("carl"), name("dora"), name("eve"));
        let (with_bob, with_eve) = ("bob".parse().unwrap(), "eve".parse().unwrap());
        let mallory = &mallory;
        let acts = doing! {
            "member.set" => orgs::set_member(app, mallory, &labring, &removed.name, Role::Owner);
            "member.remove" => orgs::remove_member(app, mallory, &labring, &carl);
            "org.transfer" => orgs::transfer(app, mallory, &labring, &carl);
            "org.edit" => orgs::edit(app, mallory, &labring, OrgChanges::default());
            "org.delete" => orgs::delete(app, mallory, &empty);
            "invitation.create" =>
                invitations::invite(app, mallory, &labring, &bob, Role::Owner);
            "invitation.withdraw" => invitations::withdraw(app, mallory, &labring, &dora);
            "grant.set" => grants::set(app, mallory, &vault, &bob, Role::Owner);
            "grant.remove" => grants::remove(app, mallory, &vault, &eve);
            "share.create" => shares::create(app, mallory, &vault, &with_bob, forever());
            "share.edit" =>
                shares::edit(app, mallory, &vault, &with_eve, ShareChanges::default());
            "share.delete" => shares::delete(app, mallory, &vault, &with_eve);
            "robot.create" => robots::create(app, mallory, robot("labring+cd"));
            "robot.edit" => robots::edit(app, mallory, &ci, RobotChange::default());
            "robot.rotate" => robots::rotate(app, mallory, &ci);
            "robot.delete" => robots::delete(app, mallory, &ci);
            "repo.edit" => repos::edit(app, mallory, &vault, RepoChanges::default());
            "repo.delete" => repos::delete(app, mallory, &vault);
        };
        for (what, act) in acts {
            let org = if what == "org.delete" { &empty } else { &labring };
            orgs::set_member(app, &ana, org, &removed.name, Role::Owner).await.unwrap();
            let id = app.db.org(org).await.unwrap().unwrap().id;
            let mut removing = app.db.change().await.unwrap();
            removing.lock_org(id).await.unwrap();
            removing.remove_member(id, removed.id).await.unwrap();
            removing.tell(LetterKind::Access, org.as_str(), 1).await.unwrap();
            let removal = async {
                tokio::time::sleep(PATIENCE).await;
                removing.commit().await.unwrap();
            };
            let (outcome, ()) = futures::join!(act, removal);
            let refusal = outcome.expect_err(what);
            let told = refusal.contains("you may not administer") || refusal.contains("not found");
            assert!(told, "{what}: {refusal}");
            assert_eq!(app.db.role(org, removed.id).await.unwrap(), None, "{what}");
        }
    }
}

#[tokio::test]
async fn nobody_is_given_anything_whose_account_is_deleted_meanwhile() {
    let mut hubs = vec![App::for_tests().await];
    let postgres = App::for_tests_on_postgres().await;
    let _database = postgres.map(|(app, dir, database)| {
        hubs.push((app, dir));
        database
    });
    for (app, _dir) in &hubs {
        let (ana, _) = user(app, "ana").await;
        let labring: OrgName = "labring".parse().unwrap();
        orgs::create(app, &ana, &labring, "", "").await.unwrap();
        let vault: RepoName = "labring/vault".parse().unwrap();
        repos::create(app, &ana, &vault, Visibility::Private).await.unwrap();
        let names: Vec<UserName> =
            ["a1", "a2", "a3", "a4", "a5"].iter().map(|name| name.parse().unwrap()).collect();
        let mut users = Vec::new();
        for name in &names {
            users.push(user(app, name.as_str()).await);
        }
        orgs::set_member(app, &ana, &labring, &names[4], Role::Reader).await.unwrap();
        let (ana, fourth) = (&ana, "a4".parse().unwrap());
        let acts = doing! {
            "member.set" => orgs::set_member(app, ana, &labring, &names[0], Role::Reader);
            "invitation.create" =>
                invitations::invite(app, ana, &labring, &names[1], Role::Reader);
            "grant.set" => grants::set(app, ana, &vault, &names[2], Role::Reader);
            "share.create" => shares::create(app, ana, &vault, &fourth, (Deadline::FOREVER, ""));
            "org.transfer" => orgs::transfer(app, ana, &labring, &names[4]);
        };
        for ((what, act), (_, gone)) in acts.into_iter().zip(users) {
            let mut deleting = app.db.change().await.unwrap();
            deleting.lock_user(gone.id).await.unwrap();
            deleting.delete_user(gone.id, 9).await.unwrap();
            let deletion = async {
                tokio::time::sleep(PATIENCE).await;
                deleting.commit().await.unwrap();
            };
            let (outcome, ()) = futures::join!(act, deletion);
            let refusal = outcome.expect_err(what);
            let told = refusal.starts_with("there is n") || refusal.contains("is no member");
            assert!(told, "{what}: {refusal}");
        }
    }
}
