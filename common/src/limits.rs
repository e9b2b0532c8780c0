//! Every bound on what comes from outside, in one place, each with its reason.

use std::time::Duration;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Largest dump that is taken: Breakpad's clients cut theirs below it, and Socorro's limit was the same.
pub const DUMP_BYTES_MAX: u64 = 20 * MIB;

/// Largest body on the wire: what the collectors before us took, so that clients already know it.
pub const BODY_BYTES_MAX: u64 = 25 * MIB;

/// Largest body once inflated: several dumps and a memory report fit, a bomb does not.
pub const INFLATED_BYTES_MAX: u64 = 64 * MIB;

/// Largest ratio of inflated to wire bytes after the first MiB. Real minidumps stay below 30.
pub const INFLATE_RATIO_MAX: u64 = 200;

/// Inflated bytes below which the ratio is not looked at: small texts compress very well.
pub const INFLATE_RATIO_FREE_BYTES: u64 = MIB;

/// Window of a zstd stream, as a power of two: 8 MiB, what RFC 9659 allows for HTTP and what zstd's levels
/// up to 19 write. A reader keeps the window in memory.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Memory of an xz stream's reader: a dictionary of 64 MiB, which `xz -9` writes. Only what is used of it
/// is ever resident, and no dump is longer than [`DUMP_BYTES_MAX`].
pub const XZ_MEMORY_BYTES_MAX: u64 = 66 * MIB;

/// Bytes of a compressed dump that are held in memory until it shows to be whole; more goes to a file. A
/// dump of 1 MB has 200 kB compressed.
pub const SCRATCH_MEMORY_BYTES_MAX: usize = 256 * 1024;

/// Parts of a form, dropped ones counted too: as many as may be kept, twice.
pub const PARTS_COUNT_MAX: usize = 2 * (ANNOTATIONS_COUNT_MAX + DUMPS_COUNT_MAX);

/// Notes that a collector writes about one crash: its first hundred faults tell what is wrong with a client.
pub const NOTES_COUNT_MAX: usize = 100;

/// Bytes of a name in a note.
pub const NOTED_NAME_BYTES_MAX: usize = 80;

/// Bytes of the header User-Agent that stand with a crash: real ones have 150.
pub const USER_AGENT_BYTES_MAX: usize = 512;

/// Bytes of the white space behind a delimiter: mail systems once padded lines with it, no crash client does.
pub const DELIMITER_PADDING_BYTES_MAX: usize = 64;

/// Characters of a dump's name: the bound that collectors before us had, so that names stay equal.
pub const DUMP_NAME_CHARS_MAX: usize = 30;

/// Files that one crash may carry: the largest real one had five.
pub const DUMPS_COUNT_MAX: usize = 32;

/// Annotations that one crash may carry: Chromium sends 60, Firefox 90.
pub const ANNOTATIONS_COUNT_MAX: usize = 1_000;

/// Bytes of an annotation's name.
pub const ANNOTATION_NAME_BYTES_MAX: usize = 255;

/// Bytes of one annotation's value: Firefox's TelemetryEnvironment is 50 kB.
pub const ANNOTATION_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of all annotations together, and of the JSON part: held in memory while a request lasts.
pub const ANNOTATIONS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of one part's head lines.
pub const PART_HEAD_BYTES_MAX: usize = 16 * 1024;

/// Characters of a multipart boundary: RFC 2046 says 70; some clients use a few more.
pub const BOUNDARY_BYTES_MAX: usize = 100;

/// Bytes of a spooled crash's index: annotations at their limit, each byte escaped to six, and the rest.
pub const SPOOL_INDEX_BYTES_MAX: u64 = 32 * MIB;

/// Nested levels that a JSON annotation may have; real ones have six.
pub const JSON_DEPTH_MAX: usize = 32;

/// Bytes of a file of throttling rules: Mozilla's sixteen take 5 kB.
pub const RULE_FILE_BYTES_MAX: u64 = MIB;

/// Throttling rules in one set: all may be asked about every crash.
pub const RULES_COUNT_MAX: usize = 1_000;

