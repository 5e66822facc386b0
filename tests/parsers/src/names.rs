//! Names: in paths, queries, headers and every body. One that is read has one spelling.

use std::fmt::Display;
use std::str::FromStr;

use lapor_certs::{HubUrl, TrustDomain};
use lapor_protocol::authority::Pattern;
use lapor_protocol::delivery::Cursor;
use lapor_protocol::ids::{CaseId, Digest, InstanceId, InstanceKind, MessageId};
use lapor_protocol::region::RegionCode;
use lapor_protocol::seal::Subject;

use crate::Named;

pub const ALL: &[Named] = &[("name", name)];

fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    spelt::<InstanceId>(text);
    spelt::<InstanceKind>(text);
    spelt::<MessageId>(text);
    spelt::<CaseId>(text);
    spelt::<Digest>(text);
    spelt::<Cursor>(text);
    spelt::<Subject>(text);
    spelt::<Pattern>(text);
    spelt::<RegionCode>(text);
    spelt::<TrustDomain>(text);
    if let Ok(url) = text.parse::<HubUrl>() {
        assert!(text.starts_with(url.as_str()), "but a slash at its end");
        url.server_name();
        url.port();
    }
}

fn spelt<T: FromStr + Display>(text: &str) {
    if let Ok(name) = text.parse::<T>() {
        assert_eq!(name.to_string(), text);
    }
}
