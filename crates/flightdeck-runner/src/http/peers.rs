//! How many connections one address holds.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections by address.
#[derive(Debug)]
pub(super) struct Peers {
    most: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address, until it is dropped.
#[derive(Debug)]
pub(super) struct Peer {
    peers: Arc<Peers>,
    network: IpAddr,
}

impl Peers {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    /// One more connection from there, unless it holds enough.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Peer> {
        let network = network(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Peer { peers: Arc::clone(self), network })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let mut held = self.peers.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.network);
            }
        }
    }
}

/// Whoever has one address of IPv6 has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_so_many_and_no_more() {
        let peers = Peers::new(2);
        let admit = |address: &str| peers.admit(address.parse().unwrap());
        let held = [admit("192.0.2.1"), admit("::ffff:192.0.2.1")];
        assert!(held.iter().all(Option::is_some) && admit("192.0.2.1").is_none());
        let other = [admit("192.0.2.2"), admit("2001:db8::1"), admit("2001:db8::2")];
        assert!(other.iter().all(Option::is_some), "others are not affected");
        assert!(admit("2001:db8::ffff:0:0:1").is_none() && admit("2001:db8:0:1::1").is_some());
        drop(held);
        assert!(admit("192.0.2.1").is_some());
        drop(other);
        assert!(peers.held.lock().unwrap().is_empty(), "nothing is kept of who is gone");
    }
}
