//! Collecting every violation of a message before refusing it.

use crate::domain::violation::Violation;

/// The violations found so far.
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
        self.0.push(Violation::new(field, description));
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
                self.0.extend(wrong.into().0.into_iter().map(|violation| violation.within(field)));
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

    /// Each item decoded, or its violations noted under `field[index]`.
    pub fn each<M, T, W: Into<Wrong>>(
        &mut self,
        field: &str,
        items: Vec<M>,
        decode: impl Fn(M) -> Result<T, W>,
    ) -> Vec<T> {
        let decoded = items.into_iter().enumerate();
        decoded.filter_map(|(i, item)| self.keep(&format!("{field}[{i}]"), decode(item))).collect()
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
