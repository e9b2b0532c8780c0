//! Threads as the page shows them: frames in order, inlined calls as frames of their own.

use std::collections::HashSet;

use serde_json::Value;

use crate::source::Source;
use crate::symbol_state::SymbolState;
use crate::visible::Visible;

/// Frames of one thread above which only both ends are shown.
const FRAMES_WHOLE_MAX: usize = 100;

/// Frames shown at each end of a longer thread.
const FRAMES_END: usize = 50;

/// Rows of all threads together on a page that is not asked for all: keeps it below a MiB.
pub(crate) const ROWS_MAX: usize = 2_000;

/// How many frames a page is asked to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Both ends of long threads.
    Ends,
    /// All.
    Whole,
}

/// How the threads of one dump are shown.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// How many frames.
    pub extent: Extent,
    /// Hosts that source links may lead to.
    pub hosts: &'a [String],
    /// Modules whose symbols were looked for and not there.
    pub without_symbols: HashSet<&'a str>,
}

impl<'a> View<'a> {
    /// A view of a dump.
    pub(crate) fn of(dump: &'a Value, extent: Extent, hosts: &'a [String]) -> Self {
        let missing = |module: &&Value| SymbolState::of(module) == SymbolState::Missing;
        let without = list(dump, "modules").iter().filter(missing);
        let without_symbols = without.filter_map(|module| text(module, "filename")).collect();
        Self { extent, hosts, without_symbols }
    }
}

/// One thread.
#[derive(Debug)]
pub(crate) struct Thread<'a> {
    /// Its place among the threads.
    pub index: usize,
    /// Its name, if it has one.
    pub name: Option<Visible<'a>>,
    /// The system's id for it.
    pub id: Option<u64>,
    /// How many frames it has in the report.
    pub frame_count: usize,
    /// Frames that the processor left out, if it says so.
    pub dropped: u64,
    /// What is shown.
    pub rows: Vec<Row<'a>>,
    /// A first impression: the top function.
    pub top: Option<Visible<'a>>,
}

/// One line of a stack.
#[derive(Debug)]
pub(crate) enum Row<'a> {
    /// A call.
    Frame(Box<Frame<'a>>),
    /// Frames that this page leaves out.
    Hidden(usize),
    /// Frames that the processor left out.
    Dropped(Visible<'a>),
}

/// One call.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    /// Its number; inlined calls carry that of the frame that they were inlined into.
    pub number: u64,
    /// Whether the compiler put it into its caller.
    pub inlined: bool,
    /// The module that holds it.
    pub module: Option<Visible<'a>>,
    /// Its name.
    pub function: Option<Visible<'a>>,
    /// Where it is when it has no name: an offset in the module, or an address; hexadecimal.
    pub place: Option<Visible<'a>>,
    /// Its file and line.
    pub source: Option<Source<'a>>,
    /// Whether it was only guessed from what lay on the stack.
    pub guessed: bool,
    /// Whether the module's symbols were looked for and not there.
    pub missing_symbols: bool,
}

impl<'a> Thread<'a> {
    /// Reads a thread of the stack walker's answer; a part of another shape is left out.
    pub(crate) fn of(index: usize, thread: &'a Value, view: &View<'_>) -> Self {
        let frames = list(thread, "frames");
        let hidden = match view.extent {
            Extent::Ends if frames.len() > FRAMES_WHOLE_MAX => {
                FRAMES_END..frames.len() - FRAMES_END
            }
            _ => 0..0,
        };
        let mut rows = Vec::new();
        for (place, frame) in frames.iter().enumerate() {
            if hidden.contains(&place) {
                if place == hidden.start {
                    rows.push(Row::Hidden(hidden.len()));
                }
                continue;
            }
            push_rows(&mut rows, place, frame, view);
        }
        // The walker counts what it walked, and lists what it kept.
        let walked = number(thread, "frame_count").unwrap_or_default();
        Self {
            index,
            name: text(thread, "thread_name").map(Visible::line),
            id: number(thread, "thread_id"),
            frame_count: frames.len(),
            dropped: walked.saturating_sub(frames.len() as u64),
            top: frames
                .iter()
                .find_map(named)
                .or_else(|| frames.iter().find_map(in_module))
                .map(Visible::line),
            rows,
        }
    }

    /// Leaves all rows out, for a page that has shown enough.
    pub(crate) fn fold(&mut self) {
        self.rows = vec![Row::Hidden(self.frame_count)];
    }
}

fn push_rows<'a>(rows: &mut Vec<Row<'a>>, place: usize, frame: &'a Value, view: &View<'_>) {
    if let Some(mark) = dropped_mark(frame) {
        rows.push(Row::Dropped(mark));
        return;
    }
    let number = number(frame, "frame").unwrap_or(place as u64);
    let module = text(frame, "module").map(Visible::line);
    let source =
        |of| text(of, "file").map(|file| Source::of(file, self::number(of, "line"), view.hosts));
    let guessed = matches!(text(frame, "trust"), Some("scan" | "cfi_scan" | "prewalked" | "non"));
    // The innermost inlined call comes first, as in the walker's answer.
    for inlined in list(frame, "inlines") {
        rows.push(Row::Frame(Box::new(Frame {
            number,
            inlined: true,
            module,
            function: text(inlined, "function").map(Visible::line),
            place: None,
            source: source(inlined),
            guessed,
            missing_symbols: false,
        })));
    }
    let offset = if module.is_some() { "module_offset" } else { "offset" };
    rows.push(Row::Frame(Box::new(Frame {
        number,
        inlined: false,
        module: module.or_else(|| unloaded_module(frame)),
        function: text(frame, "function").map(Visible::line),
        place: text(frame, offset).map(short_hex).map(Visible::line),
        source: source(frame),
        guessed,
        missing_symbols: without_symbols(frame, view),
    })));
}

