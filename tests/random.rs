//! Numbers that look random and are the same for the same seed, and settings of the environment.

/// Some number that looks random, the same for the same place of the same seed (SplitMix64).
pub fn random(seed: u64, place: u64) -> u64 {
    let mut state = seed.wrapping_add((place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One such number after the other.
#[derive(Clone, Debug)]
pub struct Dice {
    seed: u64,
    place: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice { seed, place: 0 }
    }

    /// A seed for other dice.
    pub fn seed(&mut self) -> u64 {
        self.place += 1;
        random(self.seed, self.place)
    }

    /// From 0 to less than `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.seed() % end
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u64 + 1) as usize);
        }
    }
}
