//! Collecting the violations of a message before refusing it: every one, up to a bound.

use crate::domain::violation::Violation;

/// Violations that are looked for in a message, or in a part of one. A list of millions of wrong
/// numbers fits into a request: what is found after so many is neither kept nor described.
const VIOLATIONS_MAX: usize = 100;

/// The violations found so far; once there are as many as may be, the last says so.
#[derive(Debug, Default)]
pub struct FieldViolations(Vec<Violation>);

/// What is wrong with one value: a sentence about it, or violations of fields within it.
#[derive(Debug)]
pub struct Wrong(Vec<Violation>);

impl From<&str> for Wrong {
    fn from(description: &str) -> Wrong {
        Wrong(vec![Violation::new("", description)])
    }
}

impl From<String> for Wrong {
    fn from(description: String) -> Wrong {
        Wrong(vec![Violation::new("", description)])
    }
}

impl From<Vec<Violation>> for Wrong {
    fn from(violations: Vec<Violation>) -> Wrong {
        Wrong(violations)
    }
}

impl Wrong {
    /// Its violations.
    pub fn into_violations(self) -> Vec<Violation> {
        self.0
    }
}

impl FieldViolations {
    /// Notes a violation of `field`.
    pub fn add(&mut self, field: &str, description: impl Into<String>) {
        self.note(Violation::new(field, description));
    }

    /// Keeps a violation, unless there are as many as may be.
    fn note(&mut self, violation: Violation) {
        match self.0.len() {
            length if length < VIOLATIONS_MAX => self.0.push(violation),
            VIOLATIONS_MAX => {
                let text = format!("and more is wrong: only {VIOLATIONS_MAX} violations are named");
                self.0.push(Violation::new(violation.field, text));
            }
            _ => {}
        }
    }

    fn is_full(&self) -> bool {
        self.0.len() > VIOLATIONS_MAX
    }

    /// The value, or its violations noted under `field` and `fallback` in its place.
    pub fn or<T>(&mut self, field: &str, value: Result<T, impl Into<Wrong>>, fallback: T) -> T {
        self.keep(field, value).unwrap_or(fallback)
    }

    /// The value, or its violations noted under `field`.
    pub fn keep<T>(&mut self, field: &str, value: Result<T, impl Into<Wrong>>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(wrong) => {
                for violation in wrong.into().0 {
                    self.note(violation.within(field));
                }
                None
            }
        }
    }

    /// A choice whose unspecified zero means the default.
    pub fn choice<T: Default>(
        &mut self,
        field: &str,
        number: i32,
        decode: fn(i32) -> Result<T, String>,
    ) -> T {
        match number {
            0 => T::default(),
            given => self.keep(field, decode(given)).unwrap_or_default(),
        }
    }

    /// Each item decoded, or its violations noted under `field[index]`. Those after as many
    /// violations as may be are not decoded: the message is refused without them.
    pub fn each<M, T, W: Into<Wrong>>(
        &mut self,
        field: &str,
        items: Vec<M>,
        decode: impl Fn(M) -> Result<T, W>,
    ) -> Vec<T> {
        let mut decoded = Vec::new();
        for (i, item) in items.into_iter().enumerate() {
            if self.is_full() {
                break;
            }
            decoded.extend(self.keep_item(field, i, decode(item)));
        }
        decoded
    }

    fn keep_item<T>(
        &mut self,
        field: &str,
        index: usize,
        item: Result<T, impl Into<Wrong>>,
    ) -> Option<T> {
        match item {
            Ok(item) => Some(item),
            Err(wrong) => self.keep(&format!("{field}[{index}]"), Err::<T, _>(wrong)),
        }
    }

    /// Notes it when a list is longer than it may be.
    pub fn at_most(&mut self, field: &str, length: usize, most: usize) {
        if length > most {
            self.add(field, format!("{length} are given: at most {most} are allowed"));
        }
    }

    /// An error if there was any violation.
    pub fn check(self) -> Result<(), Vec<Violation>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(number: u32) -> Result<u32, String> {
        if number % 2 == 1 { Ok(number) } else { Err(format!("{number} is not odd")) }
    }

    /// Attack A5: millions of wrong numbers in one request, each described, took hundreds of
    /// megabytes.
    #[test]
    fn as_many_violations_as_are_named_are_kept_and_the_rest_is_not_looked_at() {
        let mut violations = FieldViolations::default();
        let looked_at = std::cell::Cell::new(0);
        violations.each("days", vec![2; 1_000_000], |number| {
            looked_at.set(looked_at.get() + 1);
            odd(number)
        });
        violations.add("id", "is empty");
        let found = violations.check().unwrap_err();
        assert_eq!(looked_at.get(), VIOLATIONS_MAX + 1);
        assert_eq!(found.len(), VIOLATIONS_MAX + 1);
        assert_eq!(found[0].to_string(), "days[0]: 2 is not odd");
        let last = found.last().unwrap().to_string();
        assert_eq!(last, "days[100]: and more is wrong: only 100 violations are named");
    }

    #[test]
    fn parts_of_a_message_have_no_more_violations_together_than_one() {
        let part = |_| {
            let mut violations = FieldViolations::default();
            violations.each("days", vec![2; 60], odd);
            violations.check()
        };
        let mut violations = FieldViolations::default();
        violations.each("weekly", vec![(); 1_000_000], part);
        let found = violations.check().unwrap_err();
        assert_eq!(found.len(), VIOLATIONS_MAX + 1);
        assert!(found[100].field.starts_with("weekly[1].days["));
    }

    #[test]
    fn a_hundred_violations_are_named_and_what_is_right_is_decoded_however_long() {
        let mut violations = FieldViolations::default();
        assert_eq!(violations.each("days", vec![1; 1_000_000], odd).len(), 1_000_000);
        violations.each("days", vec![2; VIOLATIONS_MAX], odd);
        assert_eq!(violations.check().unwrap_err().len(), VIOLATIONS_MAX);
    }
}
