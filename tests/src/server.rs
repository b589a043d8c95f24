//! The real `hub-server` as a process, for what only a process can show.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::{PASSWORD, TestTls, binary, plain_client};

/// A `hub-server serve` on a free port. It is ended when this goes.
#[derive(Debug)]
pub struct Server {
    /// Address without a slash at its end.
    pub url: String,
    child: Child,
    log: Arc<Mutex<String>>,
}

/// A port that was free a moment ago.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs `hub-server init` for the administrator `admin`.
#[must_use]
pub fn init(data: &Path) -> Output {
    init_with(data, &[])
}

pub(crate) fn init_with(data: &Path, more: &[String]) -> Output {
    let mut child = Command::new(binary("hub-server"))
        .args(["init", "--admin", "admin", "--admin-password-stdin", "--data"])
        .arg(data)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

impl Server {
    /// Serves a data folder and waits until `/readyz` says yes.
    pub async fn serve(data: &Path) -> Self {
        let mut server = Self::begin(data, &[]);
        server.wait_until_ready().await;
        server
    }

    /// Serves a data folder over TLS; the certificate is read again only when somebody says so.
    pub async fn serve_tls(data: &Path, tls: &TestTls) -> Self {
        let settings = data.with_extension("toml");
        std::fs::write(&settings, "[listen]\ntls_reload_seconds = 86400\n").unwrap();
        let files = [("--config", settings), ("--tls-cert", tls.cert()), ("--tls-key", tls.key())];
        let more = files.map(|(flag, path)| [flag.to_owned(), path.display().to_string()]);
        let mut server = Self::begin(data, &more.concat());
        server.url = server.url.replacen("http", "https", 1);
        server.wait_until_answering(tls.trusted(hub_registry_client::http::builder())).await;
        server
    }

    /// Serves a data folder with settings of its own, as a file would say them.
    pub async fn serve_with(data: &Path, settings: &str) -> Self {
        let file = data.with_extension("toml");
        std::fs::write(&file, settings).unwrap();
        let more = ["--config".to_owned(), file.display().to_string()];
        let mut server = Self::begin(data, &more);
        server.wait_until_ready().await;
        server
    }

    /// Begins to serve a data folder with further arguments, and waits for nothing.
    pub(crate) fn begin(data: &Path, more: &[String]) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let child = Command::new(binary("hub-server"))
            .args(["serve", "--listen", &listen, "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { url: format!("http://{listen}"), child, log: Arc::default() }
    }

    pub(crate) async fn wait_until_ready(&mut self) {
        self.wait_until_answering(plain_client()).await;
    }

    async fn wait_until_answering(&mut self, client: reqwest::ClientBuilder) {
        let client = client.build().unwrap();
        let ready = format!("{}/readyz", self.url);
        let begin = Instant::now();
        loop {
            if client.get(&ready).send().await.is_ok_and(|answer| answer.status() == 200) {
                break;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {}", self.said());
            assert!(begin.elapsed() < Duration::from_secs(30), "the server never became ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Somebody must read what it says, or it blocks on a full pipe.
        let lines = BufReader::new(self.child.stderr.take().unwrap()).lines();
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = log.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
    }

    /// What it wrote to stderr since it was ready.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn said(&mut self) -> String {
        let stderr = self.child.stderr.take().unwrap();
        BufReader::new(stderr).lines().map_while(Result::ok).collect::<Vec<_>>().join("\n")
    }

    /// Id of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it with SIGTERM and answers its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().unwrap().code()
    }

    /// Sends it SIGHUP.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