/// Bytes of a rule's name: it stands in answers and in labels of metrics.
pub const RULE_NAME_BYTES_MAX: usize = 64;

/// Products that counts tell apart: what comes beyond them, as a hostile client may make it, is one bucket.
pub const COUNTED_PRODUCTS_MAX: usize = 200;

/// Characters of a product's name in counts: real ones have 20.
pub const PRODUCT_CHARS_MAX: usize = 64;

/// Addresses, and products, that quotas count apart: some MB of memory.
pub const QUOTA_NAMES_MAX: usize = 50_000;

/// First day that a crash may carry: before it there was no such system.
pub const FIRST_YEAR: i32 = 2005;

/// Bytes of one thread's stack that are walked: 1,025 frames, plenty even for a stack overflow.
pub const STACK_BYTES_MAX: u32 = 64 * 1024;

/// Bytes of all stacks together that are walked: work and memory are linear in them.
pub const STACKS_BYTES_MAX: u64 = 16 * MIB;

/// Threads that are walked: the largest real dump had 400.
pub const THREADS_COUNT_MAX: u32 = 2_000;

/// Modules that are read: the largest real dump had 700.
pub const MODULES_COUNT_MAX: u32 = 4_000;

/// Unloaded modules that are read: Windows itself remembers 64.
pub const UNLOADED_COUNT_MAX: usize = 1_000;

/// Unloaded modules that are named for one frame: addresses are used again, but not for ever.
pub const UNLOADED_NAMES_PER_FRAME_MAX: usize = 16;

/// Unloaded modules that are named for all frames together: as many as there may be frames.
pub const UNLOADED_NAMES_TOTAL_MAX: usize = 20_000;

/// Streams of a dump: real ones have 30, and the reader keeps a tree of them.
pub const STREAMS_COUNT_MAX: usize = 1_000;

/// Memory regions that are read, and lines about them: the largest real dump had 20,000, and a million
/// cost 170 MB.
pub const REGIONS_COUNT_MAX: usize = 100_000;

/// Bytes of a name in a dump (UTF-16), and of a module's debug record: 512 characters of a path.
/// Every frame has a copy of its module's.
pub const NAME_BYTES_MAX: usize = 1_024;

/// Bytes of all names in a dump: 4,000 modules of 500 characters. Many entries may share one name, and
/// each is read.
pub const NAMES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes that a name keeps when those of all are used up.
pub const NAME_BYTES_MIN: usize = 64;

/// Bytes of the list of mapped memory, and of processors: a Firefox of 5,000 mappings has 500 kB, and
/// 20 MB cost 250 MB.
pub const MAPS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of a short text about the machine or the process: real ones have 2 kB.
pub const FACTS_BYTES_MAX: usize = 64 * 1024;

/// Bytes of JSON that a dump's writer says about its own errors: real ones have 5 kB, and in memory
/// they are 16 to 30 times as large.
pub const SOFT_ERRORS_BYTES_MAX: usize = 256 * 1024;

/// Open handles that are read: the largest real Windows dumps list a few thousand.
pub const HANDLES_COUNT_MAX: usize = 10_000;

/// Frames of one thread in a report, of longer stacks the mark for what was left out among them:
/// Socorro's number. What recurses has its reason at either end.
pub const FRAMES_COUNT_MAX: usize = 500;

/// Innermost frames of a longer stack that are kept; the others that are kept are the outermost.
pub const FRAMES_INNERMOST_COUNT: usize = 250;

/// Frames of all threads together that are kept in a report: bounds its size to a few MiB.
pub const FRAMES_TOTAL_MAX: usize = 20_000;

/// Wall time for one dump's walk before its worker is killed.
pub const WALK_TIME_MAX: Duration = Duration::from_secs(20);

/// Address space of a walker beyond what it has at start: the mapped symbols are most of it.
pub const WALKER_ADDRESS_SPACE_BYTES: u64 = 3 * 1024 * MIB;

