//! What a README may do to a page: nothing, shown on real texts, known attacks and random ones.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use scraper::Html;

use super::*;

const WORDS: Words =
    Words { image: "image: ", alerts: ["Note", "Tip", "Important", "Warning", "Caution"] };

fn plain() -> Context<'static> {
    Context { words: WORDS, source: None }
}

fn html(text: &str) -> String {
    sanitised(text, plain()).html
}

/// The first thing in the output that could act, load or restyle, if there is one.
fn active(html: &str) -> Option<String> {
    const ELEMENTS: [&str; 17] = [
        "script", "style", "iframe", "object", "embed", "form", "link", "meta", "base", "svg",
        "math", "img", "video", "audio", "button", "textarea", "select",
    ];
    let fragment = Html::parse_fragment(html);
    for node in fragment.tree.nodes() {
        let Some(element) = node.value().as_element() else { continue };
        let name = element.name();
        if ELEMENTS.contains(&name) {
            return Some(format!("<{name}>"));
        }
        if name == "input"
            && (element.attr("type") != Some("checkbox") || element.attr("disabled").is_none())
        {
            return Some("an input that can be used".to_owned());
        }
        for (attribute, value) in element.attrs() {
            let squeezed: String = value
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .flat_map(char::to_lowercase)
                .collect();
            let address = matches!(attribute, "href" | "src" | "srcset" | "cite" | "action");
            let scheme = ["javascript:", "data:", "vbscript:"]
                .iter()
                .any(|scheme| squeezed.starts_with(scheme));
            let foreign_id = attribute == "id" && !value.starts_with("user-content-");
            let unsafe_name = attribute.starts_with("on")
                || matches!(attribute, "style" | "src" | "srcset" | "name" | "formaction");
            if (address && scheme) || foreign_id || unsafe_name {
                return Some(format!("{name} {attribute}={value}"));
            }
        }
    }
    None
}

#[test]
fn the_rules_of_the_allow_list_do_not_contradict_each_other() {
    assert_eq!(clean::clean("<b>x</b>", None), "<b>x</b>");
}

