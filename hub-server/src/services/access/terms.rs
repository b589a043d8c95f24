//! What the caller may see, as it stands inside a query.

use hub_db::DbError;
use hub_model::{AccessTerms, Actor, OrgName, Own, RepoName, Robot, SignedIn};

use crate::App;

/// What the caller may see: inside the query, so that counts, facets and pages leak nothing.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn terms(app: &App, actor: &Actor) -> Result<AccessTerms, DbError> {
    match actor {
        Actor::System => Ok(AccessTerms::Everything),
        Actor::Anonymous => Ok(AccessTerms::PUBLIC),
        Actor::Robot(robot) => Ok(AccessTerms::PublicAnd(of_robot(robot))),
        Actor::User(signed_in) if signed_in.user.admin => Ok(of_administrator(signed_in)),
        Actor::User(signed_in) => Ok(AccessTerms::PublicAnd(of_user(app, signed_in).await?)),
    }
}

fn of_robot(robot: &Robot) -> Own {
    let org = robot.name.org();
    if robot.within.is_everywhere() {
        return Own { orgs: vec![org], repos: Vec::new() };
    }
    let mut own = robot.within.split();
    own.orgs.retain(|place| *place == org);
    own.repos.retain(|repo| repo.org() == org);
    own
}

fn of_administrator(signed_in: &SignedIn) -> AccessTerms {
    if signed_in.within.is_everywhere() {
        return AccessTerms::Everything;
    }
    AccessTerms::PublicAnd(signed_in.within.split())
}

async fn of_user(app: &App, signed_in: &SignedIn) -> Result<Own, DbError> {
    let (id, within) = (signed_in.user.id, &signed_in.within);
    let orgs: Vec<OrgName> =
        app.db.orgs_of(id).await?.into_iter().map(|(org, _)| org.name).collect();
    let mut repos: Vec<RepoName> = app.db.granted(id).await?;
    repos.extend(app.db.shared_with(id, app.now_ms()).await?);
    repos.retain(|repo| within.reaches(repo));
    // Single repositories of an organisation that the credential does not reach as a whole.
    let single = within.split().repos;
    repos.extend(single.into_iter().filter(|repo| orgs.contains(&repo.org())));
    repos.sort_unstable();
    repos.dedup();
    let orgs = orgs.into_iter().filter(|org| within.reaches_org(org)).collect();
    Ok(Own { orgs, repos })
}