/// Memory of a walker's own, mapped symbols aside: no known dump takes a tenth of it, and the index of
/// the largest symbol file fits. The address space has to hold the symbols too and bounds less.
pub const WALKER_DATA_BYTES: u64 = 1024 * MIB;

/// Resident memory at which a walker is replaced after its dump.
pub const WALKER_RESIDENT_BYTES_MAX: u64 = 300 * MIB;

/// Dumps that a walker takes before it is replaced: whatever leaks is bounded by it.
pub const WALKER_DUMPS_MAX: u32 = 1_000;

/// Bytes of the JSON of all walks of one crash: 20,000 frames of 500 bytes, and modules. The largest
/// real one has 2.5 MB; a processor holds it two or three times, for each of a dozen jobs.
pub const WALK_JSON_BYTES_MAX: u64 = 16 * MIB;

/// Bytes of an inflated memory report: the number of those before us, and twice what a large real one has.
pub const MEMORY_REPORT_BYTES_MAX: u64 = 20 * MIB;

/// Bytes of a signature: Socorro's column had 255 characters.
pub const SIGNATURE_CHARS_MAX: usize = 255;

/// Leaf names in a dump longer than this never become a path or URL.
pub const SYMBOL_NAME_BYTES_MAX: usize = 255;

/// Bytes of one symbol file.
pub const SYMBOL_FILE_BYTES_MAX: u64 = 2 * 1024 * MIB;

/// Bytes of symbol files and indexes that one walker keeps mapped: half of its address space.
pub const SYMBOLS_MAPPED_BYTES_MAX: u64 = 1536 * MIB;

/// Text of symbol files that one walker keeps parsed: about twice of it in memory.
pub const SYMBOL_MINIATURES_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Leases lost from which on a job runs alone in its processor: by chance it hardly loses three.
pub const LOST_LEASES_ALONE: i32 = 3;

/// Leases that a job may lose before it ends as `lost`.
pub const LOST_LEASES_MAX: i32 = 10;

/// Times that a dump may kill or time out its walker before the job ends as `poison`.
pub const DEATHS_MAX: i32 = 2;

/// Takes of a job after which what store or database refuse for good is believed: the pauses between
/// them add up to half a minute.
pub const REFUSED_ATTEMPTS_MAX: i32 = 5;

/// Finished jobs that go to the database in one call: more gain nothing, and all of them wait for it.
pub const SAVED_TOGETHER_MAX: usize = 64;

/// Bytes of a request's body on the middleware: it takes no uploads.
pub const API_BODY_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of an answer that one of our own HTTP clients reads from another of our services.
pub const API_ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Bytes of one function, file or module name that signature generation looks at: the longest real
/// symbol had 100 kB, and one of this length still takes only milliseconds.
pub const FRAME_NAME_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of a frame's name, arguments removed, that the lists' patterns look at: far more than a
/// signature has room for, and a pattern's cost on hostile names stays small.
pub const MATCHED_NAME_BYTES_MAX: usize = 4096;

/// Frames of a thread that a signature is made from, inlined ones counted: Mozilla's number.
pub const SIGNATURE_FRAMES_MAX: usize = 40;

/// Bytes of what a signature is made from, as it is kept for each crash: forty frames with names of the
/// longest have half of it. A crash with more is not signed again when lists change.
pub const SIGNATURE_INPUT_BYTES_MAX: usize = 128 * 1024;

/// Signatures that a trial of other lists tells apart: a hundred megabytes. Crashes of more are counted.
pub const SIGNATURES_TRIED_MAX: usize = 1_000_000;

/// Bytes of one list of patterns, built-in or a site's: Mozilla's largest has 8 kB.
pub const SIGNATURE_LIST_BYTES_MAX: usize = 1024 * 1024;

/// Characters of a text in a report's indexed columns: a tree's entry holds 2,700 bytes at most, and
/// two such texts stand in one.
pub const INDEXED_TEXT_CHARS_MAX: usize = 255;

/// Bytes of a text of a report beyond which it says so in its notes: what people write and paste stays
/// below, and such rows make a table slow to read.
pub const NOTED_TEXT_BYTES: usize = 64 * 1024;

