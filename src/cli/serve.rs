//! `slx serve`.

use std::process::ExitCode;

use clap::Args;

use super::private_files::keep_to_this_user;
use crate::server::{self, Settings};

/// Serves the engine over gRPC until SIGINT or SIGTERM.
#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        keep_to_this_user();
        // Takes in which crash points tests want.
        #[cfg(feature = "failpoints")]
        let _planned = fail::FailScenario::setup();
        server::run(self.settings).await?;
        Ok(ExitCode::SUCCESS)
    }
}
