//! Who makes a call, and what they may do.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tonic::{Request, Status};

use super::requests::OfTenant;
use super::scope::Scope;
use super::status;

/// The tenants an identity holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenants {
    /// Every tenant, also those to come: written `*`.
    All,
    /// These.
    Listed(BTreeSet<String>),
}

impl Tenants {
    /// The tenants of a list of ids, of which `*` means every one.
    pub fn listed(ids: impl IntoIterator<Item = String>) -> Tenants {
        let ids: BTreeSet<String> = ids.into_iter().collect();
        match ids.contains("*") {
            true => Tenants::All,
            false => Tenants::Listed(ids),
        }
    }

    fn hold(&self, tenant: &str) -> bool {
        match self {
            Tenants::All => true,
            Tenants::Listed(ids) => ids.contains(tenant),
        }
    }
}

/// Somebody, or some program, that credentials name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerIdentity {
    name: String,
    tenants: Tenants,
    scopes: BTreeSet<Scope>,
}

impl CallerIdentity {
    /// An identity.
    ///
    /// # Errors
    /// When it would operate the server and hold only some tenants: a backup holds them all.
    pub fn new(
        name: String,
        tenants: Tenants,
        scopes: BTreeSet<Scope>,
    ) -> Result<CallerIdentity, &'static str> {
        let has_some = matches!(&tenants, Tenants::Listed(ids) if !ids.is_empty());
        match has_some && scopes.contains(&Scope::Operate) {
            true => {
                Err("the scope operate reaches every tenant: give it to an identity that holds \
                 the tenant \"*\" or none")
            }
            false => Ok(CallerIdentity { name, tenants, scopes }),
        }
    }

    /// Whoever connects, where no identities are set up: it has no name and may do everything.
    pub fn anybody() -> CallerIdentity {
        CallerIdentity { name: String::new(), tenants: Tenants::All, scopes: Scope::ALL.into() }
    }

    /// Its name; empty: anybody's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has a scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// What a call turned out to be about, for the audit log.
#[derive(Debug, Default)]
pub struct CallNotes {
    tenant: OnceLock<String>,
    refused_tenant: OnceLock<String>,
    has_decided: AtomicBool,
}

impl CallNotes {
    /// The tenant that the call names: one that was refused rather than another.
    pub fn tenant(&self) -> Option<&str> {
        self.refused_tenant.get().or_else(|| self.tenant.get()).map(String::as_str)
    }

    /// Whether it hands in what somebody decided or attributed.
    pub fn has_decided(&self) -> bool {
        self.has_decided.load(Ordering::Relaxed)
    }
}

/// Who makes a call, whose method needs `scope`. The server puts it beside each request.
#[derive(Clone, Debug)]
pub struct Caller {
    identity: Arc<CallerIdentity>,
    scope: Scope,
    notes: Arc<CallNotes>,
}

impl Caller {
    /// The caller of a method that needs `scope`, which the identity has.
    pub fn new(identity: Arc<CallerIdentity>, scope: Scope) -> Caller {
        Caller { identity, scope, notes: Arc::default() }
    }

    /// What the call turns out to be about.
    pub fn notes(&self) -> Arc<CallNotes> {
        Arc::clone(&self.notes)
    }

    /// Whether it may record facts of a tenant, by the scope it was let in with.
    pub fn may_record_of(&self, tenant: &str) -> bool {
        self.scope == Scope::Record && self.check_tenant(tenant).is_ok()
    }

    /// The name of the identity; empty: anybody's.
    pub(super) fn name(&self) -> &str {
        self.identity.name()
    }

    /// Who recorded what somebody decided or attributed, which the call hands in; `None`: anybody.
    pub fn decides(&self) -> Option<Box<str>> {
        self.notes.has_decided.store(true, Ordering::Relaxed);
        Some(self.name()).filter(|name| !name.is_empty()).map(Box::from)
    }

    /// The caller that the server put beside a request.
    pub(super) fn of<R>(request: &Request<R>) -> Result<Caller, Status> {
        let caller = request.extensions().get::<Caller>().cloned();
        caller.ok_or_else(|| status::defect("nobody looked who makes this call"))
    }

    /// Refuses tenants that the identity does not hold: before anything is looked up, and in the
    /// words in which a missing scope is refused.
    pub(super) fn check_tenant(&self, tenant: &str) -> Result<(), Status> {
        if !self.identity.tenants.hold(tenant) {
            let _ = self.notes.refused_tenant.set(tenant.to_owned());
            return Err(status::denied(self.scope));
        }
        let _ = self.notes.tenant.set(tenant.to_owned());
        Ok(())
    }
}

/// Lets a call in if its caller may make it.
pub(super) fn admit<R: OfTenant>(request: &Request<R>) -> Result<Caller, Status> {
    let caller = Caller::of(request)?;
    caller.check_tenant(request.get_ref().tenant())?;
    Ok(caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(tenants: &[&str], scopes: &[Scope]) -> Result<CallerIdentity, &'static str> {
        let tenants = Tenants::listed(tenants.iter().map(|id| (*id).to_owned()));
        CallerIdentity::new("it".to_owned(), tenants, scopes.iter().copied().collect())
    }

    #[test]
    fn who_operates_holds_every_tenant_or_none() {
        assert!(identity(&["a"], &[Scope::Read, Scope::Operate]).is_err());
        assert!(identity(&[], &[Scope::Operate]).is_ok());
        assert!(identity(&["*"], &[Scope::Operate, Scope::Read]).is_ok());
    }

    #[test]
    fn no_scope_comes_with_another() {
        for scope in Scope::ALL {
            let only = identity(&["*"], &[scope]).unwrap();
            for other in Scope::ALL {
                assert_eq!(only.has(other), other == scope);
            }
            assert_eq!(Scope::of_word(scope.word()), Some(scope));
        }
        assert_eq!(Scope::of_word("*"), None);
    }

    #[test]
    fn a_tenant_is_held_by_its_whole_id_alone() {
        let holds = |ids: &[&str], tenant: &str| {
            Tenants::listed(ids.iter().map(|id| (*id).to_owned())).hold(tenant)
        };
        assert!(holds(&["a", "b"], "b") && holds(&["*"], "anything"));
        for other in ["", "ab", "A", "a ", "*"] {
            assert!(!holds(&["a", "b"], other), "{other:?}");
        }
    }
}
