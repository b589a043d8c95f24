//! A list of networks, as settings name them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Networks such as `10.0.0.0/8`, and single addresses: a list, or one text with commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// This machine.
    #[must_use]
    pub fn loopback() -> Self {
        let v4 = IpNet::new_assert([127, 0, 0, 0].into(), 8);
        Self(vec![v4, IpNet::new_assert(std::net::Ipv6Addr::LOCALHOST.into(), 128)])
    }

    /// Whether an address lies in one of them.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        // A socket for both families shows IPv4 callers as `::ffff:a.b.c.d`.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        all.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let wrong = |()| format!("`{text}` is no network: write 10.0.0.0/8, or one address");
    if text.contains('/') {
        return text.parse::<IpNet>().map(|network| network.trunc()).map_err(|_| wrong(()));
    }
    text.parse::<IpAddr>().map(IpNet::from).map_err(|_| wrong(()))
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&all.join(","))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            List(Vec<String>),
        }
        let text = match Form::deserialize(from)? {
            Form::Text(text) => text,
            Form::List(all) => all.join(","),
        };
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_network_or_not() {
        let networks: Networks = "10.0.0.0/8, 192.0.2.7,fd00::/8".parse().unwrap();
        for (address, want) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("11.0.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("fd00::1", true),
            ("::1", false),
        ] {
            assert_eq!(networks.contain(address.parse().unwrap()), want, "{address}");
        }
        assert!(Networks::loopback().contain("127.0.0.2".parse().unwrap()));
        assert!(!"".parse::<Networks>().unwrap().contain("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_named() {
        let error = "10.0.0.0/8,lan".parse::<Networks>().unwrap_err();
        assert_eq!(error, "`lan` is no network: write 10.0.0.0/8, or one address");
        assert!("10.0.0.0/33".parse::<Networks>().is_err());
    }
}
