//! The result of folding does not depend on how often it was interrupted and resumed.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::domain::ids::TenantId;
use crate::domain::incident::{Fact, IncidentEvent};
use crate::domain::service::ServiceFact;
use crate::domain::time::Instant;
use crate::engine::action::{Action, Signature};
use crate::engine::record::TermsEntry;

static ZONES: LazyLock<ZoneDatabase> = LazyLock::new(ZoneDatabase::bundled);
const TENANTS: [&str; 2] = ["acme", "other"];

/// Every ledger.
#[derive(Debug, Default, PartialEq)]
struct AllLedgers {
    incidents: IncidentLedgers,
    services: BTreeMap<(TenantId, String), Ledger<ServiceEvent>>,
}

impl LedgerStore for AllLedgers {
    type Error = Infallible;

    fn incident(&mut self, tenant: &TenantId, id: &str) -> Result<Option<&mut Ledger>, Infallible> {
        self.incidents.incident(tenant, id)
    }

    fn service(
        &mut self,
        tenant: &TenantId,
        service: &str,
    ) -> Result<Option<&mut Ledger<ServiceEvent>>, Infallible> {
        Ok(Some(self.services.entry((tenant.clone(), service.to_owned())).or_default()))
    }
}

fn at(sequence: u64) -> Instant {
    Instant::from_seconds(sequence as i64).unwrap()
}

fn incident_event(id: String, event_id: String) -> Entry {
    Entry::IncidentEvent(IncidentEvent {
        recorded_by: None,
        event_id,
        incident_id: id,
        occur_time: at(0),
        occur_order: 0,
        source: String::new(),
        corrects_event_id: String::new(),
        fact: Fact::Responded,
    })
}

fn service_event(service: String, event_id: String) -> Entry {
    let fact = ServiceFact::OutageStarted(String::new());
    let (occur_time, source) = (at(0), String::new());
    Entry::ServiceEvent(ServiceEvent {
        recorded_by: None,
        event_id,
        service,
        occur_time,
        occur_order: 0,
        source,
        fact,
    })
}

fn signature(id: String) -> Entry {
    Entry::Action(Action::ReviewSigned(Signature {
        id,
        contract_id: "contract".into(),
        period: "2026-01".into(),
        signed_by: String::new(),
        note: String::new(),
        as_of: at(0),
        known: at(0),
        recorded_by: String::new(),
    }))
}

fn entries() -> impl Strategy<Value = Entry> {
    let end = |contract_id| TermsEntry::ContractEnd { contract_id, end_time: at(9) };
    prop_oneof![
        4 => ("[AB]", "[0-9]").prop_map(|(id, event_id)| incident_event(id, event_id)),
        2 => ("[AB]", "[0-9]").prop_map(|(service, event_id)| service_event(service, event_id)),
        1 => "[AB]".prop_map(move |contract_id| Entry::Terms(end(contract_id))),
        1 => "[0-9]".prop_map(signature),
        1 => Just(Entry::Lost),
    ]
}

fn journals() -> impl Strategy<Value = Vec<Recorded<Record>>> {
    let record = (prop::sample::select(TENANTS.to_vec()), entries());
    prop::collection::vec(record, 0..40).prop_map(|records| {
        let place = |(place, (tenant, entry)): (u64, (&str, Entry))| Recorded {
            sequence: place,
            record_time: at(place),
            value: Record { tenant: tenant.into(), entry },
        };
        (1..).zip(records).map(place).collect()
    })
}

fn fold(state: &mut State, ledgers: &mut AllLedgers, records: &[Recorded<Record>]) {
    for recorded in records {
        let Ok(()) = state.apply(recorded.clone(), ledgers);
    }
}

fn folded(records: &[Recorded<Record>]) -> (State, AllLedgers) {
    let (mut state, mut ledgers) = (State::new(ZONES.clone()), AllLedgers::default());
    fold(&mut state, &mut ledgers, records);
    (state, ledgers)
}

fn terms(state: &State, tenant: &TenantId) -> String {
    format!("{:?}", state.catalog(tenant))
}

proptest! {
    #[test]
    fn folding_on_from_ledgers_that_are_ahead_gives_what_folding_anew_does(
        journal in journals(),
        cuts in any::<[prop::sample::Index; 2]>(),
    ) {
        let mut cuts = cuts.map(|cut| cut.index(journal.len() + 1));
        cuts.sort_unstable();
        let [applied, ahead] = cuts;
        let (mut state, _) = folded(&journal[..applied]);
        let (_, mut ledgers) = folded(&journal[..ahead]);
        fold(&mut state, &mut ledgers, &journal[applied..]);
        let (anew, ledgers_anew) = folded(&journal);
        prop_assert_eq!(ledgers, ledgers_anew);
        for tenant in &TENANTS.map(TenantId::from) {
            prop_assert_eq!(state.actions(tenant), anew.actions(tenant));
            prop_assert_eq!(terms(&state, tenant), terms(&anew, tenant));
        }
    }

    #[test]
    fn a_tenant_is_folded_as_though_there_were_no_other(journal in journals()) {
        let (all, ledgers) = folded(&journal);
        for tenant in &TENANTS.map(TenantId::from) {
            let its_own: Vec<_> =
                journal.iter().filter(|r| r.value.tenant == *tenant).cloned().collect();
            let (alone, ledgers_alone) = folded(&its_own);
            prop_assert_eq!(all.actions(tenant), alone.actions(tenant));
            prop_assert_eq!(terms(&all, tenant), terms(&alone, tenant));
            let of_tenant = ledgers.incidents.iter().filter(|((of, _), _)| of == tenant);
            prop_assert!(of_tenant.eq(ledgers_alone.incidents.iter()));
            let of_tenant = ledgers.services.iter().filter(|((of, _), _)| of == tenant);
            prop_assert!(of_tenant.eq(ledgers_alone.services.iter()));
        }
    }
}
