//! Words of the pages about members, invitations and access.

/// What is said there.
#[derive(Debug)]
pub(crate) struct PeopleWords {
    pub user: &'static str,
    pub role: &'static str,
    pub since: &'static str,
}

/// In English.
pub(super) const EN: PeopleWords = PeopleWords { user: "User", role: "Role", since: "Since" };

/// In Chinese.
pub(super) const ZH: PeopleWords =
    PeopleWords { user: "用户", role: "角色", since: "加入时间" };
