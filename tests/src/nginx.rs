//! A real nginx in front of a hub.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::program;

/// An nginx that runs until this goes.
#[derive(Debug)]
pub struct Nginx(Child);

impl Nginx {
    /// Starts one with the inside of a `server` block, and its files in `folder`; when nginx is
    /// not installed the test says so aloud and ends.
    #[must_use]
    pub fn start(folder: &Path, server: &str) -> Option<Self> {
        let nginx = program("nginx")?;
        let at = folder.display();
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;
             events {{}}
             http {{
               access_log off;
               client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;
               fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
               server {{
                 client_max_body_size 0;
                 {server}
               }}
             }}"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(nginx);
        command.arg("-p").arg(folder).arg("-c").arg(file);
        Some(Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
