//! Whose request it is: the other end of the connection, or whom a trusted proxy says it is for.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The list of addresses that proxies pass on, each adding the one that it saw.
const HEADER: &str = "x-forwarded-for";

/// Addresses of the list that are looked at: no honest chain of proxies is longer.
const HOPS_MAX: usize = 10;

/// The client of a request.
///
/// From the end of the list on, as long as whoever wrote an entry is trusted, the entry before it
/// counts. Nobody else's word is taken.
pub fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.ip().to_canonical();
    let lines = headers.get_all(HEADER).iter().rev();
    let entries = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for entry in entries.take(HOPS_MAX) {
        if !is_trusted(&client) {
            break;
        }
        let Some(address) = read(entry) else { break };
        client = address;
    }
    client
}

/// An entry, which some proxies write with a port.
fn read(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().ok();
    let address = address.or_else(|| entry.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The name under which a client's questions are counted: its address, or with IPv6 the network
/// that one household or machine has to itself.
pub fn share_of(client: IpAddr) -> String {
    match client {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let trusted = ["127.0.0.0/8", "10.1.0.0/16", "::1/128"].map(|net| net.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HEADER, HeaderValue::from_str(line).unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1234);
        client_address(peer, &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_s_word_is_not_taken() {
        assert_eq!(client("203.0.113.9", &[]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &["198.51.100.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &["127.0.0.1, 203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn trusted_proxies_pass_the_client_on() {
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("::1", &["203.0.113.9, 10.1.2.3"]), "203.0.113.9");
        assert_eq!(
            client("127.0.0.1", &["198.51.100.1", "203.0.113.9", "10.1.2.3"]),
            "203.0.113.9"
        );
        assert_eq!(client("::ffff:127.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client("127.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("127.0.0.1", &["203.0.113.9:5000"]), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_ends_the_chain() {
        for line in ["unknown", "", "203.0.113.9, ", "_hidden"] {
            assert_eq!(client("127.0.0.1", &[line]), "127.0.0.1", "{line}");
        }
        assert_eq!(client("127.0.0.1", &["unknown, 10.1.2.3"]), "10.1.2.3");
        let long = vec!["127.0.0.1"; 5_000].join(",");
        assert_eq!(client("127.0.0.1", &[&long]), "127.0.0.1");
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let share = |address: &str| share_of(address.parse().unwrap());
        assert_eq!(share("203.0.113.9"), "203.0.113.9");
        assert_eq!(share("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(share("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    }
}
