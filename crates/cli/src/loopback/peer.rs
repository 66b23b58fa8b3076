//! Whose program is at the other end of a connection on this machine. Only Linux tells, in `/proc/net/tcp` and `tcp6`
//! (kernel documentation, "proc_net_tcp"; proc(5)): one row for each socket of this network namespace, with the user who
//! made it. Connections to a loopback address never leave the namespace, so the other end has a row, also if it belongs
//! to a snap or flatpak, which share it; user IDs are given as this process's user namespace has them.

#[cfg(any(target_os = "linux", target_os = "android"))]
use std::fs;
use std::io::{self, BufRead};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Who made a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code, reason = "it is not told"))]
pub(super) enum Maker {
    SameUser,
    OtherUser,
    /// No row, or no table.
    Unknown,
}

/// Whether the system says of every connection who made it. Not under WSL, where the browser is one of Windows: its
/// connections come in through a relay of root's, or without a socket here.
pub(super) fn is_told() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        !release.to_ascii_lowercase().contains("microsoft")
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        false
    }
}

/// Who made the connection from `theirs` to `ours`.
pub(super) fn maker(theirs: SocketAddr, ours: SocketAddr) -> Maker {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let ourselves = rustix::process::geteuid().as_raw();
        // A table that changes while it is read may leave out a row.
        for _ in 0..3 {
            // A program may speak IPv4 through a socket of the other kind.
            for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
                let user = fs::File::open(table).and_then(|table| find_user(io::BufReader::new(table), theirs, ours));
                match user {
                    Ok(Some(user)) if user == ourselves => return Maker::SameUser,
                    Ok(Some(_)) => return Maker::OtherUser,
                    Ok(None) => {}
                    Err(error) => tracing::debug!(table, %error, "who made a connection cannot be read"),
                }
            }
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (theirs, ours);
    Maker::Unknown
}

/// The user of the socket at `theirs` that is connected to `ours`.
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code, reason = "there is no such table"))]
fn find_user(table: impl BufRead, theirs: SocketAddr, ours: SocketAddr) -> io::Result<Option<u32>> {
    for line in table.lines() {
        let line = line?;
        let mut columns = line.split_ascii_whitespace();
        let (Some(local), Some(remote)) = (columns.nth(1), columns.next()) else { continue };
        if read_address(local) == Some(theirs) && read_address(remote) == Some(ours) {
            // After them: state, queues, timer, retransmissions, user.
            return Ok(columns.nth(4).and_then(|user| user.parse().ok()));
        }
    }
    Ok(None)
}

/// `0100007F:1F90`: the address as words in this machine's byte order, then the port.
fn read_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words = address.as_bytes().chunks(8).map(|word| {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        Some(word.to_ne_bytes())
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    let ip = if let Ok(bytes) = <[u8; 4]>::try_from(bytes.as_slice()) {
        IpAddr::from(Ipv4Addr::from(bytes))
    } else {
        IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?))
    };
    Some(SocketAddr::new(ip.to_canonical(), u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_user_is_that_of_the_other_end() {
        // The listener, our end of the connection, theirs, and a connection of somebody else.
        let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:223D 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n\
            1: 0100007F:223D 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1\n\
            2: 0100007F:C350 0100007F:223D 01 00000000:00000000 00:00000000 00000000 65534        0 3 1 0 20 4 30 10 -1\n\
            3: 0100007F:C351 0100007F:223D 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1\n";
        let find = |table: &str, theirs, ours| find_user(table.as_bytes(), address(theirs), address(ours)).unwrap();
        assert_eq!(find(tcp, "127.0.0.1:50000", "127.0.0.1:8765"), Some(65534));
        assert_eq!(find(tcp, "127.0.0.1:50001", "127.0.0.1:8765"), Some(0));
        assert_eq!(find(tcp, "127.0.0.1:50002", "127.0.0.1:8765"), None);
        assert_eq!(find(tcp, "127.0.0.1:50000", "127.0.0.1:8766"), None);
        let tcp6 = "  sl  local_address remote_address st\n\
            0: 0000000000000000FFFF00000100007F:C350 0000000000000000FFFF00000100007F:223D 01 0:0 00:0 0 1001 0 5\n\
            1: 00000000000000000000000001000000:C351 00000000000000000000000001000000:223D 01 0:0 00:0 0 1002 0 6\n";
        assert_eq!(find(tcp6, "127.0.0.1:50000", "127.0.0.1:8765"), Some(1001));
        assert_eq!(find(tcp6, "[::1]:50001", "[::1]:8765"), Some(1002));
        for broken in ["", "x\n", "0: 0100007F:C350 0100007F:223D 01\n", "0: 7F:C350 é:223D 01 0:0 00:0 0 7\n"] {
            assert_eq!(find(broken, "127.0.0.1:50000", "127.0.0.1:8765"), None, "{broken}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_connections_are_known_as_ours() {
        use std::net::{TcpListener, TcpStream};

        let addresses: [&[&str]; 2] = [&["127.0.0.1:0", "127.0.0.1"], &["[::1]:0", "::1"]];
        for address in addresses {
            // Not every machine has IPv6.
            let Ok(listener) = TcpListener::bind(address[0]) else { continue };
            let ours = listener.local_addr().unwrap();
            let browser = TcpStream::connect((address[1], ours.port())).unwrap();
            let (_accepted, theirs) = listener.accept().unwrap();
            assert_eq!(maker(theirs, ours), Maker::SameUser, "{theirs}");
            assert_eq!(theirs, browser.local_addr().unwrap());
            // The same end seen from the wrong side, and nobody's.
            assert_eq!(maker(SocketAddr::new(theirs.ip(), 1), ours), Maker::Unknown);
        }
    }
}
