//! Tallies, as views keep them.

use prost::Message;

use super::unreadable::Unreadable;
use super::v1 as store;
use crate::codec::choices::{missing_reason, missing_reason_number};
use crate::domain::compliance::{Counts, CoverageKey, Tally};
use crate::domain::exact_spread::ExactSpread;
use crate::domain::experience::{ExperienceTotals, Survey, TimeSum};
use crate::domain::figures::{counts_table, survey_table, tally_table, totals_table};
use crate::domain::spread::Spread;
use crate::domain::time::Span;
use crate::engine::tally::{Contribution, MissingContribution, TargetContribution};

/// The bytes of a tally bucket's row.
pub fn encode(tally: &Tally) -> Vec<u8> {
    Stored::encode(tally).unwrap_or_default().encode_to_vec()
}

/// A tally bucket's row.
pub fn decode(bytes: &[u8]) -> Result<Tally, Unreadable> {
    Ok(Stored::decode(Some(store::Tally::decode(bytes)?)))
}

/// A figure as a field of a row. What a row lacks is nothing.
trait Stored {
    /// The field.
    type Field;

    fn encode(&self) -> Self::Field;

    fn decode(field: Self::Field) -> Self;
}

impl Stored for u64 {
    type Field = u64;

    fn encode(&self) -> u64 {
        *self
    }

    fn decode(field: u64) -> u64 {
        field
    }
}

impl Stored for TimeSum {
    type Field = Option<store::TimeSum>;

    fn encode(&self) -> Option<store::TimeSum> {
        let (seconds, nanos) = self.parts();
        (*self > TimeSum::ZERO).then_some(store::TimeSum { seconds, nanos })
    }

    fn decode(field: Option<store::TimeSum>) -> TimeSum {
        field.map_or(TimeSum::ZERO, |sum| TimeSum::from_parts(sum.seconds, sum.nanos))
    }
}

impl Stored for Spread {
    type Field = Option<store::Spread>;

    fn encode(&self) -> Option<store::Spread> {
        let (seconds, counts): (Vec<_>, Vec<_>) = self.iter().unzip();
        (!seconds.is_empty()).then_some(store::Spread { seconds, counts })
    }

    fn decode(field: Option<store::Spread>) -> Spread {
        let store::Spread { seconds, counts } = field.unwrap_or_default();
        Spread::from_counts(seconds.into_iter().zip(counts))
    }
}

impl Stored for ExactSpread {
    type Field = Option<store::ExactSpread>;

    fn encode(&self) -> Option<store::ExactSpread> {
        let (nanos, counts): (Vec<_>, Vec<_>) =
            self.iter().map(|(time, count)| (time.nanos(), count)).unzip();
        (!nanos.is_empty()).then_some(store::ExactSpread { nanos, counts })
    }

    fn decode(field: Option<store::ExactSpread>) -> ExactSpread {
        let store::ExactSpread { nanos, counts } = field.unwrap_or_default();
        ExactSpread::from_counts(nanos.into_iter().map(Span::from_nanos).zip(counts))
    }
}

/// Makes the codec of a table's figures: each in the field of its own name.
macro_rules! store_figures {
    (
        $(#[$about:meta])*
        $name:ident as $message:ident and [$($other:ident),*];
        kept { $($(#[$doc:meta])* $figure:ident: $unit:ty, $label:literal;)* }
        reported { $($columns:tt)* }
    ) => {
        impl Stored for $name {
            type Field = Option<store::$name>;

            fn encode(&self) -> Option<store::$name> {
                let row = store::$name { $($figure: Stored::encode(&self.$figure),)* };
                (!self.is_empty()).then_some(row)
            }

            fn decode(field: Option<store::$name>) -> $name {
                let store::$name { $($figure,)* } = field.unwrap_or_default();
                $name { $($figure: Stored::decode($figure),)* }
            }
        }
    };
}

counts_table!(store_figures);
tally_table!(store_figures);
totals_table!(store_figures);
survey_table!(store_figures);

/// The message of what an incident adds.
pub(super) fn encode_contribution(contribution: &Contribution) -> store::Contribution {
    let target = |target: &TargetContribution| store::TargetContribution {
        contract_id: target.contract_id.to_string(),
        target_id: target.target_id.to_string(),
        priority: target.priority.clone(),
        day: target.day,
        tally: Stored::encode(&target.tally),
    };
    store::Contribution {
        service: contribution.service.clone(),
        category: contribution.category.clone(),
        group: contribution.group.clone(),
        party: contribution.party.clone(),
        targets: contribution.targets.iter().map(target).collect(),
        missing: contribution.missing.iter().map(encode_missing).collect(),
    }
}

fn encode_missing(missing: &MissingContribution) -> store::MissingContribution {
    store::MissingContribution {
        contract_id: missing.contract_id.to_string(),
        target_id: missing.key.target_id.clone(),
        reason: missing_reason_number(missing.key.reason),
        value: missing.key.value.clone(),
        day: missing.day,
    }
}

fn decode_missing(missing: store::MissingContribution) -> Result<MissingContribution, Unreadable> {
    let store::MissingContribution { contract_id, target_id, reason, value, day } = missing;
    let reason = missing_reason(reason).map_err(Unreadable::from)?;
    let key = CoverageKey { target_id, reason, value };
    Ok(MissingContribution { contract_id: contract_id.into(), key, day })
}

/// What a count of incidents is of, by the parts of its key.
pub fn decode_coverage_key(
    reason: i32,
    [target_id, value]: [String; 2],
) -> Result<CoverageKey, Unreadable> {
    let reason = missing_reason(reason).map_err(Unreadable::from)?;
    Ok(CoverageKey { target_id, reason, value })
}

/// What an incident adds.
pub(super) fn decode_contribution(
    contribution: store::Contribution,
) -> Result<Contribution, Unreadable> {
    let target = |target: store::TargetContribution| TargetContribution {
        contract_id: target.contract_id.into(),
        target_id: target.target_id.into(),
        priority: target.priority,
        day: target.day,
        tally: Stored::decode(target.tally),
    };
    let missing = contribution.missing.into_iter().map(decode_missing);
    Ok(Contribution {
        service: contribution.service,
        category: contribution.category,
        group: contribution.group,
        party: contribution.party,
        targets: contribution.targets.into_iter().map(target).collect(),
        missing: missing.collect::<Result<_, _>>()?,
    })
}
