//! How the periods of a contract's groups stood at an instant, by what had occurred by then.

use std::collections::BTreeMap;

use super::outcomes::{DayCounts, Decided, Group, Outcomes, count, decided};
use super::tested::Test;
use crate::domain::compliance::{Period, entries};
use crate::domain::contract::AttainmentPromise;
use crate::domain::forecast::IncidentFeatures;
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::domain::zone::Zone;
use crate::engine::answers::outlook::forecast_of;
use crate::engine::answers::period_outlook::OpenClockForecast;
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_under;
use crate::engine::fold::Learned;
use crate::engine::occurred::OccurredIncidents;
use crate::engine::snapshot::{hours, is_undecided, noon_of_business};

/// The decided and open clocks at a noon.
#[derive(Debug, Default)]
pub(super) struct Stand {
    /// What was decided by then of incidents that went on afterwards.
    going_on: Vec<Decided>,
    /// The open clocks of each group.
    pub open: BTreeMap<Group, Vec<OpenClockForecast>>,
    /// Whether some open clock has service hours on this day.
    pub is_business: bool,
}

/// An instant of a test, and what was learnt by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtNoon<'t> {
    pub test: Test<'t>,
    pub noon: Instant,
    pub learned: &'t Learned,
    pub known: &'t Known<'t>,
    pub zone: &'t Zone,
}

impl AtNoon<'_> {
    /// How it stood. Only incidents that went on afterwards must be evaluated as of then.
    pub fn stand(
        &self,
        incidents: &OccurredIncidents,
        promises: &[(&str, &AttainmentPromise)],
        outcomes: &mut Outcomes,
    ) -> Stand {
        let mut stand = Stand::default();
        for (id, ledger) in &incidents.0 {
            let has_begun = ledger.events.iter().any(|fact| fact.record_time <= self.noon);
            let goes_on = outcomes.changed.get(id).is_some_and(|last| *last >= self.noon);
            if has_begun && goes_on {
                let history = History::fold(&ledger.events, self.noon);
                self.add(id, &history, promises, outcomes, &mut stand);
            }
        }
        stand
    }

    fn add(
        &self,
        incident: &str,
        history: &History<'_>,
        promises: &[(&str, &AttainmentPromise)],
        outcomes: &mut Outcomes,
        stand: &mut Stand,
    ) {
        let evaluated = evaluate_under(history, self.test.contract_id, self.known, self.noon);
        let entries = entries(&evaluated, &history.state(self.noon), &[]);
        let Some(first) = entries.first() else { return };
        let groups = outcomes.groups.of(first);
        stand.going_on.extend(entries.iter().filter_map(|e| decided(e, promises, groups)));
        for clock in evaluated.clocks.iter().filter(|clock| is_undecided(clock)) {
            let features = IncidentFeatures::up_to(history, self.noon);
            let expected = features.and_then(|features| {
                forecast_of(self.learned, clock, features, *self.known, self.noon)
            });
            let Some(expected) = expected else { continue };
            let open = OpenClockForecast::of(incident, clock, &expected);
            for group in groups {
                stand.open.entry(group).or_default().push(open.clone());
            }
            let today = self.zone.local(self.noon).date();
            let hours = hours(clock, self.known);
            stand.is_business |=
                hours.is_some_and(|hours| noon_of_business(today, self.zone, hours).is_some());
        }
    }
}

impl Stand {
    /// What was decided by a noon of a period, by group and promise.
    pub fn decided(
        &self,
        period: &Period,
        noon: Instant,
        outcomes: &Outcomes,
    ) -> BTreeMap<(Group, usize), DayCounts> {
        let over = outcomes.decided.iter().filter(|(_, changed)| *changed < noon);
        let by_noon = over.map(|(decided, _)| decided).chain(&self.going_on);
        let mut counts = BTreeMap::<_, DayCounts>::new();
        for decided in by_noon.filter(|of| period.start <= of.time && of.time <= noon) {
            for promise in &decided.promises {
                for group in decided.groups {
                    count(counts.entry((group, *promise)).or_default(), decided.is_breached);
                }
            }
        }
        counts
    }
}
