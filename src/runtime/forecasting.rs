//! Forecasts: of open clocks in the order of their urgency, and of the periods they belong to.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::complying::{Reckoned, Reckoning, is_now};
use super::keeper::Carried;
use super::{ClockFilter, Engine, Sight, sight};
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::contract::AttainmentPromise;
use crate::domain::service::in_effect;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;
use crate::engine::compliance::{Compliance, PeriodAsked, Question, period_of};
use crate::engine::experience::entries_of;
use crate::engine::learning::{Learned, Turnout};
use crate::engine::outlook::{Outlook, WhatIf, outlook};
use crate::engine::period_outlook::{
    BudgetOutlook, Halfway, Past, PeriodOutlook, Weighing, forecast_attainment, months_of,
    past_dates,
};
use crate::engine::query::{Times, history, judge_under};
use crate::engine::refusal::Refusal;
use crate::engine::tally::{Dimension, day};
use crate::views::ViewsError;

const DAY: Span = Span::from_hours(24);
const WEEK: Span = Span::from_hours(7 * 24);

/// Which forecasts of clocks are wanted.
#[derive(Clone, Debug)]
pub struct ForecastAsked {
    /// The contract.
    pub contract_id: String,
    /// Only clocks due before this instant, or over their limits.
    pub due_before: Option<Instant>,
    /// Only clocks that breach with at least this probability.
    pub minimum_probability: f64,
    /// Only of one incident, if things became so.
    pub what_if: Option<WhatIf>,
}

impl Engine {
    /// Forecasts a contract's open clocks, the most urgent first, by everything recorded up to the
    /// sequence `settled`, and makes of each what the caller needs. Blocks.
    pub fn forecast_clocks<T>(
        &self,
        settled: u64,
        tenant: &str,
        wanted: &ForecastAsked,
        asked: (Option<Instant>, Option<Instant>),
        make: impl Fn(&Learned, &str, &Clock<'_>, &Outlook) -> T,
    ) -> Reckoned<(Sight, Vec<T>)> {
        let known = asked.1.unwrap_or(Instant::MAX);
        let contract = &wanted.contract_id;
        if self.memory.catalog(tenant).known(known).contract(contract).all().is_empty() {
            return Ok(Err(Refusal::ContractNotFound(contract.clone())));
        }
        let told = |learned: &Learned, incident: &str, clock: &Clock<'_>, outlook: &Outlook| {
            let is_wanted = outlook.forecast.breach_probability >= wanted.minimum_probability;
            is_wanted.then(|| make(learned, incident, clock, outlook))
        };
        match &wanted.what_if {
            Some(what_if) => self.forecast_if(settled, tenant, wanted, what_if, asked, told),
            None => {
                let index = self.keeper.index(settled)?;
                self.forecast_open(*index, tenant, wanted, asked, told).map(Ok)
            }
        }
    }

