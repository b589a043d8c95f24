//! Words of the pages about accounts: settings, sessions, passwords, users, registration.

/// What is said there.
#[derive(Debug)]
pub(crate) struct AccountWords {
    pub settings: &'static str,
    pub settings_lead: &'static str,
    pub settings_tokens: &'static str,
    pub settings_password: &'static str,
    pub settings_sessions: &'static str,
    pub settings_users: &'static str,

    pub password: &'static str,
    pub password_lead: &'static str,
    pub password_old: &'static str,
    pub password_new: &'static str,
    pub password_again: &'static str,
    pub password_help: &'static str,
    pub password_set: &'static str,
    pub password_done: &'static str,
    pub password_wrong: &'static str,
    pub password_differs: &'static str,
    pub password_length: fn(usize) -> String,

    pub sessions: &'static str,
    pub sessions_lead: &'static str,
    pub session_browser: &'static str,
    pub session_unnamed: &'static str,
    pub session_address: &'static str,
    pub session_current: &'static str,
    pub session_end: &'static str,
    pub session_end_named: fn(&str) -> String,
    pub sessions_none: &'static str,
    pub end_others: &'static str,
    pub end_others_help: &'static str,
    pub end_all: &'static str,
    pub end_all_help: &'static str,
    pub end_tokens: &'static str,

    pub users: &'static str,
    pub users_lead: &'static str,
    pub users_none: &'static str,
    pub users_found: fn(u64) -> String,
    pub user: &'static str,
    pub user_search: &'static str,
    pub user_state: &'static str,
    pub state_any: &'static str,
    pub state_open: &'static str,
    pub state_disabled: &'static str,
    pub state_admin: &'static str,
    pub state_deleted: &'static str,
    pub administrator: &'static str,
    pub disabled: &'static str,
    pub deleted: &'static str,
    pub since: &'static str,
    pub orgs_of: &'static str,
    pub tokens_of: &'static str,
    pub nothing: &'static str,
    pub more: &'static str,
    pub add: &'static str,
    pub add_admin: &'static str,
    pub name_help: &'static str,
    pub rights: &'static str,
    pub disable: &'static str,
    pub disable_help: &'static str,
    pub enable: &'static str,
    pub make_admin: &'static str,
    pub make_admin_help: &'static str,
    pub unmake_admin: &'static str,
    pub reset: &'static str,
    pub reset_help: &'static str,
    pub reset_done: fn(&str) -> String,
    pub delete: &'static str,
    pub delete_named: fn(&str) -> String,
    pub delete_help: &'static str,
    pub delete_sure: &'static str,
    pub keep: &'static str,

    pub register: &'static str,
    pub register_lead: &'static str,
    pub register_offer: &'static str,
    pub register_instead: &'static str,

    pub error_taken: fn(&str) -> String,
    pub error_name: &'static str,
    pub error_reserved: fn(&str) -> String,
    pub error_last_administrator: fn(&str) -> String,
    pub error_still_owns: fn(&str, &str) -> String,
    pub error_wait: fn(u64) -> String,
}

