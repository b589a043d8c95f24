//! The door itself: one listener, with TLS or without, and the limits of every connection.

mod connection;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;

use crate::App;
use crate::http::Door;

use connection::Limited;
pub use tls::{Tls, TlsError};

/// How often a quiet HTTP/2 connection is asked whether its other end is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How long the other end may take to say so.
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(20);

/// Streams that one HTTP/2 connection may hold open at a time. Source: RFC 9113, 6.5.2, which
/// recommends no less.
const STREAMS: u32 = 100;

/// Serves `door` on `listener` until `handle` says stop. HTTP/1.1 and HTTP/2, the latter also
/// without TLS by prior knowledge.
///
/// # Errors
///
/// When the listener cannot be used.
pub(crate) fn serve(
    app: &App,
    listener: TcpListener,
    handle: Handle<SocketAddr>,
    (tls, door): (Option<&Tls>, Door),
) -> io::Result<()> {
    let listen = &app.config.listen;
    let limits = Limited::new(listen);
    let mut server = axum_server::from_tcp(listener)?.handle(handle);
    shape(&mut server, Duration::from_secs(listen.header_timeout_seconds), listen.max_header_bytes);
    let service = tower::service_fn(move |peer: SocketAddr| {
        std::future::ready(Ok::<_, Infallible>(door.for_peer(peer)))
    });
    // Two branches for two types of connection.
    match tls {
        None => {
            let server = server.acceptor(limits.around(NoDelayAcceptor));
            app.spawn(async move { ended(server.serve(service).await) });
        }
        Some(tls) => {
            let handshake = Duration::from_secs(listen.header_timeout_seconds);
            let acceptor = RustlsAcceptor::new(tls.config())
                .handshake_timeout(handshake)
                .acceptor(NoDelayAcceptor);
            let server = server.acceptor(limits.around(acceptor));
            app.spawn(async move { ended(server.serve(service).await) });
        }
    }
    Ok(())
}

fn shape(server: &mut Server<SocketAddr>, head: Duration, max_header_bytes: u32) {
    let builder = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(KEEP_ALIVE))
        .keep_alive_timeout(KEEP_ALIVE_ANSWER)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(max_header_bytes);
}

fn ended(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn std::error::Error, "the server ended");
    }
}