    /// The index must be held meanwhile.
    fn forecast_open<T>(
        &self,
        index: Carried,
        tenant: &str,
        wanted: &ForecastAsked,
        asked: (Option<Instant>, Option<Instant>),
        make: impl Fn(&Learned, &str, &Clock<'_>, &Outlook) -> Option<T>,
    ) -> Result<(Sight, Vec<T>), ViewsError> {
        let filter = ClockFilter {
            contract_id: wanted.contract_id.clone(),
            phases: vec![Phase::Running, Phase::Paused],
            due_before: wanted.due_before,
            ..ClockFilter::default()
        };
        let mut told = Vec::new();
        let (sight, _) = self.list_clocks_by(
            index,
            tenant,
            (&filter, usize::MAX),
            asked,
            None,
            |sight, catalog| {
                let (contract, known) = (&wanted.contract_id, sight.times.known);
                let learned = self.learned(sight.sequence, tenant, contract, known)?;
                Ok((sight, learned, catalog.clone()))
            },
            |(sight, learned, catalog), incident, clock, history| {
                let known = catalog.known(sight.times.known);
                let outlook = outlook(learned, clock, history, known, sight.times.as_of)?;
                make(learned, incident, clock, &outlook)
            },
            |found| {
                told.extend(found.made);
                true
            },
        )?;
        Ok((sight, told))
    }

    /// Forecasts one incident as it would be.
    fn forecast_if<T>(
        &self,
        settled: u64,
        tenant: &str,
        wanted: &ForecastAsked,
        what_if: &WhatIf,
        asked: (Option<Instant>, Option<Instant>),
        make: impl Fn(&Learned, &str, &Clock<'_>, &Outlook) -> Option<T>,
    ) -> Reckoned<(Sight, Vec<T>)> {
        let sight = {
            let index = self.keeper.index(settled)?;
            sight(index.sequence, index.record_time, asked.0, asked.1)
        };
        let incident = &what_if.incident_id;
        let ledger = self.listed_ledger(tenant, incident)?;
        if history(&ledger, sight.times).is_none() {
            return Ok(Err(Refusal::IncidentNotFound(incident.clone())));
        }
        let catalog = self.memory.catalog(tenant);
        let known = catalog.known(sight.times.known);
        let learned =
            self.learned(sight.sequence, tenant, &wanted.contract_id, sight.times.known)?;
        let thought_of = what_if.ledger(&ledger, sight.times);
        let times = Times { as_of: what_if.as_of(sight.times), ..sight.times };
        let Some(history) = history(&thought_of, times) else {
            return Ok(Err(Refusal::IncidentNotFound(incident.clone())));
        };
        let judgement = judge_under(&history, &wanted.contract_id, &known, times.as_of);
        let open = judgement.clocks.iter().filter(|clock| clock.is_open());
        let told = open.filter_map(|clock| {
            let outlook = outlook(&learned, clock, &history, known, times.as_of)?;
            make(&learned, incident, clock, &outlook)
        });
        Ok(Ok((Sight { times, ..sight }, told.collect())))
    }

    /// Forecasts how the objectives of a named period will end, and makes of it what the caller
    /// needs. Blocks.
    pub fn forecast_objectives<T>(
        &self,
        settled: u64,
        tenant: &str,
        (contract, period): (&str, &str),
        asked: (Option<Instant>, Option<Instant>),
        make: impl FnOnce(Sight, PeriodOutlook<'_>) -> T,
    ) -> Reckoned<T> {
        let open = ForecastAsked {
            contract_id: contract.to_owned(),
            due_before: None,
            minimum_probability: 0.0,
            what_if: None,
        };
        let weighing = |_: &Learned, incident: &str, clock: &Clock<'_>, outlook: &Outlook| {
            Some(Weighing::of(incident, clock, outlook))
        };
        let index = self.keeper.index(settled)?;
        let (seen, open) = self.forecast_open(*index, tenant, &open, asked, weighing)?;
        let catalog = self.memory.catalog(tenant);
        let known = catalog.known(seen.times.known);
        let question = Question {
            contract_id: contract.to_owned(),
            period: PeriodAsked::Named(period.to_owned()),
            group_by: Vec::new(),
        };
        let mut compliance = match Compliance::new(&question, known, &self.zones, seen.times) {
            Ok(compliance) => compliance,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let is_now = is_now(seen, index.record_time);
        let reckoning = Reckoning { engine: self, tenant, known, sight: seen, is_now };
        reckoning.reckon(std::slice::from_mut(&mut compliance))?;
        let outlook = reckoning.outlook(compliance, &open)?;
        Ok(Ok(make(seen, outlook)))
    }

    /// How a contract's forecasts had turned out, of one target or ("") all, and of the clocks
    /// decided in a period or ("") since ever; `None`: none is scored. Blocks.
    pub fn forecast_quality(
        &self,
        settled: u64,
        tenant: &str,
        (contract, target, period): (&str, &str, &str),
        asked: (Option<Instant>, Option<Instant>),
    ) -> Reckoned<(Sight, Option<Turnout>)> {
        let sight = {
            let index = self.keeper.index(settled)?;
            sight(index.sequence, index.record_time, asked.0, asked.1)
        };
        let catalog = self.memory.catalog(tenant);
        let known = catalog.known(sight.times.known);
        if known.contract(contract).all().is_empty() {
            return Ok(Err(Refusal::ContractNotFound(contract.to_owned())));
        }
        let months = match period {
            "" => None,
            name => {
                let asked = PeriodAsked::Named(name.to_owned());
                match period_of(&asked, contract, known, &self.zones) {
                    Ok(period) => known.zone(contract).map(|zone| months_of(&period, &zone)),
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
        };
        let learned = self.learned(sight.sequence, tenant, contract, sight.times.known)?;
        Ok(Ok((sight, learned.record.quality(target, months))))
    }
}

impl Reckoning<'_> {
    fn outlook<'c>(
        &self,
        compliance: Compliance<'c>,
        open: &[Weighing],
    ) -> Result<PeriodOutlook<'c>, ViewsError> {
        let as_of = self.sight.times.as_of;
        let mut attainments = BTreeMap::new();
        for attainment in &compliance.attainments {
            let (contract_id, promise) = (compliance.contract_id(), attainment.promise());
            let Some(zone) = self.known.zone(contract_id) else { continue };
            let past = self.past(contract_id, promise, &zone)?;
            let counts = &attainment.tally.contractual;
            let (decided, breached) = (counts.met + counts.breached, counts.breached);
            let end = attainment.period.end;
            let halfway = Halfway { contract_id, promise, as_of, end, decided, breached };
            let forecast = forecast_attainment(&halfway, open, &past, &self.known);
            attainments.insert(attainment.place, forecast);
        }
        let mut budgets = BTreeMap::new();
        for on in &compliance.on_services {
            let (Some(budget), Some(service)) = (on.budget(), on.objective.service()) else {
                continue;
            };
            let ledger =
                self.engine.memory.service_ledger(self.tenant, service, &self.engine.views)?;
            let events = in_effect(ledger.known(self.sight.times.known), as_of);
            let last = |length| on.last(length, &events, self.known, as_of);
            let (short, long) = (last(DAY), last(WEEK));
            budgets.insert(on.place, BudgetOutlook { budget, short, long });
        }
        Ok(PeriodOutlook { compliance, attainments, budgets })
    }

    /// How many of the clocks a promise covers were decided on each of the past days, and how many
    /// of them breached, by priority.
    fn past(
        &self,
        contract: &str,
        promise: &AttainmentPromise,
        zone: &Zone,
    ) -> Result<Past, ViewsError> {
        let mut past = Past::new();
        let dates = past_dates(zone, self.sight.times.as_of);
        let mut add = |priority: &str, date: NaiveDate, decided: u64, breached: u64| {
            if !past.contains_key(priority) {
                let none = dates.iter().map(|date| (*date, (0, 0)));
                past.insert(priority.to_owned(), none.collect());
            }
            if let Some(counts) = past.get_mut(priority).and_then(|days| days.get_mut(&date)) {
                counts.0 += decided;
                counts.1 += breached;
            }
        };
        match self.is_now {
            true => self.add_kept(contract, promise, &dates, &mut add)?,
            false => self.add_judged(contract, promise, zone, &mut add)?,
        }
        Ok(past)
    }

    fn add_kept(
        &self,
        contract: &str,
        promise: &AttainmentPromise,
        dates: &[NaiveDate],
        add: &mut impl FnMut(&str, NaiveDate, u64, u64),
    ) -> Result<(), ViewsError> {
        let views = &self.engine.views;
        for date in dates {
            let number = day(*date);
            for cell in views.cells(self.tenant, contract, Dimension::All, number..number + 1) {
                let ([_, target, priority], tally) = cell?;
                if promise.covers(&target, &priority) {
                    let counts = &tally.contractual;
                    add(&priority, *date, counts.met + counts.breached, counts.breached);
                }
            }
        }
        Ok(())
    }

    fn add_judged(
        &self,
        contract: &str,
        promise: &AttainmentPromise,
        zone: &Zone,
        add: &mut impl FnMut(&str, NaiveDate, u64, u64),
    ) -> Result<(), ViewsError> {
        let (known, as_of) = (self.known, self.sight.times.as_of);
        for incident in self.incidents(contract, (Instant::MIN, as_of))? {
            self.known(&incident, |history| {
                let judgement = judge_under(history, contract, &known, as_of);
                for entry in entries_of(history, &judgement, &known, as_of) {
                    let is_covered = promise.covers(entry.target_id, entry.priority);
                    let counted = entry.decide_time.filter(|_| is_covered && !entry.is_excluded);
                    if let Some(decided) = counted {
                        let is_breached = entry.verdict() != Outcome::Met;
                        let date = zone.local(decided).date();
                        add(entry.priority, date, 1, u64::from(is_breached));
                    }
                }
            })?;
        }
        Ok(())
    }
}
