//! What slx keeps is for nobody else on the machine.

use rustix::fs::Mode;
use rustix::process::umask;

/// From now on, whatever this process creates can be read by its own user alone: directories get
/// the mode 0700, files 0600. What there is already stays as it is.
pub(super) fn keep_to_this_user() {
    let others = Mode::RWXG | Mode::RWXO;
    let before = umask(others);
    umask(before | others);
}
