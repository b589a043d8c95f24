//! Signing in at a provider of OpenID Connect.

use std::net::IpAddr;

use hub_model::{OrgName, Role};
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

/// Signing in at a provider of OpenID Connect; off without `issuer`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// Address that the provider calls itself, to the last slash.
    pub issuer: Option<String>,
    /// What the hub is called there.
    pub client_id: String,
    /// The hub's password there; without it the provider has to take PKCE for enough.
    pub client_secret: Option<SecretString>,
    /// What is asked for.
    #[serde(deserialize_with = "list")]
    pub scopes: Vec<String>,
    /// What the button says: "Sign in with …".
    pub name: String,
    /// The claim that new users are named after. A dot leads into a claim of claims.
    pub username_claim: String,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// Whether who comes for the first time gets an account.
    pub register: bool,
    /// Roles that groups give.
    #[serde(deserialize_with = "roles")]
    pub groups: Vec<GroupRole>,
    /// The group whose members administer the hub; no group when empty.
    pub admin_group: String,
    /// Whether the page asks for no password.
    pub only: bool,
}

/// A role that a group gives in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group, as the provider writes it.
    pub group: String,
    /// The organisation.
    pub org: OrgName,
    /// The role there.
    pub role: Role,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: String::new(),
            client_secret: None,
            scopes: ["openid", "profile"].map(str::to_owned).into(),
            name: "OpenID Connect".to_owned(),
            username_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
            register: true,
            groups: Vec::new(),
            admin_group: String::new(),
            only: false,
        }
    }
}

/// Why the settings of the provider are no good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcSettingsError {
    /// No address, or one that anybody between could answer for.
    #[error(
        "`oidc.issuer` is `{issuer}`: it has to be an https:// address (http:// on this machine)"
    )]
    Issuer {
        /// What is set.
        issuer: String,
    },
    /// The hub has no name there.
    #[error("`oidc.issuer` is set, and `oidc.client_id` is not")]
    NoClient,
    /// Nobody could sign in.
    #[error("`oidc.only` is true, and `oidc.issuer` names no provider: nobody could sign in")]
    NoProvider,
    /// The program has no OpenID Connect.
    #[error("`oidc.issuer` is set, and this program was built without the feature `oidc`")]
    NotBuilt,
}

impl Oidc {
    /// Whether people may sign in at a provider.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.issuer.is_some()
    }

    /// Sees that the settings belong together.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with them.
    pub fn check(&self) -> Result<(), OidcSettingsError> {
        let Some(issuer) = &self.issuer else {
            return if self.only { Err(OidcSettingsError::NoProvider) } else { Ok(()) };
        };
        if cfg!(not(feature = "oidc")) {
            return Err(OidcSettingsError::NotBuilt);
        }
        let url = Url::parse(issuer).ok().filter(|url| url.query().is_none());
        if !url.is_some_and(|url| is_private(&url)) {
            return Err(OidcSettingsError::Issuer { issuer: issuer.clone() });
        }
        if self.client_id.is_empty() {
            return Err(OidcSettingsError::NoClient);
        }
        Ok(())
    }

    /// The roles that members of these groups have.
    pub fn roles_of<'a>(&'a self, groups: &'a [String]) -> impl Iterator<Item = &'a GroupRole> {
        self.groups.iter().filter(|given| groups.contains(&given.group))
    }

    /// `group=org:role` with commas between.
    #[must_use]
    pub(super) fn roles_text(&self) -> String {
        let one =
            |given: &GroupRole| format!("{}={}:{}", given.group, given.org, given.role.as_str());
        self.groups.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// Whether nobody between can read or change what goes there.
pub(crate) fn is_private(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// A list, or one text with blanks or commas between.
fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        List(Vec<String>),
    }
    Ok(match Form::deserialize(from)? {
        Form::List(all) => all,
        Form::Text(text) => {
            let words = text.split([' ', ',']).filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        }
    })
}

