//! Colours for code, by classes: a handful of them, so that pages stay small.

use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, ScopeStackOp, SyntaxReference, SyntaxSet};

use super::{escape_into, unescape};

/// Longer blocks are shown plain.
const MOST_BLOCK_BYTES: usize = 64 * 1024;

/// Longer lines are data rather than code; a grammar takes too long on them.
const MOST_LINE_BYTES: usize = 4 * 1024;

/// Blocks beyond this much highlighted code in one document are shown plain.
const MOST_TOTAL_BYTES: usize = 256 * 1024;

static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// Scopes and the class they are shown with; the first that fits the innermost scope wins.
static CLASSES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    [
        ("comment", "c"),
        ("punctuation.definition.comment", "c"),
        ("string", "s"),
        ("punctuation.definition.string", "s"),
        ("constant.character.escape", "e"),
        ("constant.numeric", "n"),
        ("constant", "n"),
        ("keyword", "k"),
        ("storage", "k"),
        ("entity.name.tag", "t"),
        ("entity.other.attribute-name", "a"),
        ("entity.name.function", "f"),
        ("support.function", "f"),
        ("variable.function", "f"),
        ("entity.name", "t"),
        ("support.type", "t"),
        ("variable.parameter.option", "a"),
        ("variable.other", "v"),
        ("markup.inserted", "i"),
        ("markup.deleted", "d"),
        ("meta.diff", "c"),
    ]
    .into_iter()
    .filter_map(|(text, class)| Scope::new(text).ok().map(|scope| (scope, class)))
    .collect()
});

/// Highlights every fenced block of sanitised HTML.
pub(super) fn blocks(html: &str) -> String {
    const OPEN: &str = "<pre><code class=\"language-";
    const CLOSE: &str = "</code></pre>";
    let mut out = String::with_capacity(html.len() + html.len() / 4);
    let mut rest = html;
    let mut total = 0;
    while let Some(at) = rest.find(OPEN) {
        let inside = &rest[at + OPEN.len()..];
        let parts = inside.split_once("\">").and_then(|(language, tail)| {
            tail.find(CLOSE).map(|end| (language, &tail[..end], &tail[end..]))
        });
        let Some((language, code, tail)) = parts else { break };
        out.push_str(&rest[..at + OPEN.len()]);
        out.push_str(language);
        out.push_str("\">");
        total += code.len();
        match coloured(language, code).filter(|_| total <= MOST_TOTAL_BYTES) {
            Some(coloured) => out.push_str(&coloured),
            None => out.push_str(code),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// One block, or `None` when it is to stay plain.
fn coloured(language: &str, code: &str) -> Option<String> {
    // An element inside is raw HTML of the author.
    if code.len() > MOST_BLOCK_BYTES || code.contains('<') {
        return None;
    }
    let code = unescape(code);
    if code.lines().any(|line| line.len() > MOST_LINE_BYTES) {
        return None;
    }
    let grammar = grammar(language)?;
    let mut state = ParseState::new(grammar);
    let mut stack = ScopeStack::new();
    let mut writer = Writer { out: String::with_capacity(code.len() * 2), class: None };
    for line in code.split_inclusive('\n') {
        let operations = state.parse_line(line, &GRAMMARS).ok()?;
        writer.line(line, &operations, &mut stack)?;
    }
    writer.turn(None);
    Some(writer.out)
}

/// The grammar of a fence's word.
fn grammar(language: &str) -> Option<&'static SyntaxReference> {
    let token = match language {
        "shell" | "console" | "sh-session" | "shell-session" | "shellsession" | "terminal"
        | "zsh" | "cmd" => "bash",
        "jsx" | "node" | "javascript" => "js",
        "yml" | "helm" => "yaml",
        "conf" | "cfg" | "properties" | "env" | "dotenv" => "ini",
        "docker" => "dockerfile",
        "golang" => "go",
        "mermaid" | "d2" | "text" | "txt" | "plain" | "plaintext" | "math" | "none" | "" => {
            return None;
        }
        other => other,
    };
    GRAMMARS.find_syntax_by_token(token)
}

/// Writes spans, joining neighbours of one class.
struct Writer {
    out: String,
    class: Option<&'static str>,
}

impl Writer {
    fn line(
        &mut self,
        line: &str,
        operations: &[(usize, ScopeStackOp)],
        stack: &mut ScopeStack,
    ) -> Option<()> {
        let mut from = 0;
        for (at, operation) in operations {
            self.text(line.get(from..*at)?, stack);
            from = *at;
            stack.apply(operation).ok()?;
        }
        self.text(line.get(from..)?, stack);
        Some(())
    }

    fn text(&mut self, text: &str, stack: &ScopeStack) {
        if text.is_empty() {
            return;
        }
        if !text.trim().is_empty() {
            self.turn(class_of(stack));
        }
        escape_into(&mut self.out, text);
    }

    fn turn(&mut self, class: Option<&'static str>) {
        if self.class == class {
            return;
        }
        if self.class.is_some() {
            self.out.push_str("</span>");
        }
        if let Some(class) = class {
            self.out.push_str("<span class=\"hl-");
            self.out.push_str(class);
            self.out.push_str("\">");
        }
        self.class = class;
    }
}

/// The class of the innermost scope that has one.
fn class_of(stack: &ScopeStack) -> Option<&'static str> {
    stack.as_slice().iter().rev().find_map(|scope| {
        CLASSES.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, class)| *class)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_occurs_has_a_grammar() {
        for language in [
            "bash",
            "sh",
            "shell",
            "console",
            "yaml",
            "yml",
            "dockerfile",
            "json",
            "diff",
            "ini",
            "sql",
            "python",
            "toml",
            "xml",
            "js",
            "nginx",
            "go",
            "rust",
            "typescript",
            "html",
        ] {
            assert!(grammar(language).is_some(), "{language}");
        }
        assert!(grammar("mermaid").is_none());
    }

    #[test]
    fn code_becomes_few_spans_and_keeps_its_text() {
        let html = "<pre><code class=\"language-yaml\">a: \"b &amp; c\" # d\n</code></pre>";
        insta::assert_snapshot!(blocks(html), @r#"
        <pre><code class="language-yaml"><span class="hl-t">a</span>: <span class="hl-s">&quot;b &amp; c&quot; </span><span class="hl-c"># d
        </span></code></pre>
        "#);
    }

    #[test]
    fn raw_elements_and_unknown_languages_stay_as_they_are() {
        for html in [
            "<pre><code class=\"language-sh\">echo <b>x</b></code></pre>",
            "<pre><code class=\"language-nothing\">x</code></pre>",
            "<pre><code class=\"language-sh\">never closed",
        ] {
            assert_eq!(blocks(html), html);
        }
    }
}
