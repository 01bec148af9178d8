//! Where an export is read from.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::Context;

use crate::mapping::bounded;

/// Where rows come from.
#[derive(Clone, Debug)]
pub(super) enum Input {
    StandardInput,
    File(PathBuf),
}

impl Input {
    /// `-` is standard input.
    pub fn of(path: PathBuf) -> Input {
        if path.as_os_str() == "-" { Input::StandardInput } else { Input::File(path) }
    }

    /// What it is called.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Input::StandardInput => Cow::Borrowed("-"),
            Input::File(path) => path.to_string_lossy(),
        }
    }

    /// Where its rejected rows go unless it is said: beside it.
    pub fn rejects(&self) -> PathBuf {
        let mut name = match self {
            Input::StandardInput => "standard-input".into(),
            Input::File(path) => path.as_os_str().to_owned(),
        };
        name.push(".rejects.csv");
        name.into()
    }

    /// Reads it whole.
    pub fn read(&self) -> anyhow::Result<Vec<u8>> {
        match self {
            Input::StandardInput => bounded(io::stdin().lock(), "standard input"),
            Input::File(path) => {
                fs::read(path).with_context(|| format!("can't read {}", path.display()))
            }
        }
    }
}
