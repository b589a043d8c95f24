//! READMEs and pictures that would like to run something, in a real browser.

use hub_oci::ImageBuilder;
use hub_tests::TestHub;
use serde_json::json;

use crate::web::browser::Browser;

/// Every trick is one README.
const TRICKS: [&str; 24] = [
    "<script>window.hacked=1</script>",
    "<ScRiPt src=//127.0.0.1:1/x.js></sCrIpT>",
    "<img src=x onerror=window.hacked=1>",
    "<svg onload=window.hacked=1><animate onbegin=window.hacked=1></svg>",
    "<svg><script>window.hacked=1</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hacked=1>",
    "<details open ontoggle=window.hacked=1>x</details>",
    "<a href=javascript:window.hacked=1>x</a>",
    "[x](javascript:window.hacked=1) [y](JaVaScRiPt&#58;window.hacked=1)",
    "[x](data:text/html;base64,PHNjcmlwdD5wYXJlbnQuaGFja2VkPTE8L3NjcmlwdD4=)",
    "![x](javascript:window.hacked=1)",
    "<iframe src=javascript:parent.hacked=1></iframe><iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<object data=javascript:window.hacked=1></object><embed src=javascript:window.hacked=1>",
    "<form action=/logout method=post><button autofocus onfocus=window.hacked=1>x</button></form>",
    "<base href=//127.0.0.1:1/><link rel=stylesheet href=//127.0.0.1:1/x.css>",
    "<meta http-equiv=refresh content='0;url=//127.0.0.1:1/'>",
    "<style>@import '//127.0.0.1:1/x.css';body{display:none}</style>",
    "<p style='background:url(//127.0.0.1:1/x)'>x</p>",
    "<input autofocus onfocus=window.hacked=1><video><source onerror=window.hacked=1></video>",
    "<noscript><p title='</noscript><img src=x onerror=window.hacked=1>'>",
    "<template><script>window.hacked=1</script></template><marquee onstart=window.hacked=1>x</marquee>",
    "<div id=hub-search name=body><a id=body><a id=body name=firstElementChild></div>",
    "```html\"><script>window.hacked=1</script>\nx\n```",
    "<!--><img src=x onerror=window.hacked=1>--> <![CDATA[<script>window.hacked=1</script>]]>",
];

/// A picture that is a program.
const ICON: &str = "<svg xmlns='http://www.w3.org/2000/svg' onload='window.hacked=1'>\
    <script>window.hacked=1</script><image href='//127.0.0.1:1/x'/><foreignObject>\
    <body xmlns='http://www.w3.org/1999/xhtml' onload='window.hacked=1'/></foreignObject></svg>";

/// Collects what the policy of the page had to stop, and tells it from what ran.
const WATCH: &str = "window.stopped = []; document.addEventListener('securitypolicyviolation', \
    e => window.stopped.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_hostile_readme_or_picture_runs_or_even_tries_to() {
    let Some(browser) = Browser::start().await else { return };
    let hub = TestHub::start().await;
    let mallory = hub.person("mallory").await;
    for (number, trick) in TRICKS.iter().enumerate() {
        let readme = format!("# Trick {number}\n\n{trick}\n\nThe end of {number}.\n");
        let image = ImageBuilder::new().layer([("README.md", readme)]).build();
        mallory.push_image(&format!("mallory/trick{number}:v1"), &image).await;
        let icon = json!({"icon": {"mediaType": "image/svg+xml", "data": base64(ICON)}});
        let path = format!("/api/v1/repos/mallory/trick{number}/-/tags/v1/detail");
        let (status, said) = mallory.send(reqwest::Method::PATCH, &path, &icon).await;
        assert_eq!(status, reqwest::StatusCode::OK, "{said}");
    }
    hub.settle().await;

    let source = json!({"source": WATCH});
    browser.driver.cdp().send_raw("Page.enable", json!({})).await.unwrap();
    browser.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", source).await.unwrap();
    for (number, trick) in TRICKS.iter().enumerate() {
        for path in [
            format!("/r/mallory/trick{number}"),
            format!("/r/mallory/trick{number}/-/tags/v1"),
            format!("/r/mallory/trick{number}/-/readme/v1.md"),
            format!("/r/mallory/trick{number}/-/icon"),
        ] {
            browser.driver.goto(format!("{}{path}", hub.url)).await.unwrap();
            let script = "return JSON.stringify([window.hacked ?? 0, window.stopped ?? [], \
                          location.pathname, document.body?.innerText ?? ''])";
            let seen = browser.driver.execute(script, vec![]).await.unwrap();
            let seen: (i64, Vec<String>, String, String) =
                serde_json::from_str(seen.json().as_str().unwrap()).unwrap();
            assert_eq!(seen.0, 0, "{path} ran {trick}");
            assert_eq!(seen.1, Vec::<String>::new(), "{path} tried {trick}");
            assert_eq!(seen.2, path, "{path} went elsewhere");
            if path == format!("/r/mallory/trick{number}") {
                let whole = seen.3.contains(&format!("The end of {number}."));
                let swallowed = matches!(number, 5 | 16 | 19 | 20);
                assert!(whole || swallowed, "{path} lost its end: {}", seen.3);
            }
        }
    }
    browser.quit().await;
    hub.stop().await;
}

fn base64(text: &str) -> String {
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text)
}
