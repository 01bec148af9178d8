//! Where browsers come in.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;

use super::super::identity::{IdentitySettings, Tls, is_local};
use super::origin::Hosts;
use super::site::Site;

/// Where browsers come in.
pub(in crate::server) struct WebDoor {
    pub(super) site: Site,
    pub(super) hosts: Hosts,
    pub(super) tls: Option<Tls>,
    pub(super) listener: TcpListener,
}

impl WebDoor {
    /// Listens, before anything is served.
    ///
    /// # Errors
    /// The address can't be listened on, or the files of TLS can't be used.
    pub async fn open(listen: SocketAddr, identity: &IdentitySettings) -> anyhow::Result<WebDoor> {
        let site = Site::open().context("web_listen: the page can't be packed")?;
        let tls = identity.http1_tls()?;
        let hosts = match identity.identities {
            None if is_local(listen) => Hosts::ThisMachine,
            _ => Hosts::Any,
        };
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("web_listen: can't listen on {listen}"))?;
        tracing::info!(address = %listener.local_addr()?, "board");
        Ok(WebDoor { site, hosts, tls, listener })
    }
}
