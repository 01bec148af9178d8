//! Service credits of a contract's period: what it and the periods it depends on came to.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use itertools::Itertools;

use super::objective::{Attainment, ExperienceResult, OnService};
use super::service_objective::ServiceResult;
use crate::domain::compliance::attainment::{Verdict, worst};
use crate::domain::compliance::credit::{
    CappedPeriod, EvaluatedPeriod, Line, Measured, MonthFee, ObjectiveVerdict, Statement,
};
use crate::domain::compliance::{Period, credit};
use crate::domain::contract::Promise;
use crate::domain::time::Instant;

use super::ruled::KnownContract;
use periods::credited;

pub(super) use periods::whole;

pub use periods::Credited;

mod periods;

impl<'c> Credited<'c> {
    /// Whether an objective is credited in it.
    fn is_anything_credited(&self) -> bool {
        let on_clocks = self.attainments.len() + self.experiences.len();
        on_clocks + self.on_services.len() > 0
    }

    /// It as evaluated, without the capped periods it ends in. Where several words rule parts of an
    /// objective's period, the worst part decides.
    fn evaluated(&self, as_of: Instant) -> EvaluatedPeriod<'c> {
        let (mut results, mut measured) = (BTreeMap::new(), BTreeMap::new());
        for (id, parts) in self.parts(as_of).into_iter().into_group_map() {
            let worst = worst(parts, |(stood, _)| (stood.verdict, stood.reached));
            let Some((stood, found)) = worst else { continue };
            results.insert(id, stood);
            measured.extend(found.map(|found| (id, found)));
        }
        EvaluatedPeriod {
            kind: self.kind,
            first_day: self.first_day,
            fee: self.fee(),
            currency: &self.contract.currency,
            credits: self.credits,
            results,
            measured,
            within: Vec::new(),
        }
    }

    /// How each part of its objectives' periods stood, and what credits may be counted by in it.
    fn parts(&self, as_of: Instant) -> Vec<(&'c str, (ObjectiveVerdict, Option<Measured>))> {
        let clocks = self.attainments.iter().map(|on| {
            let result = on.result(as_of);
            let stood = ObjectiveVerdict { verdict: result.verdict, reached: result.attainment };
            let promised = on.promise().attainment();
            let found = promised.map(|promised| Measured::clocks(promised.share, &on.tally));
            (on.objective.id.as_str(), (stood, found))
        });
        let people = self.experiences.iter().map(|on| {
            let (verdict, reached) = (on.verdict(as_of), on.reached());
            (on.objective.id.as_str(), (ObjectiveVerdict { verdict, reached }, None))
        });
        let services = self.on_services.iter().map(|on| {
            let result = on.result.as_ref();
            // An objective without a result has no data.
            let (verdict, reached) = result.map_or((Verdict::NoData, None), ServiceResult::verdict);
            let found = result.and_then(|found| on_service_measured(&on.objective.promise, found));
            (on.objective.id.as_str(), (ObjectiveVerdict { verdict, reached }, found))
        });
        clocks.chain(people).chain(services).collect()
    }
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

    /// The same without incidents, and without services.
    pub(super) fn part(&self) -> CreditedPeriods<'c> {
        let part = |all: &Vec<Credited<'c>>| all.iter().map(Credited::part).collect();
        CreditedPeriods {
            own: part(&self.own),
            contained: self.contained.iter().map(part).collect(),
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

/// What the credits of an objective on a service may be counted by.
fn on_service_measured(promise: &Promise, found: &ServiceResult) -> Option<Measured> {
    match (promise, found) {
        (Promise::Availability(promise), ServiceResult::Availability(_, uptime)) => {
            Some(Measured::uptime(promise.share, &uptime.figures))
        }
        (Promise::Outages(promise), ServiceResult::Outages(_, uptime)) => {
            Some(Measured::outages(promise, &uptime.figures))
        }
        (Promise::MeanTimeToRestore(promise), ServiceResult::MeanTimeToRestore(_, uptime)) => {
            Some(Measured::mean_time(promise.at_most, &uptime.figures))
        }
        (Promise::Requests(promise), ServiceResult::Requests(result)) => Some(Measured::Requests {
            promised: promise.share,
            served: result.requests.saturating_sub(result.failed),
            requests: result.requests,
        }),
        _ => None,
    }
}

/// The statement of the first of these periods; `None` when there are none.
pub fn statement<'c>(credited: &[Credited<'c>], as_of: Instant) -> Option<Statement<'c>> {
    let evaluated = credited.iter().map(|period| period.evaluated(as_of)).collect();
    Accounts { all: credited, evaluated, known: BTreeMap::new() }.statement(0)
}

/// The statements of periods, each of which may depend on earlier ones.
struct Accounts<'s, 'c> {
    all: &'s [Credited<'c>],
    evaluated: Vec<EvaluatedPeriod<'c>>,
    /// What statements credit and what they return of the period before, by their indices.
    known: BTreeMap<usize, (i64, i64)>,
}

