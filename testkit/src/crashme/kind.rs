//! The ways in which `auxilio-crashme` crashes, and what a report of each must say.

use clap::ValueEnum;

/// A way to crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Kind {
    /// Writes to an address near null, in a function inlined into one inlined into a third.
    Segv,
    /// Reads from a non-canonical address: the kernel gives no address for it.
    SegvNc,
    /// Writes to a constant.
    WriteRo,
    /// Calls into data.
    ExecData,
    /// Calls `abort`.
    Abort,
    /// Panics under a hook that aborts.
    Panic,
    /// Runs an undefined instruction.
    Ill,
    /// Divides by zero.
    Fpe,
    /// Runs a breakpoint instruction.
    Trap,
    /// Reads a mapped file beyond its end.
    Bus,
    /// Frees memory twice, which the C library notices.
    DoubleFree,
    /// Asks for more memory than there can be.
    OomAbort,
    /// Calls itself until the stack is used up.
    StackOverflow,
    /// Doesn't crash: it spins and is dumped from outside.
    Spin,
}

/// What a right report of a crash says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The reason, as minidump-processor words it.
    pub reason: &'static str,
    /// The function of the program in which it crashed, without its path.
    pub function: &'static str,
    /// Functions inlined into it at that place, innermost first.
    pub inlines: &'static [&'static str],
    /// Whether it is the crashing thread's first frame; else the C library's or Rust's stand above.
    pub is_top: bool,
    /// Whether the dump's exception has an address.
    pub has_address: bool,
    /// The signal that ends the process in the end.
    pub signal: i32,
}

impl Kind {
    /// All kinds, in the order of the list.
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Segv => "segv",
            Self::SegvNc => "segv-nc",
            Self::WriteRo => "write-ro",
            Self::ExecData => "exec-data",
            Self::Abort => "abort",
            Self::Panic => "panic",
            Self::Ill => "ill",
            Self::Fpe => "fpe",
            Self::Trap => "trap",
            Self::Bus => "bus",
            Self::DoubleFree => "double-free",
            Self::OomAbort => "oom-abort",
            Self::StackOverflow => "stack-overflow",
            Self::Spin => "spin",
        }
    }

    /// What a right report of it says.
    pub fn expectation(self) -> Expectation {
        let fault = |reason, function, signal| Expectation {
            reason,
            function,
            inlines: &[],
            is_top: true,
            has_address: true,
            signal,
        };
        // A crash that the program itself asks for has no address, and its top is the C library.
        let asked = |function| Expectation {
            is_top: false,
            has_address: false,
            ..fault("SIGABRT / SI_TKILL", function, libc::SIGABRT)
        };
        match self {
            Self::Segv => Expectation {
                inlines: &["inlined_inner", "inlined_middle"],
                ..fault("SIGSEGV / SEGV_MAPERR", "crash_segv", libc::SIGSEGV)
            },
            Self::SegvNc => Expectation {
                has_address: false,
                ..fault("SIGSEGV / SI_KERNEL", "crash_segv_nc", libc::SIGSEGV)
            },
            Self::WriteRo => fault("SIGSEGV / SEGV_ACCERR", "crash_write_ro", libc::SIGSEGV),
            Self::ExecData => Expectation {
                is_top: false,
                ..fault("SIGSEGV / SEGV_ACCERR", "crash_exec_data", libc::SIGSEGV)
            },
            Self::Abort => asked("crash_abort"),
            Self::Panic => asked("crash_panic"),
            Self::Ill => fault("SIGILL / ILL_ILLOPN", "crash_ill", libc::SIGILL),
            Self::Fpe => fault("SIGFPE / FPE_INTDIV", "crash_fpe", libc::SIGFPE),
            Self::Trap => Expectation {
                has_address: false,
                ..fault("SIGTRAP / SI_KERNEL", "crash_trap", libc::SIGTRAP)
            },
            Self::Bus => fault("SIGBUS / BUS_ADRERR", "crash_bus", libc::SIGBUS),
            Self::DoubleFree => asked("crash_double_free"),
            Self::OomAbort => asked("crash_oom_abort"),
            Self::StackOverflow => {
                fault("SIGSEGV / SEGV_MAPERR", "crash_stack_overflow", libc::SIGSEGV)
            }
            // The writer of the dump puts the instruction's address there.
            Self::Spin => fault("DUMP_REQUESTED", "spin_forever", libc::SIGKILL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_takes_every_kind_by_its_name() {
        for kind in Kind::all() {
            assert_eq!(Kind::from_str(kind.name(), false), Ok(*kind));
        }
    }
}
