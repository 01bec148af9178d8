//! Service credits of a contract's period: the periods they depend on, each under the revision that
//! governed it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::objective::{Attainment, ExperienceResult, OnService, Ruling};
use super::service_objective::ServiceResult;
use crate::domain::compliance::attainment::Verdict;
use crate::domain::compliance::credit::{EvaluatedPeriod, Line, ObjectiveVerdict, Statement};
use crate::domain::compliance::{Period, credit};
use crate::domain::contract::{Contract, Credits, Effective, PeriodKind, Revision};
use crate::domain::time::Instant;
use crate::domain::zone::Zone;
use crate::engine::period::last_instant;

/// A period whose missed objectives are credited, with its objectives.
#[derive(Debug)]
pub struct Credited<'c> {
    /// The period.
    pub period: Period,
    /// The contract as the revision words it that governed the period.
    pub contract: &'c Contract,
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
    fn new(
        period: Period,
        kind: PeriodKind,
        ruling: &'c Revision<Contract>,
        zone: &Zone,
    ) -> Option<Credited<'c>> {
        let (contract, credits) = (&ruling.content, ruling.content.terms.credits.as_ref()?);
        let objectives = contract.terms.objectives.iter().enumerate();
        let credited =
            objectives.filter(|(_, o)| o.period == kind && credits.rule(&o.id).is_some());
        let rulings = credited.map(|(place, o)| (o, ruling.number, period.clone(), place));
        let rulings: Vec<Ruling<'c>> = rulings.collect();
        Some(Credited {
            attainments: rulings.iter().filter_map(Attainment::of).collect(),
            experiences: rulings.iter().filter_map(|o| ExperienceResult::of(o, contract)).collect(),
            on_services: rulings.iter().filter_map(OnService::of).collect(),
            first_day: zone.local(period.start).date(),
            months: kind.months()?,
            period,
            contract,
            credits,
            kind,
        })
    }

    fn evaluated(&self, as_of: Instant) -> EvaluatedPeriod<'c> {
        // An objective without a result has no data.
        let nothing = ObjectiveVerdict { verdict: Verdict::NoData, reached: None };
        let objectives = self.contract.terms.objectives.iter().filter(|o| o.period == self.kind);
        let mut results: BTreeMap<_, _> = objectives.map(|o| (o.id.as_str(), nothing)).collect();
        for attainment in &self.attainments {
            let result = attainment.result(as_of);
            let stood = ObjectiveVerdict { verdict: result.verdict, reached: result.attainment };
            results.insert(attainment.objective.id.as_str(), stood);
        }
        for experience in &self.experiences {
            let reached = experience.reached();
            let stood = ObjectiveVerdict { verdict: experience.verdict(as_of), reached };
            results.insert(experience.objective.id.as_str(), stood);
        }
        for on_service in &self.on_services {
            let result = on_service.result.as_ref().map(ServiceResult::verdict);
            if let Some((verdict, reached)) = result {
                results.insert(
                    on_service.objective.id.as_str(),
                    ObjectiveVerdict { verdict, reached },
                );
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

/// The periods that the credits of a period depend on, beginning with it. Empty when nothing is
/// credited, or when it is no month, quarter or year.
pub(super) fn credited<'c>(
    ruling: &'c Revision<Contract>,
    revisions: Effective<'c, Contract>,
    period: &Period,
    zone: &Zone,
    as_of: Instant,
) -> Vec<Credited<'c>> {
    let whole = whole(period, zone);
    let now = whole.and_then(|(kind, named)| Credited::new(named, kind, ruling, zone));
    let Some(now) = now else { return Vec::new() };
    let (kind, does_earn_back) =
        (now.kind, now.credits.rules.iter().any(|r| r.earn_back.is_some()));
    let mut needed = (now.credits.repeats() as usize).max(usize::from(does_earn_back));
    let mut found = vec![now];
    while let Some(newest) = found.last().filter(|_| found.len() <= needed) {
        let Ok(before) = newest.period.before(kind, zone) else { break };
        let Some(ruling) = revisions.at(last_instant(&before, as_of)) else { break };
        let Some(before) = Credited::new(before, kind, ruling, zone) else { break };
        if found.len() == 1 && does_earn_back {
            // What goes back is the credit of the period before, with the periods it depends on.
            needed = needed.max(1 + before.credits.repeats() as usize);
        }
        found.push(before);
    }
    found
}

/// The month, quarter or year with the same start and end as a period, and its kind.
pub(super) fn whole(period: &Period, zone: &Zone) -> Option<(PeriodKind, Period)> {
    let kinds = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];
    let around = |kind| Some((kind, Period::around(kind, period.start, zone).ok()?));
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
        currency: &now.contract.currency,
        lines: lines.collect(),
        cap: statement.cap,
        total: statement.total,
        is_provisional: as_of < now.period.end,
    })
}
