//! Real clients against the hub: buildah, skopeo, podman, oras.

mod buildah;
mod oras;
mod podman;
mod skopeo;
mod workshop;
