//! Where a run took place, and which programs took part.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use serde::Serialize;

/// What figures depend on.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// Cores that we may use.
    pub(crate) cores: usize,
    /// Model of the processor.
    pub(crate) processor: String,
    /// Memory, in MiB.
    pub(crate) memory_mib: u64,
    /// First line of what each program says about its version.
    pub(crate) versions: Vec<String>,
}

impl Machine {
    /// This one.
    pub(crate) fn here(hub: &Path) -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib = value(&meminfo, "MemTotal").and_then(|text| text.split(' ').next());
        let versions = [
            version(Command::new(hub).arg("--version")),
            version(Command::new("docker-registry").arg("--version")),
            version(Command::new("nginx").arg("-v")),
        ];
        Self {
            cores: available_parallelism().map_or(1, usize::from),
            processor: value(&cpuinfo, "model name").unwrap_or("unknown").to_owned(),
            memory_mib: kib.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) >> 10,
            versions: versions.into_iter().flatten().collect(),
        }
    }
}

/// The first value of a field.
fn value<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(field))?;
    Some(line.split_once(':')?.1.trim())
}

fn version(command: &mut Command) -> Option<String> {
    let said = command.output().ok()?;
    let text = if said.stdout.is_empty() { said.stderr } else { said.stdout };
    Some(String::from_utf8_lossy(&text).lines().next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_name() {
        let text = "processor\t: 0\nmodel name\t: A fast one\nmodel name\t: Another\n";
        assert_eq!(value(text, "model name"), Some("A fast one"));
        assert_eq!(value(text, "flags"), None);
    }
}
