//! Pages of the samples, the frequent first. The names are reserved for examples (RFC 2606 and 6761).

/// Addresses up to the part that differs from crash to crash, which stands for `*`.
pub(super) const SITES: &[&str] = &[
    "https://www.video.example/watch?v=*",
    "http://www.social.example/games/farm?user=*",
    "https://mail.example/inbox/*",
    "about:blank",
    "https://news.example.com/*/front",
    "https://search.example/find?q=*",
    "about:newtab",
    "https://shop.example/cart?session=*",
    "http://www.video.example/embed/*",
    "https://bank.example.org/login?next=*",
    "https://maps.example.net/@52.5,13.4,*z",
    "file:///home/kim/letters/*.html",
    "http://192.0.2.17:8080/wiki/*",
    "https://xn--bcher-kva.example/lesen/*",
    "https://\u{4f8b}\u{3048}.example/\u{8a18}\u{4e8b}/*",
    "http://radio-live.example:8000/stream.*",
    "https://forum.linux-users.example.org/t/*",
    "chrome://heronview/content/main.xul#*",
    "http://[2001:db8::7]/*",
    "https://games.test/play/*?fullscreen=1",
    "javascript:void(*)",
    "https://kim:secret@intranet.invalid/report/*",
];
