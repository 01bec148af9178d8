//! A snapshot in the model's own terms: which weights it touches.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::curve::Position;
use super::snapshot::{Holder, Snapshot, Story};

/// The name of a weight or a curve: a hash, so that none is longer than another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// A map by keys, which need not be hashed again.
pub(super) type ByKey<T> = HashMap<Key, T, BuildHasherDefault<AsItIs>>;

/// Takes a key for its own hash.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = Hashed(self.0).with(bytes).0;
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// An effect with a weight for each of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trait {
    /// Common to all.
    Bias,
    /// The contract, target and priority.
    Clause,
    /// The clause and who holds it.
    ClauseAndHolder,
    /// How many instants something happened at.
    Events,
    /// How often it went from one group to another.
    Reassignments,
    /// The last fact fell outside service hours.
    OffHours,
    /// The group.
    Group,
    /// The group and who holds it.
    GroupAndHolder,
    /// The assignee.
    Assignee,
    /// The category.
    Category,
}

/// An effect that never falls, with a curve for each holder or one for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Course {
    /// The share of the limit used, by holder.
    ShareUsed,
    /// How long nothing happened, by holder.
    Idle,
    /// How long it has been in its state, by holder.
    InState,
    /// How near its due instant is.
    Nearness,
    /// The share of the limit used, by group.
    ShareUsedOfGroup,
    /// How long it has been in its state, by group.
    InStateOfGroup,
    /// The share of the limit used, by assignee.
    ShareUsedOfAssignee,
}

/// Every trait, in the order of a landmark's keys.
pub const TRAITS: [Trait; 10] = [
    Trait::Bias,
    Trait::Clause,
    Trait::ClauseAndHolder,
    Trait::Events,
    Trait::Reassignments,
    Trait::OffHours,
    Trait::Group,
    Trait::GroupAndHolder,
    Trait::Assignee,
    Trait::Category,
];

/// Every course, in the order of a landmark's points.
pub const COURSES: [Course; 7] = [
    Course::ShareUsed,
    Course::Idle,
    Course::InState,
    Course::Nearness,
    Course::ShareUsedOfGroup,
    Course::InStateOfGroup,
    Course::ShareUsedOfAssignee,
];

const SHARE_KNOTS: [f32; 11] = [0.01, 0.035, 0.075, 0.15, 0.25, 0.35, 0.45, 0.55, 0.67, 0.82, 0.95];
const IDLE_KNOTS: [f32; 8] = [0.0, 0.3, 2.0, 7.0, 17.0, 40.0, 110.0, 240.0];
const IN_STATE_KNOTS: [f32; 8] = [0.0, 0.2, 1.0, 4.0, 14.0, 44.0, 110.0, 240.0];
/// Hours before the due instant, negative: the nearer, the higher.
const NEARNESS_KNOTS: [f32; 8] = [-150.0, -96.0, -66.0, -41.0, -24.0, -13.0, -4.0, -0.5];
const SHARE_OF_GROUP_KNOTS: [f32; 5] = [0.05, 0.2, 0.4, 0.62, 0.87];
const IN_STATE_OF_GROUP_KNOTS: [f32; 4] = [1.0, 13.0, 48.0, 110.0];
const SHARE_OF_ASSIGNEE_KNOTS: [f32; 3] = [0.1, 0.35, 0.75];

/// From these counts of instants on, and below the first.
const EVENTS_FROM: [u32; 6] = [2, 3, 4, 6, 9, 13];
const REASSIGNMENTS_MOST: u32 = 5;
const FRESH_HOURS: f32 = 1.0;

