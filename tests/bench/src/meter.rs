//! What the kernel knows about a server: the processor time it took and the memory it held.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks of `/proc/PID/stat` in a second: `USER_HZ`, 100 on every Linux that people run.
const TICKS: u64 = 100;

/// How often the meter looks whether a server has come to rest.
const LOOK: Duration = Duration::from_millis(60);

/// Most looks until it is taken as it is.
const LOOKS: usize = 50;

/// Looks without a tick that make a rest.
const QUIET: usize = 2;

/// A server's processes, those that it started included.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    pids: Vec<u32>,
}

impl Meter {
    /// The meter of a process and its children as they are now.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let mut pids = vec![pid];
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
            .with_context(|| format!("could not list the children of process {pid}"))?;
        for child in children.split_whitespace() {
            pids.push(child.parse()?);
        }
        Ok(Self { pids })
    }

    /// Processor time of all of them so far, user and system, in steps of 10 ms.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut ticks = 0;
        for pid in &self.pids {
            ticks += ticks_of(&read(*pid, "stat")?).context("could not read the ticks")?;
        }
        Ok(Duration::from_millis(ticks * 1000 / TICKS))
    }

    /// The same once they rest: what they do after the last answer is a part of its price.
    pub(crate) async fn cpu_at_rest(&self) -> Result<Duration> {
        let mut known = self.cpu()?;
        let mut quiet = 0;
        for _ in 0..LOOKS {
            tokio::time::sleep(LOOK).await;
            let now = self.cpu()?;
            quiet = if now == known { quiet + 1 } else { 0 };
            known = now;
            if quiet == QUIET {
                break;
            }
        }
        Ok(known)
    }

    /// Begins to look for a new peak of memory.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        for pid in &self.pids {
            fs::write(format!("/proc/{pid}/clear_refs"), "5")
                .with_context(|| format!("could not reset the peak of process {pid}"))?;
        }
        Ok(())
    }

    /// Most memory that they held since [`Meter::forget_peak`], in bytes.
    pub(crate) fn peak_bytes(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    /// Memory that they hold, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// The part of that which is not files that they look at, in bytes.
    pub(crate) fn anonymous_bytes(&self) -> Result<u64> {
        self.status("RssAnon:")
    }

    fn status(&self, field: &str) -> Result<u64> {
        let mut bytes = 0;
        for pid in &self.pids {
            let text = read(*pid, "status")?;
            bytes += kib_of(&text, field).with_context(|| format!("no {field} of {pid}"))? << 10;
        }
        Ok(bytes)
    }
}

fn read(pid: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .with_context(|| format!("process {pid} has ended"))
}

/// The fields `utime` and `stime`. The name of the program before them may hold anything.
fn ticks_of(stat: &str) -> Option<u64> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

fn kib_of(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Processor time of the calling thread so far, exact.
pub(crate) fn own_thread() -> Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")
        .context("could not read the time of a thread")?;
    let nanoseconds = text.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// Bytes of every file below a folder.
pub(crate) fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        // Files of uploads come and go.
        let Ok(about) = entry.metadata() else { continue };
        bytes += if about.is_dir() { folder_bytes(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}

/// Bytes that a disk has room for.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64> {
    let said = Command::new("df").args(["--output=avail", "--block-size=1"]).arg(folder).output();
    let said = said.context("could not start df")?.stdout;
    let text = String::from_utf8_lossy(&said);
    let bytes = text.lines().nth(1).context("df says nothing")?.trim().parse();
    bytes.context("df says no number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_does_not_confuse_the_meter() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 120 30 0 0 20 0 3 0 99";
        assert_eq!(ticks_of(stat), Some(150));
        assert_eq!(ticks_of("7 (a) S 1"), None);
        assert_eq!(kib_of("Name:\thub\nVmHWM:\t   2048 kB\n", "VmHWM:"), Some(2048));
    }

    #[test]
    fn a_folder_has_a_size_and_its_disk_has_room() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/file"), [1; 1000]).unwrap();
        fs::write(folder.path().join("file"), [1; 24]).unwrap();
        assert_eq!(folder_bytes(folder.path()).unwrap(), 1024);
        assert!(free_bytes(folder.path()).unwrap() > 0);
    }

    #[test]
    fn a_process_that_works_is_seen_to_work_and_to_hold_memory() {
        let meter = Meter::of(std::process::id()).unwrap();
        let (before, of_thread) = (meter.cpu().unwrap(), own_thread().unwrap());
        let mut sum = 0_u64;
        while meter.cpu().unwrap() < before + Duration::from_millis(20) {
            sum = (0..100_000_u64).fold(sum, |sum, n| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert!(own_thread().unwrap() > of_thread, "{sum}");
        meter.forget_peak().unwrap();
        let before = meter.peak_bytes().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(meter.peak_bytes().unwrap() >= before + held.len() as u64 / 2);
        assert!(meter.resident_bytes().unwrap() > 0);
    }
}
