//! Collecting every fault of a message before refusing it.

use crate::domain::fault::Fault;

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

/// What is wrong with one value: a sentence about it, or faults of fields within it.
#[derive(Debug)]
pub struct Wrong(Vec<Fault>);

impl From<&str> for Wrong {
    fn from(description: &str) -> Wrong {
        Wrong(vec![Fault::new("", description)])
    }
}

impl From<String> for Wrong {
    fn from(description: String) -> Wrong {
        Wrong(vec![Fault::new("", description)])
    }
}

impl From<Vec<Fault>> for Wrong {
    fn from(faults: Vec<Fault>) -> Wrong {
        Wrong(faults)
    }
}

impl Wrong {
    /// Its faults.
    pub fn into_faults(self) -> Vec<Fault> {
        self.0
    }
}

impl Faults {
    /// Notes a fault of `field`.
    pub fn add(&mut self, field: &str, description: impl Into<String>) {
        self.0.push(Fault::new(field, description));
    }

    /// The value, or its faults noted under `field` and `fallback` in its place.
    pub fn or<T>(&mut self, field: &str, value: Result<T, impl Into<Wrong>>, fallback: T) -> T {
        self.keep(field, value).unwrap_or(fallback)
    }

    /// The value, or its faults noted under `field`.
    pub fn keep<T>(&mut self, field: &str, value: Result<T, impl Into<Wrong>>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.0.extend(wrong.into().0.into_iter().map(|fault| fault.within(field)));
                None
            }
        }
    }

    /// Each item decoded, or its faults noted under `field[index]`.
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

    /// An error if there was any fault.
    pub fn check(self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
