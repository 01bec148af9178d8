//! What a JSON file of slx says it is, looked at before anything else in it.

use std::fmt;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A kind of file and the version of it that this slx reads and writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub name: &'static str,
    pub version: u32,
}

#[derive(Deserialize)]
struct Head {
    format: String,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl Format {
    /// What a text of this format holds. A newer version may mean anything by its fields, so its
    /// name is all that is read of it.
    pub fn read<T: DeserializeOwned>(&self, text: &str) -> anyhow::Result<T> {
        let Head { format } = serde_json::from_str(text)
            .with_context(|| format!("it does not say that it is {:?}", self.to_string()))?;
        let version: Option<u32> =
            format.strip_prefix(self.name).map(str::trim).and_then(|v| v.parse().ok());
        match version {
            Some(version) if version == self.version => Ok(serde_json::from_str(text)?),
            Some(version) if version > self.version => {
                bail!("it has format {format:?}: it needs a newer slx")
            }
            _ => bail!("its format is {format:?}, not {:?}", self.to_string()),
        }
    }
}
