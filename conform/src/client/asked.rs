//! One request, as bytes of HTTP/1.1.

use lapor_protocol::wire::{PREFIX, VERSION, VERSION_HEADER};

#[derive(Debug, Clone)]
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// Below the prefix, with the version and nothing else.
    pub fn new(method: &'static str, path: &str) -> Self {
        Self::bare(method, &format!("{PREFIX}{path}")).header(VERSION_HEADER, VERSION)
    }

    /// A path as it stands, without any header.
    pub fn bare(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", media)
    }

    /// As it goes over HTTP/1.1.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: hub\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if !self.body.is_empty() || self.method != "GET" {
            let length = self.body.len().to_string();
            head.extend(["content-length: ", &length, "\r\n"]);
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}
