//! What people write, the frequent first.

/// In many scripts, of many lengths. Two name a person or a page: such text must never get out.
pub(super) const COMMENTS: &[&str] = &[
    "It crashed when I opened a second window.",
    "again",
    "Just scrolling,\nthen gone.",
    "watching a video in full screen",
    "Crashes every time I print!!! Please fix.",
    "Das ist heute schon das dritte Mal \u{1f62e}",
    "J'ai cliqu\u{e9} sur \u{ab} Enregistrer sous \u{bb} et plus rien.",
    "\u{52d5}\u{753b}\u{3092}\u{518d}\u{751f}\u{3057}\u{3066}\u{3044}\u{305f}\u{3089}\u{7a81}\u{7136}\u{843d}\u{3061}\u{307e}\u{3057}\u{305f}\u{3002}",
    "\u{41e}\u{43f}\u{44f}\u{442}\u{44c} \u{443}\u{43f}\u{430}\u{43b} \u{43f}\u{440}\u{438} \u{437}\u{430}\u{43f}\u{443}\u{441}\u{43a}\u{435}.",
    "\u{6253}\u{5f00}\u{7f51}\u{9875}\u{5c31}\u{5d29}\u{6e83}\u{4e86}",
    "Travou ao abrir o e-mail com anexo.",
    "\u{62a}\u{648}\u{642}\u{641} \u{627}\u{644}\u{628}\u{631}\u{646}\u{627}\u{645}\u{62c} \u{641}\u{62c}\u{623}\u{629}",
    "\u{939}\u{930} \u{92c}\u{93e}\u{930} \u{915}\u{94d}\u{930}\u{948}\u{936} \u{939}\u{94b}\u{924}\u{93e} \u{939}\u{948}",
    "\u{395}\u{3ba}\u{3bb}\u{3b5}\u{3b9}\u{3c3}\u{3b5} \u{3bc}\u{3cc}\u{3bd}\u{3bf} \u{3c4}\u{3bf}\u{3c5}",
    "Zawiesi\u{142}o si\u{119} po wybudzeniu laptopa ze snu.",
    "\u{c7}\u{f6}kt\u{fc} ve sekmelerim gitti :(",
    "\u{bc84}\u{d2bc}\u{c744} \u{b20c}\u{b800}\u{b354}\u{b2c8} \u{aebc}\u{c84c}\u{c5b4}\u{c694}",
    "write to me: kim@mail.example, or look at https://shop.example/cart?session=77",
    "<b>bold</b> & \"quoted\" 'text' -- ; DROP it",
    "I had about forty tabs open, most of them on the same news site, two with mail and one with a \
     long document that I was editing for two hours. Then the machine went to sleep, and when it \
     woke up the window was white, the fan was loud and nothing could be clicked. After a minute or \
     so everything was gone. This is the fourth time since the last update; before it, this never \
     happened. I have already tried a new profile, a new account, another mouse and the other \
     screen, and I have turned off every add-on but the dictionary. Please call me at the usual \
     number, my name is in the last report.",
];