/// A time to wait, in English.
fn wait(seconds: u64) -> String {
    match seconds {
        1 => "a second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// The same in Chinese.
fn wait_zh(seconds: u64) -> String {
    if seconds < 120 {
        format!("{seconds} 秒")
    } else {
        format!("{} 分钟", seconds.div_ceil(60))
    }
}

/// In English.
pub(super) const EN: AccountWords = AccountWords {
    settings: "Settings",
    settings_lead: "Your account, and what signs in for you.",
    settings_tokens: "They stand in for your password: in docker login, in hub login, in CI.",
    settings_password: "Change the password that you sign in with.",
    settings_sessions: "The browsers that you are signed in with, and signing out everywhere.",
    settings_users: "For administrators: make, close, reset and delete accounts.",

    password: "Password",
    password_lead: "With a new password every browser has to sign in again, but for this one. \
                    Tokens stay as they are.",
    password_old: "Password so far",
    password_new: "New password",
    password_again: "New password, once more",
    password_help: "8 to 256 characters; a sentence is easier to remember than signs.",
    password_set: "Change password",
    password_done: "The password was changed. Every other browser has to sign in again.",
    password_wrong: "The password so far is wrong.",
    password_differs: "The two new passwords differ.",
    password_length: |found| format!("A password has 8 to 256 bytes, this one has {found}."),

    sessions: "Sessions",
    sessions_lead: "Each is a browser that signed in by your name. End what you do not know, and \
                    change your password then.",
    session_browser: "Browser",
    session_unnamed: "no name given",
    session_address: "Address",
    session_current: "this one",
    session_end: "End",
    session_end_named: |what| format!("End the session of {what}"),
    sessions_none: "No browser is signed in.",
    end_others: "End all others",
    end_others_help: "This browser stays signed in.",
    end_all: "Sign out everywhere",
    end_all_help: "This browser too; registry clients that stayed signed in have to sign in again.",
    end_tokens: "Revoke my access tokens as well",

    users: "Users",
    users_lead: "Everybody who has an account on this hub.",
    users_none: "No user matches.",
    users_found: |number| if number == 1 { "1 user".into() } else { format!("{number} users") },
    user: "User",
    user_search: "Part of the name",
    user_state: "Which",
    state_any: "all",
    state_open: "may sign in",
    state_disabled: "disabled",
    state_admin: "administrators",
    state_deleted: "deleted",
    administrator: "administrator",
    disabled: "disabled",
    deleted: "deleted",
    since: "Since",
    orgs_of: "Organisations",
    tokens_of: "Access tokens",
    nothing: "none",
    more: "More users",
    add: "Add a user",
    add_admin: "Administers this hub",
    name_help: "Lowercase letters and digits, with - . _ between them. The organisation of this \
                name comes with the account.",
    rights: "What the account may",
    disable: "Disable",
    disable_help: "A disabled account is refused at once with every credential; its browsers are \
                   signed out. Nothing else is lost.",
    enable: "Enable",
    make_admin: "Make administrator",
    make_admin_help: "Administrators may everything on this hub.",
    unmake_admin: "No longer administrator",
    reset: "Set a new password",
    reset_help: "The user is signed out everywhere and signs in with the new password.",
    reset_done: |name| format!("The password of {name} was set."),
    delete: "Delete",
    delete_named: |name| format!("Delete {name}?"),
    delete_help: "Passwords, sessions, tokens, keys, memberships, grants and shares of this user \
                  go for good. The name is not given again. Organisations without repositories \
                  that nobody else owns go along; repositories never do.",
    delete_sure: "Delete for good",
    keep: "Keep",

    register: "Create an account",
    register_lead: "An account comes with an organisation of its name to push to.",
    register_offer: "No account yet?",
    register_instead: "You have an account?",

    error_taken: |name| format!("The name {name} is taken."),
    error_name: "A name has 1 to 64 lowercase letters and digits, with - . _ between them.",
    error_reserved: |name| format!("The name {name} is reserved."),
    error_last_administrator: |name| {
        format!("{name} is the last administrator who may sign in: make another one first.")
    },
    error_still_owns: |name, orgs| {
        format!(
            "Nobody but {name} owns {orgs}: name another owner there, or delete the \
             repositories, first."
        )
    },
    error_wait: |seconds| format!("Too many attempts. Try again in {}.", wait(seconds)),
};

/// In Chinese.
pub(super) const ZH: AccountWords = AccountWords {
    settings: "设置",
    settings_lead: "你的账户，以及代你登录的凭据。",
    settings_tokens: "代替密码使用：docker login、hub login 和 CI。",
    settings_password: "修改登录密码。",
    settings_sessions: "已登录的浏览器，以及在所有地方退出登录。",
    settings_users: "仅限管理员：创建、停用、重置和删除账户。",

    password: "密码",
    password_lead: "修改密码后，除当前浏览器外，其他浏览器都需要重新登录。访问令牌不受影响。",
    password_old: "当前密码",
    password_new: "新密码",
    password_again: "再次输入新密码",
    password_help: "8 到 256 个字符；一句话比一串符号更容易记住。",
    password_set: "修改密码",
    password_done: "密码已修改。其他浏览器需要重新登录。",
    password_wrong: "当前密码不正确。",
    password_differs: "两次输入的新密码不一致。",
    password_length: |found| format!("密码长度为 8 到 256 字节，当前为 {found} 字节。"),

    sessions: "会话",
    sessions_lead: "每一项都是以你的名义登录的浏览器。如有不认识的，请结束它并修改密码。",
    session_browser: "浏览器",
    session_unnamed: "未提供名称",
    session_address: "地址",
    session_current: "当前会话",
    session_end: "结束",
    session_end_named: |what| format!("结束 {what} 的会话"),
    sessions_none: "没有已登录的浏览器。",
    end_others: "结束其他所有会话",
    end_others_help: "当前浏览器保持登录。",
    end_all: "在所有地方退出登录",
    end_all_help: "包括当前浏览器；保持登录的镜像仓库客户端也需要重新登录。",
    end_tokens: "同时吊销我的访问令牌",

    users: "用户",
    users_lead: "拥有此站点账户的所有人。",
    users_none: "没有符合条件的用户。",
    users_found: |number| format!("{number} 个用户"),
    user: "用户",
    user_search: "名称的一部分",
    user_state: "范围",
    state_any: "全部",
    state_open: "可登录",
    state_disabled: "已停用",
    state_admin: "管理员",
    state_deleted: "已删除",
    administrator: "管理员",
    disabled: "已停用",
    deleted: "已删除",
    since: "创建时间",
    orgs_of: "组织",
    tokens_of: "访问令牌",
    nothing: "无",
    more: "更多用户",
    add: "添加用户",
    add_admin: "管理整个站点",
    name_help: "小写字母和数字，中间可用 - . _ 连接。账户会附带同名的组织。",
    rights: "账户权限",
    disable: "停用",
    disable_help: "停用后，该账户的任何凭据都会立即被拒绝，浏览器会退出登录。其他内容不会丢失。",
    enable: "启用",
    make_admin: "设为管理员",
    make_admin_help: "管理员拥有此站点的全部权限。",
    unmake_admin: "取消管理员",
    reset: "设置新密码",
    reset_help: "该用户会在所有地方退出登录，并使用新密码登录。",
    reset_done: |name| format!("已设置 {name} 的密码。"),
    delete: "删除",
    delete_named: |name| format!("删除 {name}？"),
    delete_help: "该用户的密码、会话、令牌、密钥、成员资格、授权和共享都会永久删除。\
                  名称不会再次分配。没有仓库且没有其他所有者的组织会一并删除；仓库不会被删除。",
    delete_sure: "永久删除",
    keep: "保留",

    register: "注册账户",
    register_lead: "账户会附带一个同名的组织，可以向其推送镜像。",
    register_offer: "还没有账户？",
    register_instead: "已有账户？",

    error_taken: |name| format!("名称 {name} 已被占用。"),
    error_name: "名称为 1 到 64 个小写字母和数字，中间可用 - . _ 连接。",
    error_reserved: |name| format!("名称 {name} 为保留名称。"),
    error_last_administrator: |name| {
        format!("{name} 是最后一位可以登录的管理员：请先设置另一位管理员。")
    },
    error_still_owns: |name, orgs| {
        format!("{orgs} 的所有者只有 {name}：请先指定另一位所有者，或删除其中的仓库。")
    },
    error_wait: |seconds| format!("尝试次数过多，请在 {}后重试。", wait_zh(seconds)),
};
