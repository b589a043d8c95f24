//! Languages of the pages: one table of words per language, and how numbers and times are said.

mod accounts;
mod credentials;
mod en;
mod format;
mod missed;
mod oidc;
mod people;
mod search;
mod shares;
#[cfg(test)]
mod tests;
mod words;
mod zh;

pub(crate) use self::accounts::AccountWords;
pub(crate) use self::missed::MissedWords;
#[cfg(feature = "oidc")]
pub(crate) use self::oidc::OidcWords;
pub(crate) use self::search::SearchWords;
pub(crate) use self::words::Words;

/// A language that the pages speak completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lang {
    /// Chinese as written on the mainland.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// All of them, in the order of the switch.
    pub(crate) const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// Spoken when the reader has no wish that we can meet.
    pub(crate) const DEFAULT: Self = Self::En;

    /// The tag of the language, as in `lang="…"`.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// Its words.
    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::Zh => &zh::WORDS,
            Self::En => &en::WORDS,
        }
    }

    /// Reads a language tag; regions and scripts that we do not tell apart fall together.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The best language of an `Accept-Language` header.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for part in header.split(',') {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let quality =
                parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse().ok());
            let Some((lang, quality)) = Self::parse(tag).zip(quality) else { continue };
            if quality > 0.0 && best.is_none_or(|(_, other)| quality > other) {
                best = Some((lang, quality));
            }
        }
        best.map(|(lang, _)| lang)
    }
}
