//! Who calls: TLS, credentials, what identities may do, and the audit log.

mod access;
mod audit;
mod audited;
mod certificates;
mod follow;
mod gate;
mod identities;
mod jwt;
mod keys;
mod posts;
mod signatures;
mod tls;
mod tokens;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};

pub use access::Grant;
pub use audit::AuditSink;
pub use tls::TlsFiles;
pub use tokens::{NewToken, TokenEntry};

use audit::AuditLog;
pub(super) use audited::quoted;
pub(super) use gate::Gate;
use identities::Identities;
pub(super) use posts::{Post, PostLetIn, PostRefused};
pub(super) use tls::{Protocol, Tls, shake_hands};

/// How a server knows who calls.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// The files of TLS; none: plaintext.
    pub tls: Option<TlsFiles>,
    /// The identities file; none: whoever connects may do everything.
    pub identities: Option<PathBuf>,
    /// Whether a server without identities may listen beyond this machine.
    pub is_insecure: bool,
    /// Where the audit log goes.
    pub audit: AuditSink,
}

/// What a server listens with.
pub(super) struct Security {
    pub gate: Gate,
    pub tls: Option<Tls>,
}

impl IdentitySettings {
    /// Checks that nobody is let in by oversight on an address.
    ///
    /// # Errors
    /// When the address is beyond this machine and there are no identities.
    pub fn check(&self, listen: SocketAddr) -> anyhow::Result<()> {
        if !is_local(listen) && self.identities.is_none() && !self.is_insecure {
            bail!(
                "{listen} is open to other machines, and without identities whoever connects may \
                 read and change everything of every tenant. Make a token (slx token new) and \
                 name its file with --identities FILE; or listen on 127.0.0.1; or, on a network \
                 where everybody may do everything, pass --insecure-no-identity"
            );
        }
        Ok(())
    }

    /// Logs what others could do or read on the way.
    pub fn warn(&self, listen: SocketAddr) {
        match &self.identities {
            _ if is_local(listen) => {}
            None => tracing::warn!(
                %listen,
                "NO IDENTITY IS CHECKED: whoever connects may read and change everything"
            ),
            Some(_) if self.tls.is_none() => tracing::warn!(
                %listen,
                "without TLS, tokens and answers travel in plaintext: set tls_certificate and \
                 tls_key, unless a proxy in front ends TLS"
            ),
            Some(_) => {}
        }
    }

    /// Reads the files.
    pub(super) fn open(self) -> anyhow::Result<Security> {
        let audit = AuditLog::open(self.audit.clone())
            .with_context(|| format!("the audit log can't be opened: {:?}", self.audit))?;
        let identities = self
            .identities
            .map(|path| follow::follow("the identities", move || Identities::load(&path)));
        let gate = Gate::new(identities.transpose()?, Arc::new(audit));
        let tls = self.tls.map(|files| tls::open(files, Protocol::Http2)).transpose()?;
        Ok(Security { gate, tls })
    }

    /// The TLS of listeners whose clients speak HTTP/1.1.
    pub(super) fn http1_tls(&self) -> anyhow::Result<Option<Tls>> {
        self.tls.clone().map(|files| tls::open(files, Protocol::Http1)).transpose()
    }

    /// Checks that nobody posts to an intake by oversight, of which a source takes what is not
    /// signed.
    ///
    /// # Errors
    /// When its address is beyond this machine and there are no identities.
    pub(super) fn check_intake(&self, listen: SocketAddr, unsigned: &str) -> anyhow::Result<()> {
        if !is_local(listen) && self.identities.is_none() && !self.is_insecure {
            bail!(
                "intake_listen {listen} is open to other machines, and without identities whoever \
                 connects may record what they like by source {unsigned:?}. Give it a signature, \
                 or name who may call with --identities FILE"
            );
        }
        Ok(())
    }
}

/// Whether nobody on another machine can connect.
pub(super) fn is_local(listen: SocketAddr) -> bool {
    listen.ip().to_canonical().is_loopback()
}
