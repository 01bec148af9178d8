//! How much one message may hold.
//!
//! There are two sets of limits. Those of the API hold for requests and may be lowered at any time.
//! Those of the store's format hold for records: they are never lowered, so that whatever was
//! recorded once stays readable.

use crate::domain::calendar::CalendarLimits;
use crate::domain::contract::ConditionLimits;
use crate::limits::{
    ATTRIBUTES_MAX, CONTRACTS_PER_INCIDENT_MAX, CREDIT_REPEATS_MAX, CREDIT_RULES_PER_CONTRACT_MAX,
    EXCLUSIONS_PER_CONTRACT_MAX, ID_BYTES_MAX, INCIDENTS_PER_ITEM_MAX, ITEM_ID_BYTES_MAX,
    LIMITS_PER_TARGET_MAX, MONTH_FEES_PER_CONTRACT_MAX, MONTHLY_FEE_MINOR_UNITS_MAX,
    NOTE_BYTES_MAX, OBJECTIVES_PER_CONTRACT_MAX, PAUSES_PER_TARGET_MAX, PERSON_BYTES_MAX,
    PRIORITY_BYTES_MAX, ROLLING_DAYS_MAX, SERVICES_PER_OBJECTIVE_MAX, TARGETS_PER_CONTRACT_MAX,
    TIERS_PER_CREDIT_RULE_MAX, WARNINGS_PER_TARGET_MAX,
};

/// How much one message may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in an id.
    pub id_bytes: usize,
    /// Bytes in the id of an item that is to be settled.
    pub item_id_bytes: usize,
    /// Bytes in a priority.
    pub priority_bytes: usize,
    /// Bytes in the name of who signed or decided something.
    pub person_bytes: usize,
    /// Bytes in a note.
    pub note_bytes: usize,
    /// Contracts an incident falls under.
    pub contracts_per_incident: usize,
    /// Attributes of an incident.
    pub attributes_per_incident: usize,
    /// Incidents, and events, that an item to be settled names.
    pub incidents_per_item: usize,
    /// Targets in a contract.
    pub targets_per_contract: usize,
    /// Objectives in a contract.
    pub objectives_per_contract: usize,
    /// Services of an objective.
    pub services_per_objective: usize,
    /// Exclusion rules in a contract.
    pub exclusions_per_contract: usize,
    /// Credit rules in a contract.
    pub credit_rules_per_contract: usize,
    /// Tiers in a credit rule.
    pub tiers_per_credit_rule: usize,
    /// Months of a contract whose fees are told.
    pub month_fees_per_contract: usize,
    /// Limits in a target, and in what experience is measured by.
    pub limits_per_target: usize,
    /// Pauses in a target.
    pub pauses_per_target: usize,
    /// Warnings of a target.
    pub warnings_per_target: usize,
    /// Missed periods in a row that a credit rule counts.
    pub credit_repeats: u32,
    /// Minor units of a monthly fee.
    pub monthly_fee_minor_units: i64,
    /// Days of a rolling period.
    pub rolling_days: u16,
    /// What a condition holds.
    pub conditions: ConditionLimits,
    /// What a calendar holds.
    pub calendars: CalendarLimits,
}

/// Parts of a contract that are compared with one another, in a record.
const RECORDED_PARTS: usize = 512;

impl Limits {
    /// Of requests. They may be lowered: records are not held to them.
    pub const API: Limits = Limits {
        id_bytes: ID_BYTES_MAX,
        item_id_bytes: ITEM_ID_BYTES_MAX,
        priority_bytes: PRIORITY_BYTES_MAX,
        person_bytes: PERSON_BYTES_MAX,
        note_bytes: NOTE_BYTES_MAX,
        contracts_per_incident: CONTRACTS_PER_INCIDENT_MAX,
        attributes_per_incident: ATTRIBUTES_MAX,
        incidents_per_item: INCIDENTS_PER_ITEM_MAX,
        targets_per_contract: TARGETS_PER_CONTRACT_MAX,
        objectives_per_contract: OBJECTIVES_PER_CONTRACT_MAX,
        services_per_objective: SERVICES_PER_OBJECTIVE_MAX,
        exclusions_per_contract: EXCLUSIONS_PER_CONTRACT_MAX,
        credit_rules_per_contract: CREDIT_RULES_PER_CONTRACT_MAX,
        tiers_per_credit_rule: TIERS_PER_CREDIT_RULE_MAX,
        month_fees_per_contract: MONTH_FEES_PER_CONTRACT_MAX,
        limits_per_target: LIMITS_PER_TARGET_MAX,
        pauses_per_target: PAUSES_PER_TARGET_MAX,
        warnings_per_target: WARNINGS_PER_TARGET_MAX,
        credit_repeats: CREDIT_REPEATS_MAX,
        monthly_fee_minor_units: MONTHLY_FEE_MINOR_UNITS_MAX,
        rolling_days: ROLLING_DAYS_MAX,
        conditions: ConditionLimits::DEFAULT,
        calendars: CalendarLimits::DEFAULT,
    };

