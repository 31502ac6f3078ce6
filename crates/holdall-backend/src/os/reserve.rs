//! Asking for a file's room before it is written.

use std::fs::File;
use std::io;

/// Smaller ones are written in one call, which says as well that there is no room.
const WORTH_IT: u64 = 1 << 20;

/// Makes a new file as long as it will be, so that a disk without room says so before the work is
/// done, and can keep the file in one piece. Where the system cannot, the write itself will tell.
///
/// # Errors
/// Those of the system: no room, or more than a file may have.
pub fn reserve(file: &File, length: u64) -> io::Result<()> {
    if length < WORTH_IT { Ok(()) } else { allocate(file, length) }
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, length: u64) -> io::Result<()> {
    use nix::errno::Errno;
    use nix::fcntl::{FallocateFlags, fallocate};
    let Ok(length) = nix::libc::off_t::try_from(length) else {
        return Err(io::ErrorKind::FileTooLarge.into());
    };
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, length) {
            Err(Errno::EINTR) => {}
            // The C library would write zeros all over the file instead: that is no help.
            Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL | Errno::EPERM) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)
}
