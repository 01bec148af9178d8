//! The periods that the credits of a period depend on, each under the revision that governed it,
//! with its fee.

use chrono::{Months, NaiveDate};

use crate::domain::compliance::credit::{MonthFee, month_fee, period_fee};
use crate::domain::compliance::{ContractLife, LocalDays, Period};
use crate::domain::contract::{Contract, Credits, PeriodKind, Revision};
use crate::domain::time::{Instant, Span};
use crate::engine::answers::objective::{Attainment, ExperienceResult, OnService, Ruling};
use crate::engine::answers::ruled::KnownContract;
use crate::engine::period::last_instant;

/// A period whose missed objectives are credited, with its objectives.
#[derive(Debug)]
pub struct Credited<'c> {
    /// The period.
    pub period: Period,
    /// The contract as the revision words it that governed the period.
    pub contract: &'c Contract,
    /// The number of that revision.
    pub contract_revision: u32,
    /// The credited objectives on attainment that are credited in it.
    pub attainments: Vec<Attainment<'c>>,
    /// Those on experience.
    pub experiences: Vec<ExperienceResult<'c>>,
    /// Those on services.
    pub on_services: Vec<OnService<'c>>,
    /// What each of its months costs.
    pub fees: Vec<MonthFee>,
    pub(super) kind: PeriodKind,
    pub(super) credits: &'c Credits,
    pub(super) first_day: NaiveDate,
    /// The first local date after it.
    pub(super) next_day: NaiveDate,
    /// The periods that have a cap and that it ends in, with their fees.
    pub(super) within: Vec<(PeriodKind, Period, Option<i64>)>,
}

impl<'c> Credited<'c> {
    /// The same without incidents, and without services.
    pub(super) fn part(&self) -> Credited<'c> {
        Credited {
            period: self.period.clone(),
            attainments: self.attainments.iter().map(Attainment::part).collect(),
            experiences: self.experiences.iter().map(ExperienceResult::part).collect(),
            on_services: Vec::new(),
            fees: Vec::new(),
            within: Vec::new(),
            ..*self
        }
    }

    /// Its fee; `None`: it is not known yet.
    pub(super) fn fee(&self) -> Option<i64> {
        period_fee(&self.fees)
    }

    /// Its end and length: what comes first is stated first.
    pub(super) fn place(&self) -> (Instant, Option<u32>) {
        (self.period.end, self.kind.months())
    }
}

/// The periods that the credits of a period depend on, beginning with it. Empty when nothing is
/// credited, when it is no month, quarter or year, or when the contract is not in force in it.
pub fn credited<'c>(contract: &KnownContract<'_, 'c>, period: &Period) -> Vec<Credited<'c>> {
    let Some(life) = contract.known.life(contract.id) else { return Vec::new() };
    let words = Words { contract, life };
    let Some((kind, named)) = whole(period, contract.days) else { return Vec::new() };
    let since = words.capped_since(kind, &named);
    let mut found = words.row(kind, named.clone(), since);
    if let (Some(since), false) = (since, found.is_empty()) {
        for other in PeriodKind::OF_CALENDAR.into_iter().filter(|other| *other != kind) {
            let newest = words.newest_before(other, (named.end, kind.months()), named.start);
            if let Some(newest) = newest.filter(|newest| newest.start >= since) {
                found.extend(words.row(other, newest, Some(since)));
            }
        }
    }
    found
}

/// The month, quarter or year with the same start and end as a period, and its kind.
pub fn whole(period: &Period, days: &LocalDays) -> Option<(PeriodKind, Period)> {
    let around = |kind| Some((kind, Period::around(kind, period.start, days).ok()?));
    let mut found = PeriodKind::OF_CALENDAR.into_iter().filter_map(around);
    found.find(|(_, whole)| (whole.start, whole.end) == (period.start, period.end))
}

/// A contract's words, and when it is in force.
struct Words<'w, 'd, 'c> {
    contract: &'w KnownContract<'d, 'c>,
    life: ContractLife,
}

