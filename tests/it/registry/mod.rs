//! The OCI registry, spoken to byte by byte.

mod access;
mod blobs;
mod conformance;
mod limits;
mod manifests;
mod quotas;
mod replicas;
mod tags;
mod tokens;
mod uploads;