/// Tables, or one text: `group=org:role` with commas between.
fn roles<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<GroupRole>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Tables(Vec<GroupRole>),
    }
    let text = match Form::deserialize(from)? {
        Form::Tables(all) => return Ok(all),
        Form::Text(text) => text,
    };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            group_role(part)
                .ok_or_else(|| D::Error::custom(format!("`{part}` is not group=org:role")))
        })
        .collect()
}

fn group_role(text: &str) -> Option<GroupRole> {
    let (group, to) = text.rsplit_once('=')?;
    let (org, role) = to.split_once(':')?;
    let (org, role) = (OrgName::parse(org.trim()).ok()?, Role::parse(role.trim())?);
    Some(GroupRole { group: group.trim().to_owned(), org, role })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;
    use crate::config::load::load_from;

    fn set(issuer: &str) -> Oidc {
        Oidc { issuer: Some(issuer.to_owned()), client_id: "hub".to_owned(), ..Oidc::default() }
    }

    #[test]
    fn a_provider_is_asked_where_nobody_between_can_answer() {
        for good in
            ["https://id.example.com", "https://id.example.com/realms/a/", "http://127.0.0.1:8080"]
        {
            assert_eq!(set(good).check(), Ok(()), "{good}");
        }
        for bad in ["http://id.example.com", "id.example.com", "ftp://127.0.0.1", "", "https://a?b"]
        {
            let error = set(bad).check().unwrap_err();
            assert!(matches!(error, OidcSettingsError::Issuer { .. }), "{bad}");
        }
        let nameless = Oidc { client_id: String::new(), ..set("https://id.example.com") };
        assert_eq!(nameless.check(), Err(OidcSettingsError::NoClient));
        let nobody = Oidc { only: true, ..Oidc::default() };
        assert_eq!(nobody.check(), Err(OidcSettingsError::NoProvider));
    }

    #[test]
    fn groups_stand_in_tables_or_in_one_variable() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub.toml");
        let text = "[oidc]\nscopes = ['openid', 'email']\ngroups = [\
                    {group = '/builders', org = 'labring', role = 'writer'}]";
        std::fs::write(&path, text).unwrap();
        let oidc = load_from(Some(&path), &[], Flags::default()).unwrap().config.oidc;
        assert_eq!(oidc.scopes, ["openid", "email"]);
        assert_eq!(oidc.roles_text(), "/builders=labring:writer");

        let variables = [
            ("HUB_SERVER_OIDC_GROUPS", "/builders=labring:writer, a=b=other:owner"),
            ("HUB_SERVER_OIDC_SCOPES", "openid email"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let oidc = load_from(None, &variables, Flags::default()).unwrap().config.oidc;
        assert_eq!(oidc.roles_text(), "/builders=labring:writer, a=b=other:owner");
        assert_eq!(oidc.scopes, ["openid", "email"]);
        let both = ["a=b".to_owned(), "nobody".to_owned()];
        let roles: Vec<_> = oidc.roles_of(&both).map(|given| given.role).collect();
        assert_eq!(roles, [Role::Owner]);

        for bad in ["builders", "builders=labring", "builders=labring:king", "a=-:owner"] {
            let variables = [("HUB_SERVER_OIDC_GROUPS".to_owned(), bad.to_owned())];
            assert!(load_from(None, &variables, Flags::default()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_secret_of_the_client_may_stand_in_a_file_and_is_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "s3cret-of-the-client\n").unwrap();
        let path = path.to_str().unwrap().to_owned();
        let variables = [("HUB_SERVER_OIDC_CLIENT_SECRET_FILE".to_owned(), path)];
        let loaded = load_from(None, &variables, Flags::default()).unwrap();
        let secret = loaded.config.oidc.client_secret.as_ref().unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(secret), "s3cret-of-the-client");
        let printed = format!("{:?} {:?}", loaded.config, loaded.entries());
        assert!(!printed.contains("s3cret"), "{printed}");
    }
}