impl<'c> Words<'_, '_, 'c> {
    /// The revision that rules a period; `None`: the contract is not in force in it.
    fn ruling(&self, period: &Period) -> Option<&'c Revision<Contract>> {
        self.contract.ruling(period).filter(|_| self.life.touches(period))
    }

    /// Consecutive periods of a kind, the newest first: those that begin at or after `since`, and
    /// as many before them as their credits depend on. Without `since`, those of the newest alone.
    fn row(&self, kind: PeriodKind, newest: Period, since: Option<Instant>) -> Vec<Credited<'c>> {
        let mut found: Vec<Credited<'c>> = Vec::new();
        let (mut next, mut left, mut goes_back) = (Some(newest), 0_u32, true);
        while let Some(period) = next.take() {
            let is_stated = found.is_empty() || since.is_some_and(|since| period.start >= since);
            if !is_stated && !goes_back && left == 0 {
                break;
            }
            let Some(credited) = self.credited(kind, period) else { break };
            left = left.saturating_sub(1);
            if is_stated || goes_back {
                // What goes back is a credit, with the periods it depends on.
                left = left.max(credited.credits.repeats());
            }
            goes_back = is_stated && credited.credits.earns_back();
            next = credited.period.before(kind, self.contract.days).ok();
            found.push(credited);
        }
        found
    }

    /// The newest period of a kind that is stated before another one, which ends and lasts as
    /// `place` says and begins at `start`.
    fn newest_before(
        &self,
        kind: PeriodKind,
        place: (Instant, Option<u32>),
        start: Instant,
    ) -> Option<Period> {
        let last = place.0.checked_add(-Span::from_nanos(1)).unwrap_or(start);
        let around = Period::around(kind, last, self.contract.days).ok()?;
        match (around.end, kind.months()) < place {
            true => Some(around),
            false => around.before(kind, self.contract.days).ok(),
        }
    }

    /// From when on statements are needed for the caps of periods; `None`: there are none.
    fn capped_since(&self, kind: PeriodKind, period: &Period) -> Option<Instant> {
        let credits = self.ruling(period)?.content.terms.credits.as_ref()?;
        let before = period.before(kind, self.contract.days).ok().filter(|_| credits.earns_back());
        let before = before.and_then(|before| {
            let credits = self.ruling(&before)?.content.terms.credits.as_ref()?;
            Some(self.capping(kind, &before, credits))
        });
        let within = self.capping(kind, period, credits).into_iter();
        within.chain(before.unwrap_or_default()).map(|(_, period)| period.start).min()
    }

    /// The periods that have a cap and that a period of a kind ends in: itself, or longer ones.
    fn capping(
        &self,
        kind: PeriodKind,
        period: &Period,
        credits: &Credits,
    ) -> Vec<(PeriodKind, Period)> {
        let capped = credits.caps.iter().map(|cap| cap.kind);
        capped
            .filter(|capped| capped.months() >= kind.months())
            .filter_map(|kind| {
                Some((kind, Period::around(kind, period.start, self.contract.days).ok()?))
            })
            .collect()
    }

    fn credited(&self, kind: PeriodKind, period: Period) -> Option<Credited<'c>> {
        let ruling = self.ruling(&period)?;
        let (contract, credits) = (&ruling.content, ruling.content.terms.credits.as_ref()?);
        let rulings = self.rulings(kind, &period, ruling, credits);
        let within = self.capping(kind, &period, credits).into_iter().map(|(kind, within)| {
            let fee = period_fee(&self.fees(kind, &within, contract, credits));
            (kind, within, fee)
        });
        Some(Credited {
            attainments: rulings.iter().filter_map(Attainment::of).collect(),
            experiences: rulings.iter().filter_map(|o| ExperienceResult::of(o, contract)).collect(),
            on_services: rulings.iter().filter_map(OnService::of).collect(),
            fees: self.fees(kind, &period, contract, credits),
            within: within.collect(),
            first_day: self.contract.days.date(period.start),
            next_day: self.contract.days.date(period.end),
            period,
            contract,
            contract_revision: ruling.number,
            credits,
            kind,
        })
    }

    /// The objectives that are credited in a period, each with the period it is evaluated over:
    /// that one or, for rolling days, those that end with its last day, or with today's.
    fn rulings(
        &self,
        kind: PeriodKind,
        period: &Period,
        ruling: &'c Revision<Contract>,
        credits: &Credits,
    ) -> Vec<Ruling<'c>> {
        let objectives = ruling.content.terms.objectives.iter();
        let ruled = objectives.filter_map(|objective| {
            let rule = credits.rule(&objective.id)?;
            if rule.credited_in(objective) != kind {
                return None;
            }
            let over = match objective.period {
                PeriodKind::RollingDays(_) => {
                    let last = last_instant(period, self.contract.as_of);
                    Period::around(objective.period, last, self.contract.days).ok()?
                }
                _ => period.clone(),
            };
            Some(Ruling::new(objective, ruling.number, over))
        });
        ruled.flat_map(|ruling| self.contract.parts(ruling)).collect()
    }

    /// What each month of a period costs, by the words that govern the month; where those name no
    /// fee, or one in other money, by those of the period.
    fn fees(
        &self,
        kind: PeriodKind,
        period: &Period,
        contract: &'c Contract,
        credits: &'c Credits,
    ) -> Vec<MonthFee> {
        let first = self.contract.days.date(period.start);
        let months = (0..kind.months().unwrap_or_default())
            .filter_map(|month| first.checked_add_months(Months::new(month)));
        let fee = |first_day: NaiveDate| {
            let name = first_day.format("%Y-%m").to_string();
            let month = Period::named(&name, self.contract.days).ok()?;
            let ruling = self.ruling(&month).map(|ruling| &ruling.content);
            let ruling = ruling.filter(|own| own.currency == contract.currency);
            let own = ruling.and_then(|own| own.terms.credits.as_ref());
            let days = self.life.days_in_force(&month, self.contract.days);
            Some(month_fee(&own.unwrap_or(credits).fee, first_day, days))
        };
        months.filter_map(fee).collect()
    }
}
