//! Who gets what, everywhere: every route asked by everybody who could ask, and attacks.

mod attacks;
mod document;
mod hub_api;
mod pages;
mod registry;
mod stage;
mod table;
