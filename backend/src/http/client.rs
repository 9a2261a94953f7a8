//! The client's IP address, behind trusted proxies or not.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The header to which each proxy appends the address of its peer.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The first address, from the peer on and then through the header from the right, that is not a trusted proxy; else the
/// last one. Clients can forge the header, so an entry counts only if a trusted proxy added it.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut last = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    while is_trusted(&last) {
        let Some(before) = entries.next().and_then(address) else { break };
        last = before;
    }
    last
}

/// An entry, with or without a port. IPv4-mapped IPv6 becomes IPv4.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let inner = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    let bare = inner.parse::<IpAddr>().ok();
    bare.or_else(|| entry.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
        .map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client_of(peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"].map(|net| net.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn the_header_counts_only_from_trusted_proxies() {
        for (peer, lines, client) in [
            // The peer is not a trusted proxy.
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("192.0.2.8", &["198.51.100.1"], "192.0.2.8"),
            // One proxy, two, one trusted by its single address; entries that the client wrote itself are left of those.
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("192.0.2.7", &["198.51.100.1,fd00::5"], "198.51.100.1"),
            ("10.0.0.1", &["127.0.0.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            // Several lines are one list.
            ("10.0.0.1", &["127.0.0.1", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
            // Other notations.
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            // A bad entry by the client does not spoil what the proxy added.
            ("10.0.0.1", &["\u{ff}, 198.51.100.1"], "198.51.100.1"),
            // No further entry to trust.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ] {
            assert_eq!(client_of(peer, lines), client, "{peer} {lines:?}");
        }
    }
}
