//! Where symbols were downloaded from, as everybody may see it.

/// An address without what may be a secret: who asks in front of the host, and the signature behind
/// the path. An address of this machine is of use to nobody else.
pub(crate) fn public_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| is_web(scheme))?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let name = if host.starts_with('[') {
        host.split_inclusive(']').next().unwrap_or_default()
    } else {
        host.split(':').next().unwrap_or_default()
    };
    (!name.is_empty() && !is_here(&name.to_ascii_lowercase()))
        .then(|| format!("{scheme}://{host}{path}"))
}

fn is_web(scheme: &str) -> bool {
    ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

fn is_here(name: &str) -> bool {
    name == "localhost"
        || name.ends_with(".localhost")
        || name.starts_with("127.")
        || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_addresses_of_this_machine_are_not_shown() {
        const PLAIN: &str = "https://symbols.example/xul.pdb/1A/xul.sym";
        for (url, expected) in [
            (PLAIN, Some(PLAIN)),
            ("https://symbols.example/xul.pdb/1A/xul.sym?Signature=secret&Expires=1", Some(PLAIN)),
            ("https://symbols.example/xul.pdb/1A/xul.sym#secret", Some(PLAIN)),
            ("https://me:secret@symbols.example/xul.pdb/1A/xul.sym", Some(PLAIN)),
            ("https://symbols.example:8443?secret", Some("https://symbols.example:8443")),
            ("http://localhost:8000/a", None),
            ("HTTP://LocalHost/a", None),
            ("http://a.localhost/a", None),
            ("http://me@127.0.0.1:8000/a", None),
            ("http://[::1]:8000/a", None),
            ("http://localhost.example/a", Some("http://localhost.example/a")),
            ("file:///home/secret/a.sym", None),
            ("/home/secret/a.sym", None),
            ("https:///a", None),
            ("?", None),
            ("", None),
        ] {
            assert_eq!(public_url(url).as_deref(), expected, "{url}");
        }
    }
}
