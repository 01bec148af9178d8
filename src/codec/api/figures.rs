//! Figures, as answers report them.

use prost_types::Duration;

use crate::codec::scalar::duration;
use crate::codec::v1;
use crate::domain::compliance::{Counts, Tally};
use crate::domain::decimal::Decimal;
use crate::domain::experience::{ExperienceTotals, Survey, TimeSum};
use crate::domain::figures::{counts_table, survey_table, tally_table, totals_table};
use crate::domain::share::Share;
use crate::domain::time::Span;

/// A figure as a field of a message.
pub(super) trait ToField<Field> {
    fn to_field(&self) -> Field;
}

/// Counts are of things held in memory: they fit.
impl ToField<i64> for u64 {
    fn to_field(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl ToField<Option<Duration>> for TimeSum {
    fn to_field(&self) -> Option<Duration> {
        let (seconds, nanos) = self.parts();
        // A part of a second always fits.
        let nanos = nanos as i32;
        Some(Duration { seconds: i64::try_from(seconds).unwrap_or(i64::MAX), nanos })
    }
}

impl ToField<Option<Duration>> for Option<TimeSum> {
    fn to_field(&self) -> Option<Duration> {
        self.and_then(|time| time.to_field())
    }
}

impl ToField<Option<Duration>> for Option<Span> {
    fn to_field(&self) -> Option<Duration> {
        self.map(duration)
    }
}

/// In percent; empty: of nothing.
impl ToField<String> for Option<Share> {
    fn to_field(&self) -> String {
        self.map(|share| share.to_string()).unwrap_or_default()
    }
}

/// Empty: of nothing.
impl ToField<String> for Option<Decimal> {
    fn to_field(&self) -> String {
        self.map(|decimal| decimal.to_string()).unwrap_or_default()
    }
}

/// Makes the message of a table's figures, without the fields that lie elsewhere.
macro_rules! report_figures {
    (
        $(#[$about:meta])*
        $name:ident as $message:ident and [$($other:ident),*];
        kept { $($kept:tt)* }
        reported {
            $($field:ident: $unit:ident = [$($figure:tt)*] $(, $sheet:ident $heading:literal)?;)*
        }
    ) => {
        impl ToField<v1::$message> for $name {
            fn to_field(&self) -> v1::$message {
                v1::$message {
                    $($field: self.$($figure)*.to_field(),)*
                    $($other: Default::default(),)*
                }
            }
        }

        impl ToField<Option<v1::$message>> for $name {
            fn to_field(&self) -> Option<v1::$message> {
                Some(self.to_field())
            }
        }
    };
}

counts_table!(report_figures);
tally_table!(report_figures);
totals_table!(report_figures);
survey_table!(report_figures);
