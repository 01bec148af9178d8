//! Why nothing is recorded at the moment.

/// What was told of it last: the same is told once.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    told: Option<String>,
}

impl Trouble {
    /// Tells why, and whether that lasts until the next start.
    pub fn tell(&mut self, error: &str, lasts: bool) {
        if self.told.as_deref() == Some(error) {
            return;
        }
        self.told = Some(error.to_owned());
        match lasts {
            true => tracing::error!(error, "nothing is recorded until the next start; reads go on"),
            false => tracing::error!(error, "nothing is recorded for now; reads go on"),
        }
    }

    /// Tells that it is over, if there was any.
    pub fn end(&mut self) {
        if self.told.take().is_some() {
            tracing::info!("recording again");
        }
    }
}