impl Course {
    /// Its knots, ascending: shares of the limit, or hours.
    pub fn knots(self) -> &'static [f32] {
        match self {
            Course::ShareUsed => &SHARE_KNOTS,
            Course::Idle => &IDLE_KNOTS,
            Course::InState => &IN_STATE_KNOTS,
            Course::Nearness => &NEARNESS_KNOTS,
            Course::ShareUsedOfGroup => &SHARE_OF_GROUP_KNOTS,
            Course::InStateOfGroup => &IN_STATE_OF_GROUP_KNOTS,
            Course::ShareUsedOfAssignee => &SHARE_OF_ASSIGNEE_KNOTS,
        }
    }

    /// The curve of a holder, where each holder has one.
    pub fn of_holder(self, holder: Holder) -> Key {
        let holder = match self {
            Course::ShareUsed | Course::Idle | Course::InState => holder as u8 + 1,
            _ => 0,
        };
        self.hashed().with(&[holder]).key()
    }

    fn key(self, snapshot: &Snapshot<'_>) -> Key {
        let Story { state, holder, .. } = &snapshot.story;
        match self {
            Course::ShareUsedOfGroup | Course::InStateOfGroup => {
                self.hashed().name(state.group).key()
            }
            Course::ShareUsedOfAssignee => self.hashed().name(state.assignee).key(),
            _ => self.of_holder(*holder),
        }
    }

    fn hashed(self) -> Hashed {
        Hashed::new(&[b'c', self as u8])
    }

    fn figure(self, snapshot: &Snapshot<'_>) -> f32 {
        match self {
            Course::ShareUsed | Course::ShareUsedOfGroup | Course::ShareUsedOfAssignee => {
                snapshot.share_used()
            }
            Course::Idle => snapshot.idle_hours(),
            Course::InState | Course::InStateOfGroup => snapshot.hours_in_state(),
            Course::Nearness => -snapshot.hours_to_due,
        }
    }
}

impl Trait {
    /// The weight of a count or a choice.
    pub fn counted(self, count: u8) -> Key {
        self.hashed().with(&[count]).key()
    }

    fn hashed(self) -> Hashed {
        Hashed::new(&[b't', self as u8])
    }

    fn key(self, snapshot: &Snapshot<'_>) -> Key {
        let Snapshot { story, .. } = snapshot;
        let clause = || {
            let of_contract = self.hashed().name(snapshot.contract_id).name(snapshot.target_id);
            of_contract.name(snapshot.priority)
        };
        let group = || self.hashed().name(story.state.group);
        match self {
            Trait::Bias => self.counted(0),
            Trait::Clause => clause().key(),
            Trait::ClauseAndHolder => clause().with(&[story.holder as u8]).key(),
            Trait::Events => self.counted(events_bin(story.event_count)),
            Trait::Reassignments => {
                self.counted(story.reassignment_count.min(REASSIGNMENTS_MOST) as u8)
            }
            Trait::OffHours => self.counted(u8::from(snapshot.is_off_hours)),
            Trait::Group => group().key(),
            Trait::GroupAndHolder => group().with(&[story.holder as u8]).key(),
            Trait::Assignee => self.hashed().name(story.state.assignee).key(),
            Trait::Category => self.hashed().name(snapshot.category).key(),
        }
    }
}

fn events_bin(count: u32) -> u8 {
    EVENTS_FROM.partition_point(|from| *from <= count) as u8
}

/// The weights that a snapshot touches.
#[derive(Clone, Debug, PartialEq)]
pub struct Landmark {
    /// The weight of each of [`TRAITS`].
    pub keys: [Key; TRAITS.len()],
    /// The curve of each of [`COURSES`], and where on it.
    pub points: [(Key, Position); COURSES.len()],
    /// 1 right after something happened, falling to 0 within the hour.
    pub freshness: f32,
}

impl Landmark {
    /// What a snapshot touches.
    pub fn of(snapshot: &Snapshot<'_>) -> Landmark {
        let point = |course: Course| {
            let at = Position::among(course.knots(), course.figure(snapshot));
            (course.key(snapshot), at)
        };
        Landmark {
            keys: TRAITS.map(|of| of.key(snapshot)),
            points: COURSES.map(point),
            freshness: (1.0 - snapshot.idle_hours() / FRESH_HOURS).max(0.0),
        }
    }
}

impl Landmark {
    /// The weight of a trait.
    pub fn key(&self, of: Trait) -> Option<Key> {
        TRAITS.iter().zip(self.keys).find_map(|(other, key)| (*other == of).then_some(key))
    }

    /// The curve of a course, and where on it.
    pub fn point(&self, of: Course) -> Option<(Key, Position)> {
        COURSES.iter().zip(self.points).find_map(|(other, point)| (*other == of).then_some(point))
    }
}

/// FNV-1a in 64 bits, the same on every machine and in every release.
#[derive(Clone, Copy)]
struct Hashed(u64);

impl Hashed {
    fn new(bytes: &[u8]) -> Hashed {
        Hashed(0xcbf2_9ce4_8422_2325).with(bytes)
    }

    fn with(self, bytes: &[u8]) -> Hashed {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        Hashed(bytes.iter().fold(self.0, step))
    }

    /// A name and its end, so that no two names read as one.
    fn name(self, name: &str) -> Hashed {
        self.with(name.as_bytes()).with(&[0xff])
    }

    fn key(self) -> Key {
        Key(self.0)
    }
}
