//! The limits on what callers send and are answered, with their units in their names. Those that
//! operators may set are defaults here and fields of the server's configuration. A limit that
//! concerns one file alone (a cache, a queue, the terms of one kind) is a constant of that file.

use std::time::Duration;

/// Bytes in an id.
pub const ID_BYTES_MAX: usize = 128;
/// Bytes in a priority, which backends name freely.
pub const PRIORITY_BYTES_MAX: usize = 128;
/// Contracts an incident may fall under.
pub const CONTRACTS_PER_INCIDENT_MAX: usize = 32;
/// Attributes an incident may have.
pub const ATTRIBUTES_MAX: usize = 64;
/// Bytes in the name of who signed or decided something.
pub const PERSON_BYTES_MAX: usize = 256;
/// Bytes in what they had to say.
pub const NOTE_BYTES_MAX: usize = 4 * 1024;
/// Bytes in the id of an item that is to be settled: three ids, and a word.
pub const ITEM_ID_BYTES_MAX: usize = 3 * ID_BYTES_MAX + 16;
/// Incidents, and events, that an item to be settled may name.
pub const INCIDENTS_PER_ITEM_MAX: usize = 256;
/// Targets in a contract.
pub const TARGETS_PER_CONTRACT_MAX: usize = 64;
/// Limits in a target.
pub const LIMITS_PER_TARGET_MAX: usize = 64;
/// Pauses in a target.
pub const PAUSES_PER_TARGET_MAX: usize = 32;
/// Warnings of a target.
pub const WARNINGS_PER_TARGET_MAX: usize = 8;
/// Working days that a limit may allow.
pub const WORKING_DAYS_MAX: u16 = 366;

/// Objectives in a contract.
pub const OBJECTIVES_PER_CONTRACT_MAX: usize = 64;
/// Services of an objective.
pub const SERVICES_PER_OBJECTIVE_MAX: usize = 32;
/// Exclusion rules in a contract.
pub const EXCLUSIONS_PER_CONTRACT_MAX: usize = 32;
/// Credit rules in a contract.
pub const CREDIT_RULES_PER_CONTRACT_MAX: usize = 32;
/// Tiers in a credit rule.
pub const TIERS_PER_CREDIT_RULE_MAX: usize = 16;
/// Months of a contract whose own fees are listed.
pub const MONTH_FEES_PER_CONTRACT_MAX: usize = 120;
/// Missed periods in a row that a credit rule may count.
pub const CREDIT_REPEATS_MAX: u32 = 12;
/// Minor units of a monthly fee.
pub const MONTHLY_FEE_MINOR_UNITS_MAX: i64 = 1_000_000_000_000_000;
/// Days of a rolling period.
pub const ROLLING_DAYS_MAX: u16 = 366;

/// Fields of a request, those of messages within it included: several times as many as one within
/// the limits below has. Decoded they take up to 50 MB.
pub const FIELDS_PER_REQUEST_MAX: usize = 50_000;
/// Events in one call or stream message.
pub const EVENTS_PER_CALL_MAX: usize = 500;
/// Incidents in one forecast of given incidents.
pub const INCIDENTS_PER_FORECAST_MAX: usize = 500;
/// Bytes in one event, by default.
pub const EVENT_BYTES_DEFAULT: usize = 64 * 1024;
/// Bytes of an answer that is not streamed.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Events an incident may hold, by default.
pub const EVENTS_PER_INCIDENT_DEFAULT: usize = 10_000;

/// Items on a page unless requested otherwise.
pub const PAGE_SIZE_DEFAULT: usize = 100;
/// Items on a page at most.
pub const PAGE_SIZE_MAX: usize = 1_000;
/// Bytes on a page at most.
pub const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How often a stream of notices has a message at least: unless requested otherwise, at least and
/// at most.
pub const HEARTBEAT_DEFAULT: Duration = Duration::from_secs(15);
/// The shortest such interval.
pub const HEARTBEAT_SHORTEST: Duration = Duration::from_secs(1);
/// The longest such interval.
pub const HEARTBEAT_LONGEST: Duration = Duration::from_secs(60);
/// How often outlooks of watched contracts are evaluated, unless requested otherwise.
pub const OUTLOOK_INTERVAL_DEFAULT: Duration = Duration::from_secs(30);
/// The shortest such interval.
pub const OUTLOOK_INTERVAL_SHORTEST: Duration = Duration::from_secs(1);
/// The longest such interval.
pub const OUTLOOK_INTERVAL_LONGEST: Duration = Duration::from_secs(3_600);
/// Contracts whose outlooks one stream watches.
pub const WATCHED_CONTRACTS_MAX: usize = 20;
/// Values of one filter of notices.
pub const FILTER_VALUES_MAX: usize = 100;

/// Webhooks of a tenant.
pub const WEBHOOKS_PER_TENANT_MAX: usize = 32;
/// Bytes in the URL of a webhook.
pub const URL_BYTES_MAX: usize = 2_048;
/// Dead letters of a webhook that are kept, the newest; and those that one call sends again.
pub const DEAD_LETTERS_MAX: usize = 1_000;

/// Rows of an export in a message at most.
pub const ROWS_PER_MESSAGE_MAX: usize = 500;
/// Bytes of rows in a message at most, unless a single row is longer.
pub const ROW_BYTES_PER_MESSAGE_MAX: usize = 64 * 1024;

/// Bytes in a request, by default.
pub const REQUEST_BYTES_DEFAULT: usize = 4 * 1024 * 1024;
/// Wrong fields an error names; the rest are counted.
pub const VIOLATIONS_LISTED_MAX: usize = 24;
/// Bytes of a text in an error.
pub const ERROR_TEXT_BYTES_MAX: usize = 512;
/// Bytes of details in an error.
pub const ERROR_DETAIL_BYTES_MAX: usize = 4 * 1024;

const _: () = {
    assert!(EVENT_BYTES_DEFAULT < REQUEST_BYTES_DEFAULT);
    assert!(PAGE_SIZE_DEFAULT <= PAGE_SIZE_MAX);
    assert!(PAGE_BYTES_MAX < REQUEST_BYTES_DEFAULT);
    // All credits of a year, each at its most, are a number of minor units that can be reported.
    let most = MONTHLY_FEE_MINOR_UNITS_MAX * 12 * (1 + CREDIT_REPEATS_MAX as i64);
    assert!(most < i64::MAX / CREDIT_RULES_PER_CONTRACT_MAX as i64);
    assert!(REQUEST_BYTES_DEFAULT < crate::journal::BODY_BYTES_MAX);
};
