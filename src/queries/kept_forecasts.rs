//! Forecasts of clocks whose incidents are kept: in the order in which they are due, each made as
//! it is taken, so that they are never all in memory.

use super::clocks::FoundClock;
use super::open_clocks::{ForecastQuery, ForecastsHead, OpenClocks, Take, filter};
use super::open_incidents::{GatheredIncidents, KeptPlace};
use super::outlooks::Outlooks;
use super::{QueryError, ReadView};
use crate::domain::clock::Clock;
use crate::domain::time::Instant;
use crate::engine::answers::outlook::Outlook;
use crate::engine::learning::Learned;

/// The clocks of incidents as they are kept, of which a caller makes something.
pub(super) struct KeptClocks<'k, M> {
    pub view: &'k ReadView<'k>,
    pub wanted: &'k ForecastQuery,
    pub make: M,
}

/// Where a clock is found that is to be forecast: there are very many of them.
enum ForecastPlace<'k, T> {
    /// Among those of an incident that is kept.
    Kept(KeptPlace<'k>),
    /// It was evaluated by itself.
    Made(Box<FoundClock<T>>),
}

impl<T> ForecastPlace<'_, T> {
    /// When it is due: those due first are listed first.
    fn due(&self) -> Instant {
        match self {
            ForecastPlace::Kept(kept) => kept.due,
            ForecastPlace::Made(found) => found.mark.time,
        }
    }

    /// Its place among those due at once.
    fn id(&self) -> Option<(&str, &str, u32)> {
        match self {
            ForecastPlace::Kept(kept) => kept.id(),
            ForecastPlace::Made(found) => {
                let clock = &found.mark.clock;
                Some((&clock.incident_id, &clock.target_id, clock.cycle))
            }
        }
    }
}

impl<M> KeptClocks<'_, M> {
    /// Forecasts them, the most urgent first, one after another as they are taken.
    pub fn list<T>(
        self,
        kept: GatheredIncidents,
        take: &mut Take<'_, T>,
    ) -> Result<ForecastsHead, QueryError>
    where
        M: Fn(&Learned, &str, &Clock<'_>, Outlook) -> Option<T>,
    {
        let KeptClocks { view, wanted, make } = self;
        let outlooks = Outlooks::of_contract(view, &wanted.contract_id)?;
        let apart = OpenClocks::of_incidents(wanted, kept.apart().iter().cloned());
        let apart = apart.list(view, wanted, &make)?;
        let kept = kept.evaluate(view)?;
        let (known, as_of) = (view.known(), view.times().as_of);
        let (contract, now) = (wanted.contract_id.as_str(), (&known, as_of));
        let filter = filter(wanted);
        let mut long_breached = 0;
        let mut found = Vec::new();
        for one in apart {
            match one.made {
                Some(made) => {
                    found.push(ForecastPlace::Made(Box::new(FoundClock { mark: one.mark, made })));
                }
                None => long_breached += 1,
            }
        }
        let clocks = kept.clocks(contract, &known, |clock| {
            let is_left_out = filter.wants(clock) && wanted.leaves_out(clock, as_of);
            long_breached += u64::from(is_left_out);
            filter.wants(clock) && !is_left_out
        });
        found.extend(clocks.into_iter().map(ForecastPlace::Kept));
        found.sort_unstable_by(|a, b| a.due().cmp(&b.due()).then_with(|| a.id().cmp(&b.id())));
        let head = ForecastsHead { point: view.point(), long_breached };
        for found in found {
            let made = match found {
                ForecastPlace::Made(found) => Some(found.made),
                ForecastPlace::Kept(KeptPlace { incident, place, .. }) => {
                    view.check_wanted()?;
                    let Some(clock) = incident.clock(place, contract, now) else { continue };
                    let outlook = outlooks.of_features(&clock, &incident.features())?;
                    let id = incident.incident_id();
                    outlook.and_then(|(learned, outlook)| make(&learned, id, &clock, outlook))
                }
            };
            if made.is_some_and(|made| !take(&head, made)) {
                break;
            }
        }
        Ok(head)
    }
}
