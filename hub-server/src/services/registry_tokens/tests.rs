//! What registry tokens promise.
