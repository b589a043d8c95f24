//! The OCI registry, spoken to byte by byte.

mod access;
mod blobs;
mod conformance;
mod manifests;
mod replicas;
mod tags;
mod tokens;
mod uploads;
