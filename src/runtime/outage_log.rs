//! Why nothing is recorded at the moment.

/// What was logged of it last: the same is logged once.
#[derive(Debug, Default)]
pub(super) struct OutageLog {
    described: Option<String>,
}

impl OutageLog {
    /// Logs why, and whether that lasts until the next start.
    pub fn describe(&mut self, error: &str, lasts: bool) {
        if self.described.as_deref() == Some(error) {
            return;
        }
        self.described = Some(error.to_owned());
        match lasts {
            true => tracing::error!(error, "nothing is recorded until the next start; reads go on"),
            false => tracing::error!(error, "nothing is recorded for now; reads go on"),
        }
    }

    /// Logs that it is over, if there was any.
    pub fn end(&mut self) {
        if self.described.take().is_some() {
            tracing::info!("recording again");
        }
    }
}
