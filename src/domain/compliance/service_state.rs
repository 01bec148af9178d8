//! When services were down, degraded or in planned maintenance: each by its own facts, and several
//! together as an objective counts them.

use super::outages::Outage;
use crate::domain::contract::DownWhen;
use crate::domain::intervals::Intervals;
use crate::domain::service::{ServiceEvent, ServiceFact};
use crate::domain::time::Span;

/// When a service, or several together, were not simply up. What has not ended has no end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServiceState {
    /// When it was down, also in planned maintenance.
    pub down: Intervals,
    /// When it worked worse, also while it was down or in planned maintenance.
    pub degraded: Intervals,
    /// When it was in planned maintenance.
    pub planned: Intervals,
}

impl ServiceState {
    /// The state of a service by those of its outages that count, and its planned maintenance.
    pub fn of<'o, 'e: 'o>(
        service: &str,
        outages: impl Iterator<Item = &'o Outage<'e>> + Clone,
        events: &[&ServiceEvent],
        notice: Span,
    ) -> ServiceState {
        let lasting = |is_degradation: bool| {
            let its = outages.clone().filter(|outage| outage.service == service);
            let its = its.filter(|outage| outage.is_degradation == is_degradation);
            Intervals::union(its.map(|outage| (outage.start, outage.end)))
        };
        let its = events.iter().filter(|event| event.service == service);
        let planned = its.filter_map(|event| match event.fact {
            ServiceFact::MaintenanceScheduled { start, end, announced } => {
                // Announced before it began, and long enough before.
                (announced < start && start.since(announced) >= notice).then_some((start, end))
            }
            _ => None,
        });
        ServiceState {
            down: lasting(false),
            degraded: lasting(true),
            planned: Intervals::union(planned),
        }
    }

    /// The state of several services together.
    ///
    /// - `Any`: they are down while one is, outside its own planned maintenance.
    /// - `All`: they are down while each is down or in planned maintenance, and one is down. Only
    ///   while all are in planned maintenance at once, they are in it together.
    pub fn together(states: &[ServiceState], when: DownWhen) -> ServiceState {
        let any = |part: &dyn Fn(&ServiceState) -> Intervals| {
            states.iter().map(part).reduce(|one, other| one.with(&other)).unwrap_or_default()
        };
        let all = |part: &dyn Fn(&ServiceState) -> Intervals| {
            states.iter().map(part).reduce(|one, other| one.both(&other)).unwrap_or_default()
        };
        let (down, degraded) = (any(&|state| state.down.clone()), any(&|s| s.degraded.clone()));
        match when {
            DownWhen::Any => {
                let unplanned =
                    any(&|state| state.down.with(&state.degraded).without(&state.planned));
                let planned = any(&|state| state.planned.clone()).without(&unplanned);
                ServiceState { down, degraded, planned }
            }
            DownWhen::All => ServiceState {
                down: down.both(&all(&|state| state.down.with(&state.planned))),
                degraded: degraded
                    .both(&all(&|state| state.down.with(&state.planned).with(&state.degraded))),
                planned: all(&|state| state.planned.clone()),
            },
        }
    }
}
