//! The kinds of rows and index keys: no two share a letter.

/// The kinds of rows and of index keys, each with the letter that its keys begin with.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Kind {
    /// An incident with its events.
    Incident = b'i',
    /// A service with what was reported of it.
    Service = b's',
    /// A clock, by where it stands.
    Clock = b'c',
    /// An incident, by contract.
    Attachment = b'a',
    /// The tally buckets of a day and a value.
    Tally = b'y',
    /// An incident, by how long contracts are concerned with it.
    Lifespan = b'o',
    /// A target that is left open, by since when.
    LeftOpen = b'l',
    /// What was learnt of a tenant. Nothing that is written by each incident comes next to it: what
    /// lies beside a row is written with it.
    Learning = b'z',
    /// An incident that lacks a clock, by its opening.
    Missing = b'n',
    /// A tally bucket of coverage.
    Coverage = b'm',
    /// An incident that lacks a clock of a contract, by id.
    MissingOfContract = b'q',
    /// An incident that lacks any, by id.
    MissingOfAny = b'k',
    /// An incident from which settlement items follow.
    Settlement = b'j',
    /// An incident, by when there was activity about it.
    Activity = b'w',
    /// An incident with facts still to come.
    FutureDated = b'u',
    /// An incident whose entries expire, by when.
    Expiring = b'e',
    /// An incident that time alone changes, by when.
    Scheduled = b'h',
    /// A block of index keys.
    Block = b'b',
    /// A record that is kept whole.
    Kept = b't',
}
