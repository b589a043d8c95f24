//! Real clients against the hub: buildah, skopeo, podman, umoci, oras, python-dxf.

mod buildah;
mod credentials;
mod oras;
mod podman;
mod resumed;
mod round_trips;
mod skopeo;
mod workshop;