/// Add-ons of one crash that stand beside its report: people have a dozen, and each is a row. The
/// processed crash has all.
pub const EXTENSIONS_COUNT_MAX: usize = 200;

/// Modules of one crash that the table of all modules learns of: as many as a signature has frames.
pub const REPORT_MODULES_COUNT_MAX: usize = SIGNATURE_FRAMES_MAX;

/// Characters of the names of a module's files, and of its version and id, in the table of all modules:
/// all four stand in one index, whose entry holds 2,700 bytes. Real ones have 40.
pub const MODULE_FILE_CHARS_MAX: usize = 128;
/// See [`MODULE_FILE_CHARS_MAX`].
pub const MODULE_ID_CHARS_MAX: usize = 64;

/// Characters of a text field of a processed crash: what a search engine takes as one term, and
/// far beyond what a page shows. The raw crash keeps all of it.
pub const TEXT_FIELD_CHARS_MAX: usize = 32_768;

/// Entries of one hint to the monitor: a crashmover speaks at least once a second.
pub const HINT_ENTRIES_MAX: usize = 1_000;

/// Bytes of one hint: a hundred for each entry, and room.
pub const HINT_BYTES_MAX: usize = 256 * 1024;

/// Hinted entries that wait in the monitor: half a minute at ten times Mozilla's load.
pub const HINT_QUEUE_ENTRIES_MAX: usize = 10_000;

/// Crashmovers whose numbers the monitor remembers.
pub const HINT_MOVERS_MAX: usize = 1_000;

/// Jobs of one client's address that may wait for their raw crash: a person follows a few at once.
pub const WAITING_JOBS_PER_CLIENT_MAX: i64 = 20;

/// Jobs that may wait for their raw crash in all: the store is asked for each of them every second.
pub const WAITING_JOBS_MAX: i64 = 1_000;

/// Crashes whose way out of the spool a crashmover remembers for their receipts: some MB of memory.
pub const CARRIED_REMEMBERED_MAX: usize = 10_000;

/// Bytes of a crashmover's answer about one crash: a hundred files of one id fit.
pub const RECEIPT_BYTES_MAX: usize = 64 * 1024;

/// Ids of one `POST /wanted` to a crashmover, and ids that one remembers: all that may wait.
pub const WANTED_IDS_MAX: usize = 1_000;

/// Bytes of one `POST /wanted`: forty for each id, and room.
pub const WANTED_BYTES_MAX: usize = 64 * 1024;

/// Seconds that one statement of an operator's condition over reports may run: it may have to read a
/// whole week, some millions of rows.
pub const CONDITION_SECONDS_MAX: u64 = 300;

/// Bytes of one answer of an HBase gateway: three times the largest dump, which an old row holds whole.
pub const HBASE_REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of an answer of an HBase gateway to a call that returns no data: an error's text has 12 kB.
pub const HBASE_SHORT_REPLY_BYTES_MAX: usize = 1024 * 1024;

/// Elements of one list, set or map in an answer of an HBase gateway: room is made before they come.
pub const HBASE_CONTAINER_ELEMENTS_MAX: usize = 100_000;

/// Elements of all containers of one answer of an HBase gateway: about 100 bytes of memory each.
pub const HBASE_ELEMENTS_MAX: usize = 1_000_000;

/// Structures within structures in an answer of an HBase gateway: real ones have four.
pub const HBASE_DEPTH_MAX: usize = 64;

/// Age below which nothing in a store is called astray: a crashmover may be carrying the crash at this
/// moment, and its parts come one after another. The longest put takes a few minutes.
pub const STRAY_AGE_MIN: Duration = Duration::from_mins(10);

/// Age below which no orphan is removed from a store, asked for or not: a spool of another machine may
/// still have the crash, and the longest known outages last days.
pub const ORPHAN_AGE_MIN: Duration = Duration::from_hours(7 * 24);

/// Time for which a processor takes the known builds to be all there are: a beta that was told a
/// minute ago has crashes only when people run it.
pub const BUILDS_KNOWN_FOR: Duration = Duration::from_secs(60);
