//! Which notices are wanted, of those who watch and of webhooks.

use clap::{Args, ValueEnum};

use crate::codec::v1;

/// Which notices are wanted: one must pass all filters.
#[derive(Args, Debug)]
pub(super) struct NoticeFilters {
    /// Only clocks of this contract; may be repeated.
    #[arg(long, value_name = "ID")]
    pub contract: Vec<String>,

    /// Only clocks of this target; may be repeated.
    #[arg(long, value_name = "ID")]
    pub target: Vec<String>,

    /// Only notices of this kind; may be repeated.
    #[arg(long, value_enum)]
    kind: Vec<KindWord>,

    /// Only clocks of this priority; may be repeated.
    #[arg(long)]
    pub priority: Vec<String>,

    /// Only incidents of this group; may be repeated.
    #[arg(long)]
    pub group: Vec<String>,
}

/// A kind of notices.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindWord {
    Started,
    Warned,
    Breached,
    Paused,
    Resumed,
    Stopped,
    Cancelled,
    Excluded,
    Moved,
}

impl KindWord {
    fn kind(self) -> v1::NoticeKind {
        match self {
            KindWord::Started => v1::NoticeKind::Started,
            KindWord::Warned => v1::NoticeKind::Warned,
            KindWord::Breached => v1::NoticeKind::Breached,
            KindWord::Paused => v1::NoticeKind::Paused,
            KindWord::Resumed => v1::NoticeKind::Resumed,
            KindWord::Stopped => v1::NoticeKind::Stopped,
            KindWord::Cancelled => v1::NoticeKind::Cancelled,
            KindWord::Excluded => v1::NoticeKind::Excluded,
            KindWord::Moved => v1::NoticeKind::Moved,
        }
    }
}

impl NoticeFilters {
    /// The kinds, as the API numbers them.
    pub fn kind_numbers(&self) -> Vec<i32> {
        self.kind.iter().map(|word| word.kind() as i32).collect()
    }
}
