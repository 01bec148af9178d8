//! Service credits of a contract's period: what it and the periods it depends on came to.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::service_objective::ServiceResult;
use crate::domain::compliance::attainment::Verdict;
use crate::domain::compliance::credit::{
    CappedPeriod, EvaluatedPeriod, Line, Measured, MonthFee, ObjectiveVerdict, Statement,
};
use crate::domain::compliance::{Period, credit};
use crate::domain::contract::Promise;
use crate::domain::time::Instant;

pub(super) use periods::{credited, whole};

pub use periods::Credited;

mod periods;

impl<'c> Credited<'c> {
    /// It as evaluated, without the capped periods it ends in.
    fn evaluated(&self, as_of: Instant) -> EvaluatedPeriod<'c> {
        // An objective without a result has no data.
        let nothing = ObjectiveVerdict { verdict: Verdict::NoData, reached: None };
        let (mut results, mut measured) = (BTreeMap::new(), BTreeMap::new());
        for attainment in &self.attainments {
            let (id, result) = (attainment.objective.id.as_str(), attainment.result(as_of));
            let stood = ObjectiveVerdict { verdict: result.verdict, reached: result.attainment };
            results.insert(id, stood);
            let promised = attainment.promise().share;
            measured.insert(id, Measured::clocks(promised, &attainment.tally.contractual));
        }
        for experience in &self.experiences {
            let stood = ObjectiveVerdict { verdict: experience.verdict(as_of), reached: None };
            results.insert(experience.objective.id.as_str(), stood);
        }
        for on_service in &self.on_services {
            let (id, result) = (on_service.objective.id.as_str(), on_service.result.as_ref());
            let verdict = result.map(ServiceResult::verdict);
            let stood = verdict.map(|(verdict, reached)| ObjectiveVerdict { verdict, reached });
            results.insert(id, stood.unwrap_or(nothing));
            let found =
                result.and_then(|found| on_service_measured(&on_service.objective.promise, found));
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
