//! How much room incidents have in memory, beside where names are.

use crate::codec::store::names::Names;

/// Names can't be let go of, so they leave incidents a quarter at least of what both may take.
const LEFT_AT_LEAST: usize = 4;

/// The bytes that incidents may take which the views hold as well: what names leave of the share of
/// both.
#[derive(Clone, Debug)]
pub(super) struct IncidentRoom {
    share: usize,
    names: Names,
}

impl IncidentRoom {
    /// A share of so many bytes for incidents and names.
    pub fn new(share: usize, names: Names) -> IncidentRoom {
        IncidentRoom { share, names }
    }

    /// The bytes that incidents may take now.
    pub fn bytes(&self) -> usize {
        self.share.saturating_sub(self.names.bytes()).max(self.share / LEFT_AT_LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::testing::event;
    use crate::domain::ids::TenantId;
    use crate::domain::incident::Fact;
    use crate::domain::time::Instant;

    fn name(names: &Names, assignee: u32) {
        let fact = Fact::Assigned { group: None, assignee: Some(assignee.to_string()) };
        let mut event = event(1, Instant::MIN, fact);
        names.seal(&TenantId::from("t"), &mut event.value).unwrap();
    }

    #[test]
    fn names_take_their_room_from_incidents_down_to_a_quarter() {
        let names = Names::default();
        let room = IncidentRoom::new(1 << 20, names.clone());
        assert_eq!(room.bytes(), 1 << 20);
        let (mut most, mut number) = (room.bytes(), 0);
        while room.bytes() > 1 << 18 {
            number += 1;
            name(&names, number);
            assert!(room.bytes() <= most);
            let left = (1_usize << 20).saturating_sub(names.bytes());
            assert_eq!(room.bytes(), left.max(1 << 18));
            most = room.bytes();
        }
        assert!((5_000..30_000).contains(&number), "{number}");
    }
}
