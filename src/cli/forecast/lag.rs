//! How far forecasts have learnt, where they lag.

use crate::cli::show::{Times, counted};
use crate::codec::v1;

/// Says how far an answer has learnt, if what it rests on is not all learnt yet.
pub(super) fn say_lag(learnt: Option<v1::Learnt>, times: &Times) -> anyhow::Result<()> {
    if let Some(lag) = learnt.and_then(|learnt| lag(&learnt, times)) {
        say!("\n{lag}");
    }
    Ok(())
}

fn lag(learnt: &v1::Learnt, times: &Times) -> Option<String> {
    if learnt.records_behind == 0 {
        return None;
    }
    let behind = counted(learnt.records_behind, "record");
    Some(match learnt.until {
        None => format!("Nothing is learnt yet: {behind} behind. Ask again later."),
        until => format!("Learnt up to {}; {behind} behind. Ask again later.", times.show(until)),
    })
}
