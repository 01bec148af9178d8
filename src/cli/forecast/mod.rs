//! `slx forecast`: how probable breaches are, and how good such forecasts were.

mod arguments;
mod clocks;
mod evaluate;
mod evaluate_periods;
mod lag;
mod objectives;
pub(super) mod quality;
mod recorded;
mod tested;

use std::process::ExitCode;

pub(super) use arguments::Forecast;

impl Forecast {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.evaluate {
            return evaluate::run(&self);
        }
        match (self.quality, &self.period) {
            (true, _) => quality::run(self).await?,
            (false, Some(_)) => objectives::run(self).await?,
            (false, None) => clocks::run(self).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
