//! The web pages: as HTML without a browser, and in a real one.

mod accounts;
pub mod browser;
pub mod forms;
mod oidc;
mod orgs;
mod pages;
mod sample;
mod shares;
