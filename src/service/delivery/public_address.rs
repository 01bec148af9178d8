//! Which addresses a webhook may call: those that are reached by the public internet.
//!
//! Whoever administers a tenant chooses URLs. Through them nobody is to reach what only the machine
//! of the server can: itself, its neighbours, the metadata of a cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that are not public, by the registry of special addresses (RFC 6890): each with
/// the length of its prefix.
const SPECIAL_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// The blocks of global unicast in IPv6 that are not public: protocol assignments with Teredo,
/// documentation, and 6to4.
const SPECIAL_V6: [(u128, u32); 4] = [
    (0x2001_0000_0000_0000_0000_0000_0000_0000, 23),
    (0x2001_0db8_0000_0000_0000_0000_0000_0000, 32),
    (0x2002_0000_0000_0000_0000_0000_0000_0000, 16),
    (0x3fff_0000_0000_0000_0000_0000_0000_0000, 20),
];
const GLOBAL_UNICAST: (u128, u32) = (0x2000_0000_0000_0000_0000_0000_0000_0000, 3);
/// IPv4 as networks of IPv6 alone see it (NAT64).
const TRANSLATED_V4: (u128, u32) = (0x0064_ff9b_0000_0000_0000_0000_0000_0000, 96);

/// Whether an address is public.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let is_within = |(block, length): &([u8; 4], u32)| {
        let block = u32::from_be_bytes(*block);
        (bits ^ block) >> (u32::BITS - length) == 0
    };
    !SPECIAL_V4.iter().any(is_within)
}

/// Whatever is not global unicast is not public: loopback, link-local, unique-local, multicast, and
/// IPv4 in the forms of IPv6.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let is_within = |(block, length): &(u128, u32)| (bits ^ block) >> (u128::BITS - length) == 0;
    if is_within(&TRANSLATED_V4) {
        // The last 32 bits are the address.
        return is_public_v4(Ipv4Addr::from_bits(bits as u32));
    }
    is_within(&GLOBAL_UNICAST) && !SPECIAL_V6.iter().any(is_within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_called(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn each_kind_of_private_address_is_refused() {
        for (kind, addresses) in [
            ("unspecified", ["0.0.0.0", "0.1.2.3", "::"]),
            ("loopback", ["127.0.0.1", "127.255.255.254", "::1"]),
            ("private", ["10.0.0.1", "172.31.255.255", "192.168.1.1"]),
            ("carrier-grade NAT", ["100.64.0.1", "100.127.255.255", "100.100.0.1"]),
            ("link-local", ["169.254.169.254", "fe80::1", "febf::1"]),
            ("unique-local", ["fc00::1", "fd00:ec2::254", "fdff::1"]),
            ("site-local", ["fec0::1", "feff::1", "fec0::2"]),
            ("multicast", ["224.0.0.1", "239.255.255.255", "ff02::1"]),
            ("broadcast and reserved", ["255.255.255.255", "240.0.0.1", "4000::1"]),
            ("IPv4-mapped", ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"]),
            ("IPv4-compatible", ["::127.0.0.1", "::10.0.0.1", "::8.8.8.8"]),
            ("translated", ["64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1"]),
            ("tunnelled", ["2002:7f00:1::1", "2001::1", "192.88.99.1"]),
            ("documentation", ["192.0.2.1", "2001:db8::1", "3fff::1"]),
            ("more documentation", ["198.51.100.1", "203.0.113.1", "2001:db8:ffff::1"]),
            ("benchmarks and protocols", ["198.18.0.1", "198.19.255.255", "192.0.0.1"]),
        ] {
            for address in addresses {
                assert!(!is_called(address), "{kind}: {address}");
            }
        }
    }

    #[test]
    fn public_addresses_are_called_up_to_the_edges_of_the_others() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00::1",
            "2001:200::1",
            "64:ff9b::101:101",
        ] {
            assert!(is_called(address), "{address}");
        }
    }
}
