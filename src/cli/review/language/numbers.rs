//! Numbers, shares, amounts and spans as a language writes them.

use icu_decimal::input::Decimal as Digits;
use prost_types::Duration;

use super::speech::Language;
use crate::cli::credits::Money;

/// A decimal number cut to so many places, with all of them.
fn cut(number: &str, places: i16) -> Option<Digits> {
    let mut digits: Digits = number.parse().ok()?;
    digits.trunc(-places);
    digits.pad_end(-places);
    Some(digits)
}

/// How many decimals a number is written with.
fn places(number: &str) -> i16 {
    let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    i16::try_from(decimals).unwrap_or(i16::MAX)
}

impl Language {
    /// A number as it is written, with all its decimals: a score, a threshold.
    pub fn number(&self, number: &str) -> String {
        let digits = number.parse::<Digits>();
        digits.map_or_else(|_| number.to_owned(), |digits| self.numbers.write(&digits))
    }

    /// A count.
    pub fn count(&self, count: i64) -> String {
        self.numbers.write(&Digits::from(count))
    }

    /// A measured share with one decimal, rounded down so that it never shows more than it is; a
    /// dash for none.
    pub fn percent(&self, percent: &str) -> String {
        self.percent_like(percent, "")
    }

    /// A measured share with as many decimals as an agreed one beside it, but at least one.
    pub fn percent_like(&self, percent: &str, agreed: &str) -> String {
        match cut(percent, places(agreed).max(1)) {
            Some(digits) => self.with_sign(&self.numbers.write(&digits)),
            None => self.text("none"),
        }
    }

    /// A share as it was agreed.
    pub fn agreed_percent(&self, percent: &str) -> String {
        self.with_sign(&self.number(percent))
    }

    fn with_sign(&self, figure: &str) -> String {
        self.say("percent", &[("figure", figure.into())])
    }

    /// A share of a whole in percent, with one decimal, rounded down.
    pub fn share_of(&self, part: i64, whole: i64) -> String {
        let thousandths = i128::from(part) * 1000 / i128::from(whole.max(1));
        let mut digits = Digits::from(thousandths);
        digits.multiply_pow10(-1);
        self.with_sign(&self.numbers.write(&digits))
    }

    /// An amount of money, of minor units.
    pub fn money(&self, amount: i64, currency: &str) -> String {
        let money = Money::of(currency);
        let amount = self.number(&money.show(amount));
        let arguments = [("currency", currency.into()), ("amount", amount.into())];
        match money.unit == currency {
            true => self.say("money", &arguments),
            false => self.say("money-minor", &arguments),
        }
    }

    /// A span to the second, without the parts that are zero; a dash for none.
    pub fn span(&self, span: Option<Duration>) -> String {
        let Some(span) = span else { return self.text("none") };
        let seconds = span.seconds.unsigned_abs();
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let part = |id: &str, count: u64| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.say(id, &[("count", count.into())])
        };
        let parts = [("hours", hours), ("minutes", minutes), ("seconds", rest)];
        let parts: Vec<_> =
            parts.into_iter().filter(|(_, count)| *count > 0).map(|(id, c)| part(id, c)).collect();
        let sign = if span.seconds < 0 { "−" } else { "" };
        match parts.as_slice() {
            [] => part("seconds", 0),
            some => format!("{sign}{}", some.join(" ")),
        }
    }

    /// What times of many come to: from a hundred hours on whole hours, rounded down, which the
    /// review says at its foot; below that as any span.
    pub fn hours(&self, span: Option<Duration>) -> String {
        let seconds = span.map_or(0, |span| span.seconds);
        match seconds.abs() {
            360_000.. => self.say("hours", &[("count", (seconds / 3600).into())]),
            _ => self.span(Some(span.unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, english};

    #[test]
    fn a_share_never_shows_more_than_it_is() {
        for (percent, agreed, shown) in [
            ("94.9999", "95", "94.9%"),
            ("95", "95", "95.0%"),
            ("99.9499", "99.95", "99.94%"),
            ("100", "", "100.0%"),
            ("-33.3333", "", "-33.3%"),
            ("", "95", "–"),
        ] {
            assert_eq!(english().percent_like(percent, agreed), shown, "{percent}");
        }
        assert_eq!(english().share_of(1, 3), "33.3%");
        assert_eq!(english().share_of(1, 0), "100.0%");
    }

    #[test]
    fn money_and_counts_are_written_as_the_language_does() {
        let shown = all().map(|language| {
            (language.money(1_234_567, "EUR"), language.money(-500, "BRL"), language.count(12_345))
        });
        let expected = [
            ("€12,345.67", "BRL -5.00", "12,345"),
            ("€\u{a0}12.345,67", "BRL\u{a0}-5,00", "12.345"),
            ("12.345,67\u{a0}€", "-5,00\u{a0}BRL", "12.345"),
        ];
        for ((money, other, count), expected) in shown.iter().zip(expected) {
            let other = other.replace('\u{a0}', " ");
            let (euro, foreign, counted) = expected;
            assert_eq!((money.as_str(), count.as_str()), (euro, counted));
            assert_eq!(other, foreign.replace('\u{a0}', " "));
        }
        assert_eq!(english().money(125, "ZZZ"), "125 minor units of ZZZ");
    }

    #[test]
    fn spans_are_exact_to_the_second_and_only_large_sums_are_in_whole_hours() {
        let span = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        let plain = |text: String| text.replace('\u{a0}', " ");
        for (seconds, shown) in [
            (0, "0 s"),
            (59, "59 s"),
            (750, "12 min 30 s"),
            (7_200, "2 h"),
            (7_203, "2 h 3 s"),
            (93_930, "26 h 5 min 30 s"),
            (143_000, "39 h 43 min 20 s"),
            (143_400, "39 h 50 min"),
            (-5_400, "−1 h 30 min"),
            (4_442_400, "1,234 h"),
        ] {
            assert_eq!(plain(english().span(span(seconds))), shown, "{seconds}");
        }
        assert_eq!(plain(english().hours(span(7_199))), "1 h 59 min 59 s");
        assert_eq!(plain(english().hours(span(4_445_999))), "1,234 h");
    }
}
