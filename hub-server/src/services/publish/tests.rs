//! What publishing promises.
