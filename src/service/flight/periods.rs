//! The rows of `compliance`, `objectives`, `credits`, `experience` and `coverage`: of one period of
//! a contract, or of each contract.

use super::rows::{Rows, Visit, changes_of_all};
use crate::codec::api::compliance::encode;
use crate::codec::tables::{
    COMPLIANCE, COVERAGE, CREDITS, Credited, EXPERIENCE, Experienced, ExportTable, OBJECTIVES,
    OfPeriod, RowChange,
};
use crate::codec::v1::{ComplianceGroup, CoverageGap, GetComplianceResponse, ObjectiveResult};
use crate::engine::answers::compliance::{GroupKey, PeriodQuery, Question};
use crate::engine::answers::period_result::PeriodResult;
use crate::engine::evaluate::Times;
use crate::queries::{QueryError, ReadView, Reading, compliance};

/// Which periods.
#[derive(Clone, Debug)]
pub(super) struct OfContracts {
    /// Empty: of every contract.
    pub contract_id: String,
    /// The name of the period.
    pub period: String,
}

impl OfContracts {
    /// Visits what each contract's period comes to, as far as it is there.
    fn each<T>(
        &self,
        reading: Reading<'_>,
        group_by: &[GroupKey],
        made: impl Fn(GetComplianceResponse) -> Vec<T>,
        visit: Visit<'_, OfPeriod<T>>,
    ) -> Result<(), QueryError> {
        let view = reading.into_view();
        view.check_contract(&self.contract_id)?;
        let contracts: Vec<String> = match self.contract_id.as_str() {
            "" => view.known().contract_ids().map(str::to_owned).collect(),
            one => vec![one.to_owned()],
        };
        for contract_id in contracts {
            let answer = self.answer(&view, &contract_id, group_by)?;
            let period = answer.period.clone().unwrap_or_default();
            let row = |value| {
                let (contract_id, period) = (contract_id.clone(), period.clone());
                OfPeriod { contract_id, period, value }
            };
            if !made(answer).into_iter().map(row).all(&mut *visit) {
                break;
            }
        }
        Ok(())
    }

    fn answer(
        &self,
        view: &ReadView<'_>,
        contract_id: &str,
        group_by: &[GroupKey],
    ) -> Result<GetComplianceResponse, QueryError> {
        let question = Question {
            contract_id: contract_id.to_owned(),
            period: PeriodQuery::Named(self.period.clone()),
            group_by: group_by.to_vec(),
            contained_credits: true,
        };
        let Reading { view, index } = view.reading_at(view.times())?;
        let period = compliance::evaluate(&view, index, &question)?;
        Ok(encode(&PeriodResult::of(period, view.times().as_of), group_by))
    }
}

macro_rules! rows_of_periods {
    ($($rows:ident: $value:ty, $table:ident, $keys:expr, $made:expr;)+) => {
        $(impl Rows<OfPeriod<$value>> for $rows {
            fn table(&self) -> &'static ExportTable<OfPeriod<$value>> {
                &$table
            }

            fn each(
                &self,
                reading: Reading<'_>,
                visit: Visit<'_, OfPeriod<$value>>,
            ) -> Result<(), QueryError> {
                self.0.each(reading, &$keys, $made, visit)
            }

            fn each_change(
                &self,
                reading: Reading<'_>,
                since: Times,
                visit: &mut dyn FnMut(RowChange, OfPeriod<$value>) -> bool,
            ) -> Result<(), QueryError> {
                let each = |reading: Reading<'_>, visit: Visit<'_, _>| self.each(reading, visit);
                changes_of_all(&$table, reading, since, each, visit)
            }
        })+
    };
}

/// A row for each target and priority.
#[derive(Clone, Debug)]
pub(super) struct ComplianceRows(pub OfContracts);

/// A row for each objective and period of its own.
#[derive(Clone, Debug)]
pub(super) struct ObjectiveRows(pub OfContracts);

/// A row for each line of the credit statements.
#[derive(Clone, Debug)]
pub(super) struct CreditRows(pub OfContracts);

/// A row for each contract.
#[derive(Clone, Debug)]
pub(super) struct ExperienceRows(pub OfContracts);

/// A row for each reason for which incidents lack a clock.
#[derive(Clone, Debug)]
pub(super) struct CoverageRows(pub OfContracts);

rows_of_periods! {
    ComplianceRows: ComplianceGroup, COMPLIANCE, [GroupKey::Target, GroupKey::Priority],
        |answer| answer.groups;
    ObjectiveRows: ObjectiveResult, OBJECTIVES, [], |answer| answer.objectives;
    CreditRows: Credited, CREDITS, [], credited;
    ExperienceRows: Experienced, EXPERIENCE, [], experienced;
    CoverageRows: CoverageGap, COVERAGE, [],
        |answer| answer.coverage.map(|coverage| coverage.gaps).unwrap_or_default();
}

fn credited(answer: GetComplianceResponse) -> Vec<Credited> {
    let statements = answer.contained_credits.into_iter().chain(answer.credits);
    statements.flat_map(Credited::all).collect()
}

fn experienced(answer: GetComplianceResponse) -> Vec<Experienced> {
    let totals = answer.groups.into_iter().next().and_then(|group| group.experience_totals);
    let slx = answer.slx.map(|slx| slx.percent).unwrap_or_default();
    vec![Experienced { totals: totals.unwrap_or_default(), slx }]
}
