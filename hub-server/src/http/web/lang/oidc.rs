//! Words of signing in at a provider.

/// What is said about signing in at a provider of OpenID Connect.
#[derive(Debug)]
#[cfg_attr(not(feature = "oidc"), expect(dead_code, reason = "said where the feature is built"))]
pub(crate) struct OidcWords {
    pub button: fn(&str) -> String,
    pub or_password: &'static str,
    pub stray: &'static str,
    pub refused: fn(&str, &str) -> String,
    pub untrusted: fn(&str) -> String,
    pub unreachable: fn(&str) -> String,
    pub unknown: fn(&str) -> String,
    pub nameless: fn(&str, &str) -> String,
    pub bad_name: fn(&str, &str) -> String,
    pub taken: fn(&str, &str) -> String,
    pub linked_elsewhere: fn(&str) -> String,
    pub disabled: &'static str,
    pub no_passwords: &'static str,
    pub account_title: fn(&str) -> String,
    pub account_lead: &'static str,
    pub account_subject: &'static str,
    pub account_none: &'static str,
    pub account_link: fn(&str) -> String,
    pub account_go: &'static str,
    pub account_linked: &'static str,
    pub account_token: &'static str,
    pub account_password: &'static str,
    pub account_unlink: fn(&str) -> String,
    pub account_unlink_lead: &'static str,
    pub account_unlinked: &'static str,
    pub linked_already: &'static str,
    pub no_password: &'static str,
}

pub(super) const EN: OidcWords = OidcWords {
    button: |name| format!("Sign in with {name}"),
    or_password: "or with a password of this hub",
    stray: "This way back does not belong to a sign-in that this browser began, or it took longer \
            than ten minutes. Please begin again.",
    refused: |name, said| format!("{name} refused: {said}"),
    untrusted: |name| {
        format!(
            "The answer of {name} could not be verified. Please begin again; if it happens \
                 twice, the log of the hub tells the administrator why."
        )
    },
    unreachable: |name| format!("{name} cannot be reached at the moment. Please try again later."),
    unknown: |name| {
        format!(
            "Nobody here belongs to your account at {name}, and this hub makes no accounts by \
                 itself. Ask an administrator for one, sign in to it and link it."
        )
    },
    nameless: |name, claim| {
        format!(
            "{name} does not say how you are called (`{claim}`). An administrator can set \
                 `oidc.username_claim`."
        )
    },
    bad_name: |name, found| {
        format!("{name} calls you `{found}`, and no account here can be named so.")
    },
    taken: |name, taken| {
        format!(
            "The name `{taken}` is somebody's here already. If it is you, sign in with your \
                 password and link the account to {name} in your settings."
        )
    },
    linked_elsewhere: |name| {
        format!("Your account at {name} belongs to another user of this hub already.")
    },
    disabled: "This account is disabled.",
    no_passwords: "This hub takes no passwords here.",
    account_title: |name| format!("Sign in with {name}"),
    account_lead: "Instead of a password you can sign in at the provider.",
    account_subject: "This account belongs to",
    account_none: "This account is linked to nobody at the provider.",
    account_link: |name| format!("Link to {name}"),
    account_go: "Continue at the provider",
    account_linked: "The account is linked. From now on you can sign in this way.",
    account_token: "For docker and the command line make a personal access token:",
    account_password: "Your password on this hub",
    account_unlink: |name| format!("Unlink from {name}"),
    account_unlink_lead: "Afterwards you sign in with your password only. Your other browsers are \
                          signed out, and the roles that groups gave you are taken back.",
    account_unlinked: "The account is linked to nobody at the provider any more.",
    linked_already: "This account is linked already. Unlink it first.",
    no_password: "This account has no password, so you could not sign in any more. When an \
                  administrator sets one, the link ends with that.",
};

pub(super) const ZH: OidcWords = OidcWords {
    button: |name| format!("使用 {name} 登录"),
    or_password: "或使用本站密码登录",
    stray: "这次返回不属于此浏览器发起的登录，或已超过十分钟。请重新开始。",
    refused: |name, said| format!("{name} 拒绝了请求：{said}"),
    untrusted: |name| {
        format!("无法验证 {name} 的答复。请重新开始；如果再次发生，管理员可在日志中查看原因。")
    },
    unreachable: |name| format!("目前无法连接 {name}，请稍后再试。"),
    unknown: |name| {
        format!(
            "这里没有与你的 {name} 账号关联的用户，本站也不会自动创建账号。\
                 请向管理员申请账号，登录后再进行关联。"
        )
    },
    nameless: |name, claim| {
        format!("{name} 没有提供你的用户名（`{claim}`）。管理员可以设置 `oidc.username_claim`。")
    },
    bad_name: |name, found| format!("{name} 提供的用户名是 `{found}`，本站账号不能使用这个名称。"),
    taken: |name, taken| {
        format!(
            "用户名 `{taken}` 在本站已被占用。如果是你本人，请用密码登录，然后在设置中关联 {name}。"
        )
    },
    linked_elsewhere: |name| format!("你的 {name} 账号已与本站另一位用户关联。"),
    disabled: "此账号已停用。",
    no_passwords: "本站不在此处接受密码。",
    account_title: |name| format!("使用 {name} 登录"),
    account_lead: "你可以在身份提供方登录，而不必使用密码。",
    account_subject: "此账号关联到",
    account_none: "此账号尚未关联身份提供方的用户。",
    account_link: |name| format!("关联 {name}"),
    account_go: "前往身份提供方继续",
    account_linked: "账号已关联，今后你可以用这种方式登录。",
    account_token: "在 docker 和命令行中请使用个人访问令牌：",
    account_password: "你在本站的密码",
    account_unlink: |name| format!("取消与 {name} 的关联"),
    account_unlink_lead: "之后只能用密码登录。其他浏览器会退出登录，由用户组授予的角色会被收回。",
    account_unlinked: "此账号已不再关联身份提供方的用户。",
    linked_already: "此账号已经关联，请先取消关联。",
    no_password: "此账号没有密码，取消关联后将无法登录。管理员为你设置密码时，关联会随之取消。",
};
