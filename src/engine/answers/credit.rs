//! Service credits of a contract's period: the periods they depend on, each under the revision that
//! governed it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::objective::{Attainment, ExperienceResult, OnService, Ruling, ServiceResult};
use super::ruled::KnownContract;
use crate::domain::compliance::attainment::{Verdict, is_worse};
use crate::domain::compliance::credit::{EvaluatedPeriod, Line, ObjectiveVerdict, Statement};
use crate::domain::compliance::{LocalDays, Period, credit};
use crate::domain::contract::{Contract, Credits, PeriodKind};
use crate::domain::time::Instant;

/// A period whose missed objectives are credited, with its objectives.
#[derive(Debug)]
pub struct Credited<'c> {
    /// The period.
    pub period: Period,
    /// The contract as the revision words it that governed the period.
    pub contract: &'c Contract,
    /// The number of that revision.
    pub contract_revision: u32,
    /// The credited objectives on attainment whose periods are of this kind.
    pub attainments: Vec<Attainment<'c>>,
    /// The credited objectives on experience.
    pub experiences: Vec<ExperienceResult<'c>>,
    /// The credited objectives on services.
    pub on_services: Vec<OnService<'c>>,
    credits: &'c Credits,
    first_day: NaiveDate,
    kind: PeriodKind,
    months: u32,
}

impl<'c> Credited<'c> {
    /// A period with the objectives that are credited in it; `None`: nothing is, or the contract is
    /// not in force in it.
    fn new(contract: &KnownContract<'_, 'c>, kind: PeriodKind, period: Period) -> Option<Self> {
        contract.known.life(contract.id)?.touches(&period).then_some(())?;
        let ruling = contract.ruling(&period)?;
        let (content, credits) = (&ruling.content, ruling.content.terms.credits.as_ref()?);
        let objectives = content.terms.objectives.iter();
        let credited = objectives.filter(|o| o.period == kind && credits.rule(&o.id).is_some());
        let rulings = credited.map(|o| Ruling::new(o, ruling.number, period.clone()));
        let rulings: Vec<_> = rulings.flat_map(|ruling| contract.parts(ruling)).collect();
        Some(Credited {
            attainments: rulings.iter().filter_map(Attainment::of).collect(),
            experiences: rulings.iter().filter_map(|o| ExperienceResult::of(o, content)).collect(),
            on_services: rulings.iter().filter_map(OnService::of).collect(),
            first_day: contract.days.date(period.start),
            months: kind.months()?,
            period,
            contract: content,
            contract_revision: ruling.number,
            credits,
            kind,
        })
    }

    /// Whether an objective is credited in it.
    fn is_anything_credited(&self) -> bool {
        let on_clocks = self.attainments.len() + self.experiences.len();
        on_clocks + self.on_services.len() > 0
    }

    fn evaluated(&self, as_of: Instant) -> EvaluatedPeriod<'c> {
        // An objective without a result has no data.
        let nothing = ObjectiveVerdict { verdict: Verdict::NoData, reached: None };
        let objectives = self.contract.terms.objectives.iter().filter(|o| o.period == self.kind);
        let mut results: BTreeMap<_, _> = objectives.map(|o| (o.id.as_str(), nothing)).collect();
        for attainment in &self.attainments {
            let result = attainment.result(as_of);
            let stood = ObjectiveVerdict { verdict: result.verdict, reached: result.attainment };
            keep_worse(&mut results, &attainment.objective.id, stood);
        }
        for experience in &self.experiences {
            let stood = ObjectiveVerdict { verdict: experience.verdict(as_of), reached: None };
            keep_worse(&mut results, &experience.objective.id, stood);
        }
        for on_service in &self.on_services {
            let result = on_service.result.as_ref().map(ServiceResult::verdict);
            if let Some((verdict, reached)) = result {
                let stood = ObjectiveVerdict { verdict, reached };
                keep_worse(&mut results, &on_service.objective.id, stood);
            }
        }
        EvaluatedPeriod {
            first_day: self.first_day,
            months: self.months,
            currency: &self.contract.currency,
            credits: self.credits,
            results,
        }
    }
}

/// Notes how an objective stood over a part of its period: the worst part decides.
fn keep_worse<'c>(
    results: &mut BTreeMap<&'c str, ObjectiveVerdict>,
    id: &'c str,
    stood: ObjectiveVerdict,
) {
    let kept = results.entry(id).or_insert(stood);
    if is_worse((stood.verdict, stood.reached), (kept.verdict, kept.reached)) {
        *kept = stood;
    }
}

/// The periods that the credits of a period depend on, beginning with it. Empty when nothing is
/// credited, or when it is no month, quarter or year.
fn credited<'c>(contract: &KnownContract<'_, 'c>, period: &Period) -> Vec<Credited<'c>> {
    let whole = whole(period, contract.days);
    let now = whole.and_then(|(kind, named)| Credited::new(contract, kind, named));
    let Some(now) = now else { return Vec::new() };
    let (kind, does_earn_back) =
        (now.kind, now.credits.rules.iter().any(|r| r.earn_back.is_some()));
    let mut needed = (now.credits.repeats() as usize).max(usize::from(does_earn_back));
    let mut found = vec![now];
    while let Some(newest) = found.last().filter(|_| found.len() <= needed) {
        let Ok(before) = newest.period.before(kind, contract.days) else { break };
        let Some(before) = Credited::new(contract, kind, before) else { break };
        if found.len() == 1 && does_earn_back {
            // What goes back is the credit of the period before, with the periods it depends on.
            needed = needed.max(1 + before.credits.repeats() as usize);
        }
        found.push(before);
    }
    found
}

