//! Which platform of an index is read.

use hub_model::Digest;

use crate::{ExtractError, ImageStore, Parsed, parse_manifest};

/// The architecture we run on, as images call it.
const OWN_ARCH: &str = if cfg!(target_arch = "x86_64") {
    "amd64"
} else if cfg!(target_arch = "aarch64") {
    "arm64"
} else if cfg!(target_arch = "riscv64") {
    "riscv64"
} else if cfg!(target_arch = "s390x") {
    "s390x"
} else {
    "unknown"
};

/// The preferred one among platforms (operating system, architecture): `linux/amd64`, else our
/// own architecture, else the first that is a platform, else the first.
pub(crate) fn choose(platforms: &[Option<(&str, &str)>]) -> Option<usize> {
    let find = |want: &dyn Fn(&str, &str) -> bool| {
        platforms.iter().position(|platform| platform.is_some_and(|(os, arch)| want(os, arch)))
    };
    find(&|os, arch| os == "linux" && arch == "amd64")
        .or_else(|| find(&|os, arch| os == "linux" && arch == OWN_ARCH))
        .or_else(|| find(&|_, _| true))
        .or_else(|| (!platforms.is_empty()).then_some(0))
}

/// A manifest of the store, read; `None` when it is not here or breaks a rule: then the image has
/// one platform less, which is no reason to lose the others.
pub(crate) fn load_manifest(
    digest: &Digest,
    store: &dyn ImageStore,
) -> Result<Option<Parsed>, ExtractError> {
    let found = store
        .manifest(digest)
        .map_err(|source| ExtractError::Store { digest: digest.clone(), source })?;
    Ok(found.and_then(|(media_type, bytes)| parse_manifest(&media_type, &bytes).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_amd64_comes_first_and_no_platform_last() {
        let (amd, arm) = (Some(("linux", "amd64")), Some(("linux", "arm64")));
        let windows = Some(("windows", "amd64"));
        assert_eq!(choose(&[arm, windows, amd]), Some(2));
        assert_eq!(choose(&[None, windows]), Some(1));
        assert_eq!(choose(&[None, None]), Some(0));
        assert_eq!(choose(&[]), None);
    }
}