/// Whether a frame has no name because nobody has the symbols of its module.
fn without_symbols(frame: &Value, view: &View<'_>) -> bool {
    text(frame, "function").is_none()
        && text(frame, "module").is_some_and(|module| view.without_symbols.contains(module))
}

/// The text of a frame that only says that others were left out.
fn dropped_mark(frame: &Value) -> Option<Visible<'_>> {
    match frame.get("truncated")? {
        Value::Null | Value::Bool(false) => None,
        Value::String(message) => Some(Visible::line(message)),
        mark => Some(Visible::line(text(mark, "msg").unwrap_or("frames were left out here"))),
    }
}

fn named(frame: &Value) -> Option<&str> {
    let inlined = list(frame, "inlines").first().and_then(|call| text(call, "function"));
    inlined.or_else(|| text(frame, "function"))
}

fn in_module(frame: &Value) -> Option<&str> {
    text(frame, "module")
}

/// An offset or address without the zeros that fill it up.
fn short_hex(text: &str) -> &str {
    match text.strip_prefix("0x").map(|digits| digits.trim_start_matches('0')) {
        None => text,
        Some("") => "0",
        Some(digits) => digits,
    }
}

fn unloaded_module(frame: &Value) -> Option<Visible<'_>> {
    list(frame, "unloaded_modules")
        .first()
        .and_then(|module| text(module, "module"))
        .map(Visible::line)
}

/// A text that is there and not empty.
pub(crate) fn text<'a>(of: &'a Value, name: &str) -> Option<&'a str> {
    of.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A whole number, not negative.
pub(crate) fn number(of: &Value, name: &str) -> Option<u64> {
    of.get(name).and_then(Value::as_u64)
}

/// A list; absent is empty.
pub(crate) fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view(extent: Extent) -> View<'static> {
        View { extent, hosts: &[], without_symbols: HashSet::from(["libc.so"]) }
    }

    #[test]
    fn a_frame_lacks_symbols_only_where_its_module_does() {
        let thread = json!({"frames": [
            {"module": "libc.so"}, {"module": "libc.so", "function": "exported"}, {"module": "demo"}, {}]});
        let thread = Thread::of(0, &thread, &view(Extent::Ends));
        let lacks =
            thread.rows.iter().map(|row| matches!(row, Row::Frame(frame) if frame.missing_symbols));
        assert_eq!(lacks.collect::<Vec<_>>(), [true, false, false, false]);
    }

    #[test]
    fn inlined_calls_come_before_their_frame_as_frames_of_their_own() {
        let thread = json!({"thread_name": "main", "frames": [{
            "frame": 0, "module": "demo", "function": "outer", "file": "a.c", "line": 9,
            "inlines": [
                {"function": "inner", "file": "a.h", "line": 3},
                {"function": "middle", "file": "b.h", "line": 4}],
        }]});
        let thread = Thread::of(0, &thread, &view(Extent::Ends));
        let shown: Vec<_> = thread
            .rows
            .iter()
            .map(|row| match row {
                Row::Frame(frame) => (frame.function.unwrap().to_string(), frame.inlined),
                _ => panic!("only frames here"),
            })
            .collect();
        let expected = [("inner", true), ("middle", true), ("outer", false)];
        assert_eq!(shown, expected.map(|(name, inlined)| (name.to_owned(), inlined)));
        assert_eq!(thread.top.unwrap().to_string(), "inner");
    }

    #[test]
    fn a_long_thread_shows_both_ends_and_all_when_asked() {
        let frames: Vec<_> = (0..101).map(|number| json!({"frame": number})).collect();
        let thread = json!({"frames": frames, "frame_count": 130});
        let ends = Thread::of(3, &thread, &view(Extent::Ends));
        assert_eq!(ends.rows.len(), 101);
        assert!(matches!(ends.rows[50], Row::Hidden(1)));
        assert_eq!(ends.dropped, 29);
        let whole = Thread::of(3, &thread, &view(Extent::Whole));
        assert!(whole.rows.iter().all(|row| matches!(row, Row::Frame(_))));
        assert_eq!(whole.rows.len(), 101);
    }

    #[test]
    fn parts_of_another_shape_are_left_out() {
        let thread = json!({"thread_name": 5, "frames": [7, {"function": [], "inlines": {}}, {"truncated": {"msg": "20 gone"}}]});
        let thread = Thread::of(0, &thread, &view(Extent::Ends));
        assert_eq!(thread.rows.len(), 3);
        assert!(matches!(thread.rows[2], Row::Dropped(mark) if mark.to_string() == "20 gone"));
    }
}
