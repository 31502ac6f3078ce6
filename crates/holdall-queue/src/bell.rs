//! Calling a loop that waits on file descriptors, asyncio's, from a thread that must not wait for it.

use std::io::{ErrorKind as Io, Read, Write};
#[cfg(not(unix))]
use std::net::{TcpListener, TcpStream};

use holdall_types::{Error, Result};

/// A pair of sockets: the loop watches one, the engine writes to the other. Ringing twice before it is
/// heard is ringing once.
///
/// Sockets, not a pipe: they are what every system's selector can watch.
#[derive(Debug)]
pub struct Bell {
    near: Stream,
    far: Stream,
}

#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type Stream = TcpStream;

impl Bell {
    /// A new bell.
    ///
    /// # Errors
    /// `Backend` if the system gives no sockets.
    pub fn new() -> Result<Self> {
        let pair = || {
            let (near, far) = pair()?;
            near.set_nonblocking(true)?;
            far.set_nonblocking(true)?;
            Ok(Self { near, far })
        };
        pair().map_err(|error: std::io::Error| Error::io(error, "cannot make a pair of sockets"))
    }

    /// Calls the loop. Never waits.
    pub fn ring(&self) {
        // A full socket has been rung already.
        let _ = (&self.far).write(&[1]);
    }

    /// To be called by the loop before it looks what it was called for.
    pub fn hear(&self) {
        let mut rings = [0; 64];
        loop {
            match (&self.near).read(&mut rings) {
                Ok(read) if read == rings.len() => {}
                Err(error) if error.kind() == Io::Interrupted => {}
                _ => return,
            }
        }
    }

    /// What the loop watches for reading.
    #[cfg(unix)]
    #[must_use]
    pub fn descriptor(&self) -> i64 {
        use std::os::fd::AsRawFd;
        i64::from(self.near.as_raw_fd())
    }

    /// What the loop watches for reading.
    #[cfg(windows)]
    #[must_use]
    pub fn descriptor(&self) -> i64 {
        use std::os::windows::io::AsRawSocket;
        i64::try_from(self.near.as_raw_socket()).unwrap_or(-1)
    }
}

#[cfg(unix)]
fn pair() -> std::io::Result<(Stream, Stream)> {
    Stream::pair()
}

#[cfg(not(unix))]
fn pair() -> std::io::Result<(Stream, Stream)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let far = TcpStream::connect(listener.local_addr()?)?;
    loop {
        let (near, from) = listener.accept()?;
        // Anyone may connect to a port.
        if from == far.local_addr()? {
            return Ok((near, far));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_heard_once() {
        let bell = Bell::new().unwrap();
        for _ in 0..100_000 {
            bell.ring();
        }
        let mut byte = [0];
        assert_eq!((&bell.near).read(&mut byte).unwrap(), 1);
        bell.hear();
        assert_eq!((&bell.near).read(&mut byte).unwrap_err().kind(), Io::WouldBlock);
        bell.ring();
        assert_eq!((&bell.near).read(&mut byte).unwrap(), 1);
    }
}
