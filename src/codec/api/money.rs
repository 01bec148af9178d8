//! Amounts of money with their currency.

use crate::codec::v1;
use crate::codec::violations::{FieldViolations, Wrong};

/// The currency that amounts are in, and the most that one may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Currency<'c> {
    /// The ISO 4217 code.
    pub code: &'c str,
    /// The most minor units of an amount.
    pub most: i64,
}

impl Currency<'_> {
    /// An amount from nothing to the most.
    pub fn within(self, minor_units: i64) -> Result<i64, String> {
        match (0..=self.most).contains(&minor_units) {
            true => Ok(minor_units),
            false => Err(format!("is {minor_units}: write 0 to {}", self.most)),
        }
    }
}

/// The minor units of an amount that may be left out.
pub(super) fn optional_amount(
    given: Option<v1::Money>,
    money: Currency<'_>,
) -> Result<Option<i64>, Wrong> {
    let Some(v1::Money { minor_units, currency }) = given else { return Ok(None) };
    let mut violations = FieldViolations::default();
    if !currency.is_empty() && currency != money.code {
        let text = match money.code {
            "" => format!("is {currency:?}, and the contract names no currency: give it there too"),
            code => format!("is {currency:?}, and the contract's currency is {code:?}"),
        };
        violations.add("currency", text);
    }
    let amount = violations.or("minor_units", money.within(minor_units), 0);
    violations.check()?;
    Ok(Some(amount))
}

/// The minor units of an amount; 0 when it is left out.
pub(super) fn amount(given: Option<v1::Money>, money: Currency<'_>) -> Result<i64, Wrong> {
    optional_amount(given, money).map(Option::unwrap_or_default)
}
