//! The door itself: TLS, HTTP/2, proxies, connections that do not move.

mod proxies;
mod slow;
mod tls;
