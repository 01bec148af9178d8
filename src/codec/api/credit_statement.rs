//! Statements of service credits.

use chrono::NaiveDate;

use super::figures::ToField;
use crate::codec::scalar::encode_period;
use crate::codec::v1;
use crate::domain::compliance::Period;
use crate::domain::compliance::credit::{Ground, Line, MonthFee};
use crate::domain::contract::Credit;
use crate::domain::share::Share;
use crate::engine::answers::credit::{CreditStatement, CreditTotal};

/// The message of a statement.
pub fn encode(statement: &CreditStatement<'_>) -> v1::CreditStatement {
    v1::CreditStatement {
        currency: statement.currency.to_owned(),
        lines: statement.lines.iter().map(encode_line).collect(),
        cap_amount: statement.cap.unwrap_or_default(),
        total_amount: statement.total,
        provisional: statement.is_provisional,
        no_cap: statement.cap.is_none(),
        bonus_lines: statement.bonuses.iter().map(encode_line).collect(),
        bonus_amount: statement.bonus,
        claim_by_date: date(statement.claim_by),
        fees: statement.fees.iter().map(encode_fee).collect(),
        period: Some(encode_period(&statement.period)),
        contract_revision: statement.contract_revision as i32,
    }
}

/// The message of what statements come to together.
pub fn encode_total(total: &CreditTotal<'_>) -> v1::CreditTotal {
    v1::CreditTotal {
        currency: total.currency.to_owned(),
        total_amount: total.total,
        provisional: total.is_provisional,
    }
}

/// The text of a local date, or nothing.
pub(super) fn date(date: Option<NaiveDate>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

fn encode_fee(month: &MonthFee) -> v1::FeeOfMonth {
    v1::FeeOfMonth {
        month: month.first_day.format("%Y-%m").to_string(),
        amount: month.amount,
        days_in_force: month.days_in_force as i32,
        days: month.days as i32,
    }
}

/// What a line is about, and its factors.
#[derive(Default)]
struct Factors {
    share: Option<Share>,
    amount: i64,
    weight: Option<Share>,
    repeats: u32,
    count: u64,
}

impl Factors {
    fn of(credit: Credit) -> Factors {
        match credit {
            Credit::Share(share) => Factors { share: Some(share), ..Factors::default() },
            Credit::Amount(amount) => Factors { amount, ..Factors::default() },
        }
    }
}

fn encode_line((line, period): &(Line<'_>, Option<Period>)) -> v1::CreditLine {
    use v1::CreditLineKind as Kind;
    let none = Factors::default();
    let (kind, factors) = match line.ground {
        Ground::Missed(missed) => {
            let (weight, repeats) = (Some(missed.weight), missed.repeats);
            let count = missed.count.map_or(0, |count| count.times);
            let factors = Factors { weight, repeats, count, ..Factors::of(missed.credit) };
            (Kind::Objective, factors)
        }
        Ground::Cap(cap) => (Kind::Cap, Factors::of(Credit::Share(cap))),
        Ground::PeriodCap(cap) => (Kind::Cap, Factors::of(Credit::Amount(cap.most))),
        Ground::EarnBack { .. } => (Kind::EarnBack, none),
        Ground::Withheld { .. } => (Kind::Withheld, none),
        Ground::HighestOnly => (Kind::HighestOnly, none),
        Ground::Minimum(least) => (Kind::Minimum, Factors::of(Credit::Amount(least))),
        Ground::NotPaid(least) => (Kind::NotPaid, Factors::of(Credit::Amount(least))),
        Ground::Bonus { bonus, .. } => (Kind::Bonus, Factors::of(bonus)),
        Ground::NoTier(_)
        | Ground::Met(_)
        | Ground::NoData
        | Ground::NotCounted
        | Ground::BeddingIn(_) => (Kind::Objective, none),
    };
    v1::CreditLine {
        kind: kind as i32,
        objective_id: line.objective_id.to_owned(),
        period: period.as_ref().map(encode_period),
        reason: line.reason(),
        base_amount: line.base.unwrap_or_default(),
        credit_percent: factors.share.to_field(),
        weight_percent: factors.weight.to_field(),
        repeats: factors.repeats as i32,
        amount: line.amount,
        count: factors.count.to_field(),
        credit_amount: factors.amount,
    }
}
