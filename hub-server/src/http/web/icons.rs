//! Pictures of repositories: their own, or a letter on a colour that their name decides.

use hub_model::{Field, Img, RepoName};

/// Colours of letters; the style sheet knows them by number.
const HUES: [&str; 8] =
    ["#0f766e", "#1d6fa5", "#4f5bd5", "#7c3aed", "#a8327e", "#b4452f", "#9a6a0b", "#4d7c2a"];

/// The letter of a name: the first one of its last part.
fn letter(name: &str) -> char {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.chars().next().unwrap_or('?').to_ascii_uppercase()
}

/// Which colour a name has (FNV-1a, so that neighbours differ).
fn hue(name: &str) -> usize {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 16) as usize % HUES.len()
}

/// A letter inside a page, as HTML.
pub(super) fn inline(name: &str) -> String {
    format!(
        "<svg class=\"icon hue{}\" viewBox=\"0 0 40 40\" aria-hidden=\"true\">\
         <rect width=\"40\" height=\"40\" rx=\"9\"/>\
         <text x=\"20\" y=\"27\" text-anchor=\"middle\">{}</text></svg>",
        hue(name),
        letter(name)
    )
}

/// A letter as a picture of its own.
pub(super) fn file(name: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\" width=\"160\" \
         height=\"160\"><rect width=\"40\" height=\"40\" rx=\"9\" fill=\"{}\"/>\
         <text x=\"20\" y=\"27\" fill=\"#fff\" font-family=\"system-ui,sans-serif\" \
         font-size=\"20\" font-weight=\"600\" text-anchor=\"middle\">{}</text></svg>",
        HUES[hue(name)],
        letter(name)
    )
}

/// The picture of a repository inside a page, as HTML. An address elsewhere is not fetched.
pub(super) fn of_repo(repo: &RepoName, img: Option<&Img>) -> String {
    let stored = img.and_then(|img| img.detail.text(Field::Icon));
    if stored.is_some_and(|icon| hub_model::Digest::parse(icon).is_ok()) {
        format!(
            "<img class=\"icon\" src=\"/r/{repo}/-/icon\" alt=\"\" width=\"40\" height=\"40\" \
             loading=\"lazy\">"
        )
    } else {
        inline(repo.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_decides_letter_and_colour() {
        assert_eq!(letter("labring/mysql-op"), 'M');
        assert_eq!(letter("a/7zip"), '7');
        assert_eq!(hue("labring/mysql-op"), hue("labring/mysql-op"));
        assert!(file("labring/mysql-op").contains(">M</text>"));
    }
}
