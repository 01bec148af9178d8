//! The log messages about why nothing can be recorded at the moment.

/// The outage that was logged last: the same one is logged only once.
#[derive(Debug, Default)]
pub(super) struct OutageLog {
    logged: Option<String>,
}

impl OutageLog {
    /// Logs why nothing is recorded, and whether that lasts until the next start.
    pub fn begin(&mut self, error: &str, lasts: bool) {
        if self.logged.as_deref() == Some(error) {
            return;
        }
        self.logged = Some(error.to_owned());
        match lasts {
            true => tracing::error!(error, "nothing is recorded until the next start; reads go on"),
            false => tracing::error!(error, "nothing is recorded for now; reads go on"),
        }
    }

    /// Logs that it is over, if there was any.
    pub fn end(&mut self) {
        if self.logged.take().is_some() {
            tracing::info!("recording again");
        }
    }
}
