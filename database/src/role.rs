//! The role that a service takes on after it has connected: its rights, whoever its user is.

/// One of the group roles of `sql/roles.sql`, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbRole {
    /// Inserts standard jobs, assigns them and takes them back.
    Monitor,
    /// Takes, keeps and ends jobs.
    Processor,
    /// Reads reports and asks for crashes.
    Middleware,
    /// Counts, asks for crashes to be processed again, and brings rows back that went astray.
    Cron,
    /// Reads the unprotected columns of reports.
    Analyst,
    /// Stays the user that connected: for migrations and operators.
    Owner,
}

impl DbRole {
    /// The role's name in the database; `None` for the user's own.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Monitor => Some("auxilio_monitor"),
            Self::Processor => Some("auxilio_processor"),
            Self::Middleware => Some("auxilio_middleware"),
            Self::Cron => Some("auxilio_cron"),
            Self::Analyst => Some("auxilio_analyst"),
            Self::Owner => None,
        }
    }
}
