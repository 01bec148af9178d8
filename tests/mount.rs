//! File systems of a test's own, unmounted when it ends, however it ends.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::testing::{run, succeed};

/// Leaves out the tests that mount, where that is not allowed.
const WITHOUT_MOUNTS: &str = "SLX_WITHOUT_MOUNTS";
/// xfs wants no less than 300.
const IMAGE_BYTES: u64 = 320 << 20;

/// A mounted file system.
pub struct Mount {
    path: PathBuf,
    /// What is mounted; none: it lives in memory.
    image: Option<PathBuf>,
    _directory: TempDir,
}

/// Whether the tests that mount are to be left out, which is then said.
pub fn left_out(test: &str) -> bool {
    let is_left_out = std::env::var(WITHOUT_MOUNTS).is_ok_and(|value| value == "1");
    if is_left_out {
        // Written past the harness, which keeps to itself what a test that passes prints.
        let reported = writeln!(std::io::stderr(), "LEFT OUT by {WITHOUT_MOUNTS}=1: {test}");
        reported.expect("it is said");
    }
    is_left_out
}

/// Runs a tool, which must be there and succeed.
fn tool(command: &mut Command, package: &str) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("can't run {command:?} ({error}): install the package {package}");
    });
    let reported = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {reported}This test needs root and the right to mount (loop devices too); \
         where that can't be had, {WITHOUT_MOUNTS}=1 leaves out the tests that mount."
    );
}

impl Mount {
    /// A new file system of a kind, in a file.
    pub fn image(kind: &str) -> Mount {
        let directory = tempfile::tempdir().expect("a directory");
        let image = directory.path().join("image");
        let file = std::fs::File::create(&image).expect("an image");
        file.set_len(IMAGE_BYTES).expect("an image");
        let package = if kind == "xfs" { "xfsprogs" } else { "e2fsprogs" };
        tool(Command::new(format!("mkfs.{kind}")).arg("-q").arg(&image), package);
        let mount = Mount::at(directory, Some(image));
        mount.mount();
        mount
    }

    /// A new file system in memory, of a size as mount understands it.
    pub fn in_memory(size: &str) -> Mount {
        let mount = Mount::at(tempfile::tempdir().expect("a directory"), None);
        let size = format!("size={size}");
        let options = ["-t", "tmpfs", "-o", &size, "slx-test"];
        tool(Command::new("mount").args(options).arg(&mount.path), "mount");
        mount
    }

    fn at(directory: TempDir, image: Option<PathBuf>) -> Mount {
        let path = directory.path().join("mounted");
        std::fs::create_dir(&path).expect("a directory");
        Mount { path, image, _directory: directory }
    }

    fn mount(&self) {
        let image = self.image.as_ref().expect("an image");
        let mut mount = Command::new("mount");
        tool(mount.args(["-o", "loop"]).arg(image).arg(&self.path), "mount");
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stops the file system where it stands: what it has not made durable is gone.
    pub fn cut_power(&self) {
        tool(Command::new("xfs_io").args(["-x", "-c", "shutdown"]).arg(&self.path), "xfsprogs");
    }

    /// Mounts it again, as it would be after a start of the machine.
    pub fn again(&self) {
        succeed(Command::new("umount").arg(&self.path));
        self.mount();
    }

    /// Gives a file system in memory another size.
    pub fn resize(&self, size: &str) {
        let size = format!("remount,size={size}");
        succeed(Command::new("mount").args(["-o", &size]).arg(&self.path));
    }
}

impl Drop for Mount {
    /// A loop device is detached with the last that uses it.
    fn drop(&mut self) {
        let unmounted = run(Command::new("umount").arg(&self.path));
        if !unmounted.0 {
            run(Command::new("umount").arg("--lazy").arg(&self.path));
        }
    }
}