#[test]
fn the_dialect_is_githubs() {
    let text = "\
---
title: hidden
---
# 你好 World!

See https://example.com/a_b, not `https://x.y`.

| a | b |
|---|--:|
| 1 | ~~2~~ |

- [x] done

> [!NOTE]
> Mind this.

## 你好 World!

```rust,ignore
fn main() {}
```

[up](#你好-world) ![logo](https://e.org/l.png)
";
    insta::assert_snapshot!(html(text), @r##"
    <h2 id="user-content-你好-world">你好 World!</h2>
    <p>See <a href="https://example.com/a_b" rel="nofollow noopener noreferrer ugc">https://example.com/a_b</a>, not <code>https://x.y</code>.</p>
    <div class="scroll" tabindex="0"><table><thead><tr><th>a</th><th align="right">b</th></tr></thead><tbody>
    <tr><td>1</td><td align="right"><del>2</del></td></tr>
    </tbody></table></div>
    <ul>
    <li><input type="checkbox" disabled="" checked="">
    done</li>
    </ul>
    <blockquote class="markdown-alert-note">
    <p class="markdown-alert-title">Note</p>
    <p>Mind this.</p>
    </blockquote>
    <h3 id="user-content-你好-world-1">你好 World!</h3>
    <pre><code class="language-rust">fn main() {}
    </code></pre>
    <p><a href="#user-content-%E4%BD%A0%E5%A5%BD-world" rel="nofollow noopener noreferrer ugc">up</a> <a class="md-image" href="https://e.org/l.png" rel="nofollow noopener noreferrer ugc">[image: logo]</a></p>
    "##);
}

#[test]
fn three_headings_make_a_table_of_contents() {
    let rendered = sanitised("# A `b`\n## C: d\n## C: d\n#### deep\n", plain());
    let ids: Vec<&str> = rendered.contents.iter().map(|heading| heading.id.as_str()).collect();
    assert_eq!(ids, ["user-content-a-b", "user-content-c-d", "user-content-c-d-1"]);
    for id in ids {
        assert!(rendered.html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(sanitised("# A\n## B\n", plain()).contents.is_empty());
}

#[test]
fn chinese_text_keeps_its_bold_and_has_no_blanks_at_line_ends() {
    for (text, want) in [
        ("**注意：**请备份", "<p><strong>注意：</strong>请备份</p>\n"),
        ("使用**“引号”**文字", "<p>使用<strong>“引号”</strong>文字</p>\n"),
        ("第一行\n第二行", "<p>第一行第二行</p>\n"),
        ("one\ntwo", "<p>one\ntwo</p>\n"),
        ("`**注意：**请`", "<p><code>**注意：**请</code></p>\n"),
        (
            "见https://example.com。",
            "<p>见<a href=\"https://example.com\" rel=\"nofollow noopener noreferrer ugc\">\
             https://example.com</a>。</p>\n",
        ),
    ] {
        assert_eq!(html(text), want, "{text}");
    }
}

#[test]
fn images_are_links_with_their_text_and_never_fetched() {
    for (text, want) in [
        (
            "![A \"b\"](https://e.org/x.png?a=1&b=2)",
            "<p><a class=\"md-image\" href=\"https://e.org/x.png?a=1&amp;b=2\" \
             rel=\"nofollow noopener noreferrer ugc\">[image: A &quot;b&quot;]</a></p>\n",
        ),
        ("![](x/local.png)", "<p></p>\n"),
        ("![alt](local.png)", "<p><span class=\"md-image\">alt</span></p>\n"),
        (
            "[![build](https://e.org/b.svg)](https://e.org/ci)",
            "<p><a href=\"https://e.org/ci\" rel=\"nofollow noopener noreferrer ugc\">\
             <span class=\"md-image\">build</span></a></p>\n",
        ),
    ] {
        assert_eq!(html(text), want, "{text}");
    }
    let context =
        Context { words: WORDS, source: Some("https://github.com/labring/sealos/tree/main/docs") };
    let resolved = sanitised("[a](../x.md) ![i](img/a.png)", context).html;
    assert!(resolved.contains("https://github.com/labring/sealos/blob/main/x.md"), "{resolved}");
    assert!(resolved.contains("https://github.com/labring/sealos/raw/main/docs/img/a.png"));
}

#[test]
fn a_plain_text_is_shown_as_it_is() {
    let rendered = render_plain("# no heading\n<script>\n");
    assert_eq!(rendered.html, "<pre class=\"plain\"># no heading\n&lt;script&gt;\n</pre>");
}

#[test]
fn known_attacks_leave_nothing_that_acts() {
    for attack in [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<img src=x onerror=alert(1)>",
        "<IMG SRC=\"jav&#x0A;ascript:alert('XSS');\">",
        "<img src=\"data:image/svg+xml;base64,PHN2Zz4=\">",
        "<img alt='\"><script>alert(1)</script>' src=https://e.org/x>",
        "<img alt='<pre><code class=\"language-sh\">' src=https://e.org/x>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\" &#14; javascript:alert(1)\">x</a>",
        "<a href=\"vbscript:x\">x</a>",
        "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        "<svg/onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<math><a xlink:href=\"javascript:alert(1)\">x</a></math>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<iframe src=//evil.example></iframe>",
        "<object data=x></object><embed src=x>",
        "<form action=/logout method=post><button>x</button><input type=text name=a></form>",
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content=\"0;url=//evil.example\">",
        "<link rel=stylesheet href=//evil.example>",
        "<style>body{display:none}</style>",
        "<p style=\"position:fixed\" class=\"hero\" id=\"main\">x</p>",
        "<div onclick=alert(1) ONMOUSEOVER=alert(1)>x</div>",
        "<details ontoggle=alert(1) open>x</details>",
        "<body onload=alert(1)>",
        "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
        "<picture><source srcset=\"javascript:alert(1)\"><img src=https://e.org/x></picture>",
        "```\"><script>alert(1)</script>\nx\n```",
        "<code class=\"language-rust evil\">x</code>",
        "<pre><code class=\"language-sh\"><img src=x onerror=alert(1)></code></pre>",
        "# x {#id .c onclick=alert(1)}",
        "# <img src=x onerror=alert(1)>",
        "| <script>alert(1)</script> |\n|---|\n| <b onclick=x>y</b> |",
        "<!--><script>alert(1)</script>-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?php <script>alert(1)</script> ?>",
        "<xmp><script>alert(1)</script></xmp>",
        "<template><script>alert(1)</script></template>",
        "<a href=\"https://e.org\" target=_blank rel=opener>x</a>",
        "[^a]\n\n[^a]: <script>alert(1)</script>",
        "$<script>alert(1)</script>$",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "\u{202e}<script>alert(1)</script>\u{202c}",
        "<a href=\"https://e.org\u{202e}gpj.exe\">x</a>",
        "<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
    ] {
        let rendered = render(attack, plain()).html;
        assert_eq!(active(&rendered), None, "{attack}\n{rendered}");
        assert!(!rendered.contains("<script"), "{attack}\n{rendered}");
    }
}

#[test]
fn heavy_texts_are_rendered_in_the_end() {
    let nested = (0..1000).fold(String::new(), |mut text, deep| {
        writeln!(text, "{}- x", " ".repeat(deep * 2)).unwrap();
        text
    });
    let quotes = format!("{}x", "> ".repeat(1000));
    let table = format!("|a|b|\n|-|-|\n{}", "|1|2|\n".repeat((1 << 20) / 6));
    let raw = "<div>".repeat(5000);
    let emphasis = "*a_ ".repeat(20_000);
    let brackets = "[".repeat(50_000);
    let broken = String::from_utf8_lossy(b"# a\xff\xfe\n\xc3(").into_owned();
    for text in [nested, quotes, table, raw, emphasis, brackets, broken] {
        let rendered = html(&text);
        assert_eq!(active(&rendered), None, "{}", text.chars().take(40).collect::<String>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_random_acts(parts in prop::collection::vec(fragment(), 0..24)) {
        let text: String = parts.concat();
        let rendered = html(&text);
        prop_assert_eq!(active(&rendered), None, "{}\n{}", text, rendered);
    }
}

/// Pieces that markup is made of, and anything else.
fn fragment() -> impl Strategy<Value = String> {
    let pieces = [
        "<",
        ">",
        "</",
        "\"",
        "'",
        "=",
        " ",
        "\n",
        "\n\n",
        "`",
        "```",
        "**",
        "[",
        "](",
        ")",
        "![",
        "<script>",
        "</script>",
        "<style>",
        "<svg>",
        "<math>",
        "<a href=",
        "<img src=",
        "onerror=",
        "javascript:",
        "data:",
        "style=",
        "<!--",
        "-->",
        "# ",
        "- ",
        "> ",
        "|",
        "|-|\n",
        "<table>",
        "<p id=",
        "<input ",
        "<details>",
        "&#x",
        "&lt;",
        "：",
        "注",
        "\u{202e}",
        "\u{0}",
    ];
    prop_oneof![
        4 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// The folder of real READMEs, or `None` with a word about it.
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let given = std::env::vars_os().find(|(key, _)| key == "HUB_CORPUS").map(|(_, dir)| dir.into());
    let folder: PathBuf = given.unwrap_or(beside);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::vars_os().any(|(key, value)| key == "CI" && value == "true");
    assert!(!required, "the corpus of READMEs is not at {}", folder.display());
    let mut words = String::new();
    writeln!(words, "skipped: HUB_CORPUS is not set and {} is no folder", folder.display())
        .unwrap();
    std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes()).unwrap();
    None
}

fn readmes(folder: &Path) -> Vec<PathBuf> {
    ["permissive", "gpl-3.0"]
        .iter()
        .filter_map(|half| std::fs::read_dir(folder.join(half).join("readme")).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn real_readmes_are_rendered_and_nothing_in_them_acts() {
    let Some(folder) = corpus() else { return };
    let files = readmes(&folder);
    assert!(files.len() > 1000, "only {} READMEs", files.len());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let text = std::fs::read_to_string(file).unwrap();
            let rendered = html(&text);
            assert_eq!(active(&rendered), None, "{}", file.display());
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
}

#[test]
fn highlighting_changes_no_text_of_real_readmes() {
    let Some(folder) = corpus() else { return };
    for file in readmes(&folder).iter().step_by(40) {
        let text = std::fs::read_to_string(file).unwrap();
        let before = html(&text);
        let after = highlight::blocks(&before);
        assert_eq!(active(&after), None, "{}", file.display());
        let text_of =
            |html: &str| Html::parse_fragment(html).root_element().text().collect::<String>();
        assert_eq!(text_of(&before), text_of(&after), "{}", file.display());
    }
}
