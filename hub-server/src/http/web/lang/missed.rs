//! Words of the page of searches that found nothing.

use super::Lang;

/// What is said there.
#[derive(Debug)]
pub(crate) struct MissedWords {
    pub title: &'static str,
    pub lead: &'static str,
    pub off: &'static str,
    pub none: &'static str,
    pub count: fn(u64) -> String,
    pub text: &'static str,
    pub times: &'static str,
    pub first: &'static str,
    pub last: &'static str,
    pub more: &'static str,
    pub forget: &'static str,
    pub forget_help: &'static str,
    pub forget_sure: &'static str,
    pub forgotten: &'static str,
}

/// In English.
pub(super) const EN: MissedWords = MissedWords {
    title: "Searches without results",
    lead: "What people looked for and did not find, the most frequent first. Who asked is not known.",
    off: "Searches are not counted at present: the setting search.log_missed is off.",
    none: "There is nothing here.",
    count: |texts| match texts {
        1 => "1 text".to_owned(),
        _ => format!("{} texts", Lang::En.number(texts)),
    },
    text: "Searched for",
    times: "Times",
    first: "First",
    last: "Last",
    more: "More",
    forget: "Forget all",
    forget_help: "Every text and its count goes. That this was done is noted in the activity.",
    forget_sure: "Yes, forget all",
    forgotten: "All of it is forgotten.",
};

/// In Chinese.
pub(super) const ZH: MissedWords = MissedWords {
    title: "无结果的搜索",
    lead: "大家搜索过但没有找到的内容，次数多的在前。不记录是谁搜索的。",
    off: "目前没有统计：配置项 search.log_missed 未开启。",
    none: "这里还没有内容。",
    count: |texts| format!("{} 条", Lang::Zh.number(texts)),
    text: "搜索内容",
    times: "次数",
    first: "首次",
    last: "最近",
    more: "更多",
    forget: "全部清除",
    forget_help: "将清除所有内容及其次数。此操作会记录在操作日志中。",
    forget_sure: "确认全部清除",
    forgotten: "已全部清除。",
};