    /// Of records: the bounds of the store's format, which may be raised and never lowered. Texts
    /// and lists that are only read have none but the size of a record. There is one where reading
    /// or evaluating costs far more than the bytes do: the depth of a condition, the windows of a
    /// calendar, parts that are compared with one another. So an evidence file of a stranger can't
    /// exhaust who checks it.
    pub const RECORD: Limits = Limits {
        id_bytes: usize::MAX,
        item_id_bytes: usize::MAX,
        priority_bytes: usize::MAX,
        person_bytes: usize::MAX,
        note_bytes: usize::MAX,
        contracts_per_incident: usize::MAX,
        attributes_per_incident: usize::MAX,
        incidents_per_item: usize::MAX,
        targets_per_contract: RECORDED_PARTS,
        objectives_per_contract: RECORDED_PARTS,
        services_per_objective: RECORDED_PARTS,
        exclusions_per_contract: RECORDED_PARTS,
        credit_rules_per_contract: RECORDED_PARTS,
        tiers_per_credit_rule: RECORDED_PARTS,
        month_fees_per_contract: RECORDED_PARTS,
        limits_per_target: RECORDED_PARTS,
        pauses_per_target: RECORDED_PARTS,
        warnings_per_target: usize::MAX,
        credit_repeats: u32::MAX,
        monthly_fee_minor_units: i64::MAX,
        rolling_days: u16::MAX,
        conditions: ConditionLimits { bytes: 1024, depth: 32, loops: 2 },
        calendars: CalendarLimits {
            weekly_windows: 168,
            holidays: 2_000,
            special_openings: 2_000,
            windows_per_date: 12,
            name_bytes: usize::MAX,
        },
    };

    /// Whether whatever these limits let through, the others do too.
    const fn are_within(&self, other: &Limits) -> bool {
        self.id_bytes <= other.id_bytes
            && self.item_id_bytes <= other.item_id_bytes
            && self.priority_bytes <= other.priority_bytes
            && self.person_bytes <= other.person_bytes
            && self.note_bytes <= other.note_bytes
            && self.contracts_per_incident <= other.contracts_per_incident
            && self.attributes_per_incident <= other.attributes_per_incident
            && self.incidents_per_item <= other.incidents_per_item
            && self.are_contracts_within(other)
            && self.conditions.are_within(&other.conditions)
            && self.calendars.are_within(&other.calendars)
    }

    const fn are_contracts_within(&self, other: &Limits) -> bool {
        self.targets_per_contract <= other.targets_per_contract
            && self.objectives_per_contract <= other.objectives_per_contract
            && self.services_per_objective <= other.services_per_objective
            && self.exclusions_per_contract <= other.exclusions_per_contract
            && self.credit_rules_per_contract <= other.credit_rules_per_contract
            && self.tiers_per_credit_rule <= other.tiers_per_credit_rule
            && self.month_fees_per_contract <= other.month_fees_per_contract
            && self.limits_per_target <= other.limits_per_target
            && self.pauses_per_target <= other.pauses_per_target
            && self.warnings_per_target <= other.warnings_per_target
            && self.credit_repeats <= other.credit_repeats
            && self.monthly_fee_minor_units <= other.monthly_fee_minor_units
            && self.rolling_days <= other.rolling_days
    }
}

// What the API takes can be read back.
const _: () = assert!(Limits::API.are_within(&Limits::RECORD));
