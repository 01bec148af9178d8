//! Locks: the operating system's, but in unit tests those of a scheduler that tries out the orders
//! in which threads may run.

#[cfg(not(test))]
pub(super) use parking_lot::{Condvar, Mutex};
#[cfg(test)]
pub(super) use scheduled::{Condvar, Mutex, in_every_order};

#[cfg(test)]
mod scheduled;
