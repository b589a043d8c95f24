//! The pages in a real Chromium.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hub_tests::{free_port, program};
use serde_json::json;
use thirtyfour::{By, ChromiumLikeCapabilities, DesiredCapabilities, Key, WebDriver};

use super::forms;
use super::sample::{OWN_PAGES, PAGES, furnished, sample};

/// Chromium behind its driver, ended when this goes.
pub struct Browser {
    /// Drives it.
    pub driver: WebDriver,
    process: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one, or says aloud that there is none.
    pub async fn start() -> Option<Self> {
        let chromium = program("chromium")?;
        let port = free_port();
        let process = Command::new(program("chromedriver")?)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(chromium.to_str().unwrap()).unwrap();
        for arg in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &format!("--user-data-dir={}", profile.path().display()),
        ] {
            wanted.add_arg(arg).unwrap();
        }
        let address = format!("http://127.0.0.1:{port}");
        let begin = Instant::now();
        let driver = loop {
            match WebDriver::new(&address, wanted.clone()).await {
                Ok(driver) => break driver,
                Err(error) => assert!(begin.elapsed() < Duration::from_mins(1), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        Some(Self { driver, process, _profile: profile })
    }

    async fn number(&self, script: &str) -> i64 {
        let answer = self.driver.execute(script, Vec::new()).await.unwrap();
        answer.json().as_i64().unwrap_or_else(|| panic!("{script}: {:?}", answer.json()))
    }

    /// Shows pages as a telephone does; a window cannot be made so narrow.
    async fn narrow(&self, width: u32) {
        let screen = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": true});
        let command = "Emulation.setDeviceMetricsOverride";
        self.driver.cdp().send_raw(command, screen).await.unwrap();
    }

    /// Ends it.
    pub async fn quit(mut self) {
        let _ = self.driver.quit().await;
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_hostile_readme_runs_and_narrow_pages_do_not_scroll_sideways() {
    let Some(browser) = Browser::start().await else { return };
    let (hub, _) = sample().await;

    browser.driver.set_window_rect(0, 0, 1200, 900).await.unwrap();
    browser.driver.goto(format!("{}/r/alice/sample", hub.url)).await.unwrap();
    let hacked = browser.number("return window.hacked === undefined ? 0 : 1").await;
    assert_eq!(hacked, 0);
    let text = browser.driver.execute("return document.body.innerText", vec![]).await.unwrap();
    assert!(text.json().as_str().unwrap().contains("Keeps samples in order."));

    browser.narrow(360).await;
    for path in PAGES {
        browser.driver.goto(format!("{}{path}", hub.url)).await.unwrap();
        let over = browser.number("return document.documentElement.scrollWidth - innerWidth").await;
        assert!(over <= 0, "{path} is {over} pixels too wide at 360");
    }
    browser.quit().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_somebody_who_is_signed_in_do_not_scroll_sideways_in_either_language() {
    let Some(browser) = Browser::start().await else { return };
    let hub = furnished().await;
    let session = forms::Browser::of(&hub, "root").await.session();
    let (name, value) = session.split_once('=').unwrap();
    browser.driver.goto(format!("{}/login", hub.url)).await.unwrap();
    let cookie = thirtyfour::Cookie::new(name, value);
    browser.driver.add_cookie(cookie).await.unwrap();
    browser.narrow(360).await;
    for lang in ["en", "zh"] {
        for path in OWN_PAGES {
            let and = if path.contains('?') { '&' } else { '?' };
            browser.driver.goto(format!("{}{path}{and}lang={lang}", hub.url)).await.unwrap();
            let place = "return location.pathname.startsWith('/login') ? 1 : 0";
            assert_eq!(browser.number(place).await, 0, "{path} is shown");
            let over = "return document.documentElement.scrollWidth - innerWidth";
            let over = browser.number(over).await;
            assert!(over <= 0, "{path} in {lang} is {over} pixels too wide at 360");
            // Every field has a name for those who do not see it.
            let nameless = "return [...document.querySelectorAll('input,select,textarea')]\
                .filter(f => f.type !== 'hidden' && !f.labels.length && !f.ariaLabel).length";
            assert_eq!(browser.number(nameless).await, 0, "{path} has fields without a label");
        }
    }
    browser.quit().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_box_suggests_and_is_used_with_the_keyboard_alone() {
    let Some(browser) = Browser::start().await else { return };
    let (hub, _) = sample().await;
    hub.settle().await;
    let driver = &browser.driver;
    driver.goto(format!("{}/explore", hub.url)).await.unwrap();
    let body = driver.find(By::Tag("body")).await.unwrap();
    body.send_keys("/").await.unwrap();
    let active = driver.active_element().await.unwrap();
    assert_eq!(active.attr("name").await.unwrap().as_deref(), Some("q"), "`/` leads to the box");

    active.send_keys("sam").await.unwrap();
    let option = "return document.querySelectorAll('[role=option]').length";
    let begin = Instant::now();
    while browser.number(option).await == 0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "nothing is suggested");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(active.attr("aria-expanded").await.unwrap().as_deref(), Some("true"));
    active.send_keys(Key::Down).await.unwrap();
    let chosen = active.attr("aria-activedescendant").await.unwrap().expect("one is chosen");
    let chosen = driver.find(By::Id(&chosen)).await.unwrap();
    assert_eq!(chosen.attr("aria-selected").await.unwrap().as_deref(), Some("true"));
    assert_eq!(chosen.text().await.unwrap(), "alice/sample");
    active.send_keys(Key::Enter).await.unwrap();
    let there = "return location.pathname === '/r/alice/sample' ? 1 : 0";
    while browser.number(there).await == 0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "Enter leads to the image");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    browser.quit().await;
    hub.stop().await;
}
