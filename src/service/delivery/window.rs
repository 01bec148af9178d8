//! The window of a webhook: the messages of notices that were taken in and are not all done. It
//! says where to go on after a restart: after the last message before the oldest that is not done.

use std::collections::BTreeMap;

/// Notices that may be under way, dead letters that are sent again not included.
const UNDER_WAY_MAX: usize = 256;

/// What was taken in and is not done.
#[derive(Debug)]
pub(super) struct Window {
    /// By their numbers, in the order they came. One that is done stays while an older one is not,
    /// the newest of a row of such alone.
    messages: BTreeMap<u64, TakenMessage>,
    next: u64,
    /// The token to go on from.
    position: String,
    under_way: usize,
}

#[derive(Debug)]
struct TakenMessage {
    token: String,
    /// How many of its notices are not done.
    left: usize,
}

impl Window {
    /// A window that begins after a token.
    pub fn after(position: String) -> Window {
        Window { messages: BTreeMap::new(), next: 0, position, under_way: 0 }
    }

    /// Takes in a message of so many notices, and the token to go on from after it. Returns its
    /// number.
    pub fn take(&mut self, token: String, notices: usize) -> u64 {
        let number = self.next;
        self.next += 1;
        self.under_way += notices;
        self.messages.insert(number, TakenMessage { token, left: notices });
        if notices == 0 {
            self.settle(number);
        }
        number
    }

    /// One more notice of a message is done.
    pub fn done(&mut self, number: u64) {
        let Some(message) = self.messages.get_mut(&number).filter(|message| message.left > 0)
        else {
            return;
        };
        message.left -= 1;
        self.under_way -= 1;
        if message.left == 0 {
            self.settle(number);
        }
    }

    /// Whether another message may be taken in.
    pub fn has_room(&self) -> bool {
        self.under_way < UNDER_WAY_MAX
    }

    /// The token to go on from: everything before it is done.
    pub fn position(&self) -> &str {
        &self.position
    }

    /// Moves the position over what is done, or drops the older of two neighbours that are.
    fn settle(&mut self, number: u64) {
        let is_done =
            |(number, message): (&u64, &TakenMessage)| (message.left == 0).then_some(*number);
        let before = self.messages.range(..number).next_back().and_then(is_done);
        let after = self.messages.range(number + 1..).next().and_then(is_done);
        if let Some(before) = before {
            self.messages.remove(&before);
        }
        if after.is_some() {
            self.messages.remove(&number);
        }
        while let Some(first) = self.messages.first_entry()
            && first.get().left == 0
        {
            self.position = first.remove().token;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is done in whichever order, the position is the token of the last message that
        /// has nothing undone at or before it.
        #[test]
        fn everything_before_the_position_is_done_and_what_follows_is_not(
            sizes in proptest::collection::vec(0_usize..3, 1..20),
            picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let mut window = Window::after("start".to_owned());
            let mut left = sizes.clone();
            for (number, size) in sizes.iter().enumerate() {
                prop_assert_eq!(window.take(number.to_string(), *size), number as u64);
            }
            let check = |window: &Window, left: &[usize]| {
                let done = left.iter().take_while(|left| **left == 0).count();
                let expected = match done {
                    0 => "start".to_owned(),
                    done => (done - 1).to_string(),
                };
                let undone = left.iter().filter(|left| **left > 0).count();
                window.position() == expected && window.messages.len() <= 2 * undone
            };
            prop_assert!(check(&window, &left));
            for pick in picks {
                let undone: Vec<_> = (0..left.len()).filter(|at| left[*at] > 0).collect();
                if undone.is_empty() {
                    break;
                }
                let number = undone[pick.index(undone.len())];
                left[number] -= 1;
                window.done(number as u64);
                prop_assert!(check(&window, &left), "{window:?} {left:?}");
                prop_assert_eq!(window.under_way, left.iter().sum::<usize>());
            }
        }
    }

    #[test]
    fn a_full_window_takes_nothing_in_until_something_is_done() {
        let mut window = Window::after(String::new());
        let number = window.take("a".to_owned(), UNDER_WAY_MAX);
        assert!(!window.has_room());
        window.done(number);
        assert!(window.has_room());
        assert_eq!(window.position(), "");
    }
}
