//! The tables are complete, and numbers and times read well in both languages.

use super::*;

#[test]
fn the_wish_of_the_reader_is_met() {
    for (header, want) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", Some(Lang::Zh)),
        ("en-GB,en;q=0.9", Some(Lang::En)),
        ("fr, en;q=0.3, zh-TW;q=0.7", Some(Lang::Zh)),
        ("zh;q=0, en;q=0.1", Some(Lang::En)),
        ("fr", None),
        ("zh;q=x", None),
        ("", None),
    ] {
        assert_eq!(Lang::accepted(header), want, "{header}");
    }
}

#[test]
fn numbers_and_sizes_are_short() {
    for (number, en, zh) in
        [(0, "0", "0"), (999, "999", "999"), (1_250, "1.2k", "1250"), (2_000_000, "2M", "200万")]
    {
        assert_eq!(Lang::En.short_number(number), en);
        assert_eq!(Lang::Zh.short_number(number), zh);
    }
    assert_eq!(Lang::En.number(1_234_567), "1,234,567");
    for (bytes, want) in [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (734_003_200, "734 MB")] {
        assert_eq!(Lang::En.size(bytes), want);
    }
}

#[test]
fn times_are_relative_in_both_languages() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let now = 1_800_000_000_000;
    for (past, en, zh) in [
        (-5, "just now", "刚刚"),
        (60_000, "1 minute ago", "1 分钟前"),
        (3 * DAY, "3 days ago", "3 天前"),
        (45 * DAY, "1 month ago", "1 个月前"),
        (800 * DAY, "2 years ago", "2 年前"),
    ] {
        assert_eq!(Lang::En.moment(now - past, now).ago, en);
        assert_eq!(Lang::Zh.moment(now - past, now).ago, zh);
    }
    assert_eq!(Lang::En.moment(now, now).machine, "2027-01-15T08:00:00Z");
}

#[test]
fn every_word_is_said_and_english_is_not_chinese() {
    for lang in Lang::ALL {
        let said = format!("{:?}", lang.words());
        assert!(!said.contains("\"\""), "{lang:?} lacks a word");
    }
    let english = format!("{:?}", Lang::En.words()).replace("数据库", "");
    assert!(!english.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)));
}
