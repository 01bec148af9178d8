//! Where posts come in.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use tokio::net::TcpListener;

use super::super::identity::{IdentitySettings, Tls};
use super::sources::Sources;
use crate::domain::zone::ZoneDatabase;

/// Where the intake listens, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeSettings {
    /// Its address.
    pub listen: SocketAddr,
    /// The file that names its sources.
    pub sources: PathBuf,
}

impl IntakeSettings {
    /// Reads the sources, with their mappings and secrets.
    ///
    /// # Errors
    /// What can't be used, by its source; or whoever connects could record what they like.
    pub(in crate::server) fn read(
        &self,
        identity: &IdentitySettings,
        zones: &ZoneDatabase,
    ) -> anyhow::Result<Sources> {
        let sources = Sources::load(&self.sources, zones)
            .with_context(|| format!("intake_sources: {}", self.sources.display()))?;
        if let Some(unsigned) = sources.unsigned() {
            identity.check_intake(self.listen, unsigned)?;
        }
        Ok(sources)
    }

    /// Reads them and listens, before anything is served.
    pub(in crate::server) async fn open(
        &self,
        identity: &IdentitySettings,
        zones: &ZoneDatabase,
    ) -> anyhow::Result<IntakeDoor> {
        let sources = self.read(identity, zones)?;
        let tls = identity.http1_tls()?;
        let listener = TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("intake_listen: can't listen on {}", self.listen))?;
        tracing::info!(address = %listener.local_addr()?, "intake");
        Ok(IntakeDoor { sources, tls, listener })
    }
}

/// Where posts come in.
pub(in crate::server) struct IntakeDoor {
    pub(super) sources: Sources,
    pub(super) tls: Option<Tls>,
    pub(super) listener: TcpListener,
}