impl<'c> Accounts<'_, 'c> {
    /// The statement of a period.
    fn statement(&mut self, index: usize) -> Option<Statement<'c>> {
        let row: Vec<usize> =
            std::iter::successors(Some(index), |index| self.before(*index)).collect();
        let mut periods: Vec<_> =
            row.iter().filter_map(|index| self.evaluated.get(*index).cloned()).collect();
        // Its own credits are capped, and those of the period before, which may go back.
        for (period, index) in periods.iter_mut().zip(&row).take(2) {
            period.within = self.within(*index);
        }
        credit::statement(&periods)
    }

    /// The period of the same kind right before one.
    fn before(&self, index: usize) -> Option<usize> {
        let now = self.all.get(index)?;
        let is_before =
            |other: &Credited<'c>| other.kind == now.kind && other.period.end == now.period.start;
        self.all.iter().position(is_before)
    }

    /// What the capped periods that a period ends in have credited before it.
    fn within(&mut self, index: usize) -> Vec<CappedPeriod> {
        let Some(now) = self.all.get(index) else { return Vec::new() };
        let within = now.within.iter().map(|(kind, period, fee)| {
            let before = self.stated_within(index, period);
            let spent = before.into_iter().fold(0_i64, |spent, index| {
                let (credited, returned) = self.account(index);
                let is_returned_within = self.is_within(self.before(index), period);
                let returned = if is_returned_within { returned } else { 0 };
                spent.saturating_add(credited).saturating_sub(returned)
            });
            CappedPeriod { kind: *kind, fee: *fee, spent }
        });
        within.collect()
    }

    /// The periods within another one that are stated before one of them, in its money.
    fn stated_within(&self, index: usize, within: &Period) -> Vec<usize> {
        let Some(now) = self.all.get(index) else { return Vec::new() };
        let counts = |index: &usize| {
            self.is_within(Some(*index), within)
                && self.all.get(*index).is_some_and(|other| {
                    other.place() < now.place() && other.contract.currency == now.contract.currency
                })
        };
        (0..self.all.len()).filter(counts).collect()
    }

    fn is_within(&self, index: Option<usize>, within: &Period) -> bool {
        let period = index.and_then(|index| self.all.get(index)).map(|credited| &credited.period);
        period.is_some_and(|p| within.start <= p.start && p.end <= within.end)
    }

    /// What a period's statement credits, and what it returns of the period before.
    fn account(&mut self, index: usize) -> (i64, i64) {
        if let Some(known) = self.known.get(&index) {
            return *known;
        }
        let statement = self.statement(index);
        let account = statement.map_or((0, 0), |statement| {
            (statement.credited, statement.credited.saturating_sub(statement.total))
        });
        self.known.insert(index, account);
        account
    }
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
    /// The most that the credits of the period may come to, in minor units; `None`: there is no
    /// cap.
    pub cap: Option<i64>,
    /// The sum of the lines, in minor units.
    pub total: i64,
    /// Whether the period goes on, so that the amounts are those so far.
    pub is_provisional: bool,
    /// What the client pays for objectives that were exceeded.
    pub bonuses: Vec<(Line<'c>, Option<Period>)>,
    /// The sum of the bonuses, in minor units.
    pub bonus: i64,
    /// The last local date on which the credits may be claimed, if there is such a date.
    pub claim_by: Option<NaiveDate>,
    /// What each month of the period costs.
    pub fees: Vec<MonthFee>,
}

/// The statement of the first of these periods, if anything is credited.
pub fn credit_statement<'c>(
    credited: &[Credited<'c>],
    as_of: Instant,
) -> Option<CreditStatement<'c>> {
    let (now, statement) = (credited.first()?, statement(credited, as_of)?);
    // The period and the one right before it, in the row that begins with it.
    let period = |line: Line<'c>| {
        let of = credited.get(line.ago).filter(|of| of.kind == now.kind);
        let period = of.map(|credited| credited.period.clone());
        (line, period)
    };
    Some(CreditStatement {
        period: now.period.clone(),
        contract_revision: now.contract_revision,
        currency: &now.contract.currency,
        claim_by: claim_by(now, statement.total),
        lines: statement.lines.into_iter().map(period).collect(),
        cap: statement.cap,
        total: statement.total,
        is_provisional: as_of < now.period.end,
        bonuses: statement.bonuses.into_iter().map(period).collect(),
        bonus: statement.bonus,
        fees: now.fees.clone(),
    })
}

/// The last local date on which the credits of a period may be claimed, if there are any.
fn claim_by(period: &Credited<'_>, total: i64) -> Option<NaiveDate> {
    let days = period.credits.claim_within_days.checked_sub(1)?;
    let last = period.next_day.checked_add_days(Days::new(days.into()));
    last.filter(|_| total > 0)
}

/// All objectives on attainment: of the period, and of those that its credits depend on.
pub(super) fn all_attainments<'h, 'c>(
    attainments: &'h mut [Attainment<'c>],
    credited: &'h mut CreditedPeriods<'c>,
) -> impl Iterator<Item = &'h mut Attainment<'c>> {
    let before = credited.all_mut().flat_map(|credited| &mut credited.attainments);
    attainments.iter_mut().chain(before)
}

/// All objectives on experience: of the period, and of those that its credits depend on.
pub(super) fn all_experience<'h, 'c>(
    experiences: &'h mut [ExperienceResult<'c>],
    credited: &'h mut CreditedPeriods<'c>,
) -> impl Iterator<Item = &'h mut ExperienceResult<'c>> {
    let before = credited.all_mut().flat_map(|credited| &mut credited.experiences);
    experiences.iter_mut().chain(before)
}

/// All objectives on services: of the period, and of those that its credits depend on.
pub(super) fn all_on_services<'h, 'c>(
    on_services: &'h mut [OnService<'c>],
    credited: &'h mut CreditedPeriods<'c>,
) -> impl Iterator<Item = &'h mut OnService<'c>> {
    let before = credited.all_mut().flat_map(|credited| &mut credited.on_services);
    on_services.iter_mut().chain(before)
}
