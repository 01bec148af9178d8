//! `slx serve`.

use std::process::ExitCode;

use clap::Args;

use super::private_files::keep_to_this_user;
use crate::server::{self, Effective, Environment, Settings};

/// Serves the engine over gRPC until SIGINT or SIGTERM.
///
/// Each setting is a flag, an environment variable and a name in the file: --data-dir, SLX_DATA_DIR
/// and data_dir are the same. A flag wins over the environment, the environment over the file.
#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub async fn run(self, environment: &Environment) -> anyhow::Result<ExitCode> {
        keep_to_this_user();
        // Takes in which crash points tests want.
        #[cfg(feature = "failpoints")]
        let _planned = fail::FailScenario::setup();
        let effective = Effective::of(self.settings, environment)?;
        let configuration = effective.check()?;
        let noting = server::start_noting(&configuration.telemetry).await?;
        let ran = server::run(configuration).await;
        noting.finish().await;
        ran.map(|()| ExitCode::SUCCESS)
    }
}
