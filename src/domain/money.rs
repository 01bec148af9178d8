//! Amounts of money: whole minor units of an ISO 4217 currency, and how they are written.

use std::fmt;

use iso_currency::Currency;

use super::decimal::Decimal;

/// An amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount<'c> {
    /// Whole minor units.
    pub minor_units: i64,
    /// The ISO 4217 code of the currency.
    pub currency: &'c str,
}

/// Whether ISO 4217 has a currency of this code.
pub fn is_currency(code: &str) -> bool {
    Currency::from_code(code).is_some()
}

/// How many decimals amounts of a currency have; `None` when ISO 4217 does not know it, or gives it
/// no minor unit.
pub fn decimals(code: &str) -> Option<u8> {
    let exponent = Currency::from_code(code).and_then(Currency::exponent)?;
    u8::try_from(exponent).ok()
}

/// The minor units of an amount written with its currency, before or after it: `1000.00 EUR`; and
/// the code.
///
/// # Errors
/// A sentence that says what is wrong and what would be right.
pub fn parse(text: &str) -> Result<(i64, &str), String> {
    let help = "write it with its currency, such as 1000.00 EUR";
    let parts: Vec<&str> = text.split_whitespace().collect();
    let is_code = |part: &str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_uppercase());
    let (number, code) = match parts.as_slice() {
        [number, code] if is_code(code) => (*number, *code),
        [code, number] if is_code(code) => (*number, *code),
        _ => return Err(format!("{text:?} is not an amount: {help}")),
    };
    let Some(places) = decimals(code) else {
        return Err(format!("{code:?} is not the code of a currency with a minor unit: {help}"));
    };
    let amount = Decimal::parse(number, places).and_then(|d| i64::try_from(d.units()).ok());
    match amount {
        Some(minor_units) => Ok((minor_units, code)),
        None => Err(format!(
            "{number:?} is not an amount of {code}: write digits with at most {places} decimals \
             after a point, and no separators of thousands"
        )),
    }
}

/// With the currency's decimals and its code: `1250.05 EUR`.
impl fmt::Display for Amount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Amount { minor_units, currency } = *self;
        match decimals(currency) {
            Some(places) => {
                write!(f, "{} {currency}", Decimal::new(minor_units, places).all_places())
            }
            None => write!(f, "{minor_units} minor units of {currency}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_the_decimals_of_their_currency() {
        for (text, amount) in [
            ("1000.00 EUR", Ok((100_000, "EUR"))),
            ("EUR 1000", Ok((100_000, "EUR"))),
            ("0.5 EUR", Ok((50, "EUR"))),
            ("1250 JPY", Ok((1250, "JPY"))),
            ("1.234 BHD", Ok((1234, "BHD"))),
            ("-3.20 USD", Ok((-320, "USD"))),
        ] {
            assert_eq!(parse(text), amount, "{text}");
        }
        for text in ["1000", "1000.005 EUR", "1,000.00 EUR", "1000 eur", "1.5 JPY", "5 XYZ", "EUR"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_amount_reads_back_as_it_is_written() {
        for (minor_units, currency, text) in
            [(125_005, "EUR", "1250.05 EUR"), (-5, "EUR", "-0.05 EUR"), (7, "JPY", "7 JPY")]
        {
            assert_eq!(Amount { minor_units, currency }.to_string(), text);
            assert_eq!(parse(text), Ok((minor_units, currency)));
        }
        let unknown = Amount { minor_units: 5, currency: "XYZ" };
        assert_eq!(unknown.to_string(), "5 minor units of XYZ");
    }
}