/// What the credits of a period depend on, and those of the periods within it.
#[derive(Debug)]
pub struct CreditedPeriods<'c> {
    /// The periods that the credits of the period depend on, beginning with it. Empty when nothing
    /// is credited.
    pub own: Vec<Credited<'c>>,
    /// The same of each whole month, quarter and year within it that has begun and in which
    /// anything is credited, in the order they end; empty unless they are wanted.
    pub contained: Vec<Vec<Credited<'c>>>,
}

impl<'c> CreditedPeriods<'c> {
    /// Those of a period.
    pub(super) fn of(
        contract: &KnownContract<'_, 'c>,
        period: &Period,
        with_contained: bool,
    ) -> CreditedPeriods<'c> {
        let within = contract.contained(period).into_iter().filter(|_| with_contained);
        let contained = within.map(|within| credited(contract, &within));
        let has_lines =
            |found: &Vec<Credited<'c>>| found.first().is_some_and(|now| now.is_anything_credited());
        CreditedPeriods {
            own: credited(contract, period),
            contained: contained.filter(has_lines).collect(),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Credited<'c>> {
        self.own.iter().chain(self.contained.iter().flatten())
    }

    /// All of them.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Credited<'c>> {
        self.own.iter_mut().chain(self.contained.iter_mut().flatten())
    }

    /// The statement of the period, if anything is credited in it.
    pub fn statement(&self, as_of: Instant) -> Option<CreditStatement<'c>> {
        credit_statement(&self.own, as_of)
    }

    /// The statements of the periods within it, in the order they end.
    pub fn contained_statements(&self, as_of: Instant) -> Vec<CreditStatement<'c>> {
        self.contained.iter().filter_map(|within| credit_statement(within, as_of)).collect()
    }
}

/// What statements come to together, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditTotal<'c> {
    /// The ISO 4217 code of the currency.
    pub currency: &'c str,
    /// The sum of their totals, in minor units.
    pub total: i64,
    /// Whether one of them can still change.
    pub is_provisional: bool,
}

/// The sums of statements, one for each currency, in the order of first mention.
pub fn totals<'s, 'c: 's>(
    statements: impl Iterator<Item = &'s CreditStatement<'c>>,
) -> Vec<CreditTotal<'c>> {
    let mut found: Vec<CreditTotal<'c>> = Vec::new();
    for CreditStatement { currency, total, is_provisional, .. } in statements {
        match found.iter_mut().find(|sum| sum.currency == *currency) {
            Some(sum) => {
                sum.total = sum.total.saturating_add(*total);
                sum.is_provisional |= is_provisional;
            }
            None => {
                found.push(CreditTotal { currency, total: *total, is_provisional: *is_provisional })
            }
        }
    }
    found
}

/// The month, quarter or year with the same start and end as a period, and its kind.
pub(super) fn whole(period: &Period, days: &LocalDays) -> Option<(PeriodKind, Period)> {
    let kinds = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];
    let around = |kind| Some((kind, Period::around(kind, period.start, days).ok()?));
    let mut found = kinds.into_iter().filter_map(around);
    found.find(|(_, whole)| (whole.start, whole.end) == (period.start, period.end))
}

/// The statement of the first of these periods; `None` when there are none.
pub fn statement<'c>(credited: &[Credited<'c>], as_of: Instant) -> Option<Statement<'c>> {
    let evaluated: Vec<_> = credited.iter().map(|period| period.evaluated(as_of)).collect();
    credit::statement(&evaluated)
}

/// The service credits of a period, with what is needed to report them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditStatement<'c> {
    /// The period.
    pub period: Period,
    /// The number of the contract revision whose credit terms rule it.
    pub contract_revision: u32,
    /// The ISO 4217 code of the amounts' currency.
    pub currency: &'c str,
    /// The lines, each with the period whose credit it is.
    pub lines: Vec<(Line<'c>, Option<Period>)>,
    /// The most that the credits of the period may come to, in minor units.
    pub cap: i64,
    /// The sum of the lines, in minor units.
    pub total: i64,
    /// Whether the period goes on, so that the amounts are those so far.
    pub is_provisional: bool,
}

/// The statement of the first of these periods, if anything is credited.
pub fn credit_statement<'c>(
    credited: &[Credited<'c>],
    as_of: Instant,
) -> Option<CreditStatement<'c>> {
    let (now, statement) = (credited.first()?, statement(credited, as_of)?);
    let period = |line: &Line<'c>| credited.get(line.ago).map(|credited| credited.period.clone());
    let lines = statement.lines.into_iter().map(|line| {
        let period = period(&line);
        (line, period)
    });
    Some(CreditStatement {
        period: now.period.clone(),
        contract_revision: now.contract_revision,
        currency: &now.contract.currency,
        lines: lines.collect(),
        cap: statement.cap,
        total: statement.total,
        is_provisional: as_of < now.period.end,
    })
}
