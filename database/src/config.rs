//! Where Postgres is and how patient we are with it.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::{DbRole, Error};

/// The section `database` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Host name or address.
    pub host: String,
    /// TCP port; 8132 is that of the private server.
    pub port: u16,
    /// The database's name.
    pub database: String,
    /// The user that connects. It must be a member of the roles of its services.
    pub user: String,
    /// File with the user's password on its first line. Without it none is sent.
    #[serde(with = "auxilio_common::optional_path")]
    pub password_file: Option<PathBuf>,
    /// How long to wait for a connection, in seconds.
    pub connect_timeout_secs: u64,
    /// How long one statement may run, in seconds.
    pub statement_timeout_secs: u64,
    /// Connections that one service opens at most, beside those that listen.
    pub pool_connections_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 8132,
            database: "auxilio".into(),
            user: "auxilio".into(),
            password_file: None,
            connect_timeout_secs: 5,
            statement_timeout_secs: 30,
            pool_connections_max: 8,
        }
    }
}

impl Config {
    /// The driver's form of it. Reads the password's file.
    pub(crate) fn driver(&self) -> Result<tokio_postgres::Config, Error> {
        let mut driver = tokio_postgres::Config::new();
        driver
            .host(&self.host)
            .port(self.port)
            .dbname(&self.database)
            .user(&self.user)
            .application_name("auxilio")
            .connect_timeout(self.connect_timeout())
            // A server whose machine is gone says nothing: without these we would wait for hours.
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(self.deadline());
        if let Some(path) = &self.password_file {
            let password = fs::read_to_string(path)
                .and_then(|text| {
                    text.lines().next().map(str::to_owned).ok_or_else(|| {
                        io::Error::new(io::ErrorKind::InvalidData, "the file is empty")
                    })
                })
                .map_err(|source| Error::PasswordFile { path: path.clone(), source })?;
            driver.password(password);
        }
        Ok(driver)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_secs.max(1))
    }

    /// When we give a statement up ourselves: later than the server does, so that it speaks first.
    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_secs(self.statement_timeout_secs.max(1).saturating_add(5))
    }

    /// What every new connection says first.
    pub(crate) fn greeting(&self, role: DbRole) -> String {
        let seconds = self.statement_timeout_secs.max(1);
        let mut sql = format!("SET TimeZone = 'UTC'; SET statement_timeout = '{seconds}s';");
        if let Some(role) = role.name() {
            sql.push_str(" SET ROLE ");
            sql.push_str(role);
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_password_file_is_named() {
        let config = Config { password_file: Some("/nowhere/pw".into()), ..Config::default() };
        let error = config.driver().unwrap_err();
        assert!(error.to_string().contains("/nowhere/pw"), "{error}");
    }

    #[test]
    fn first_line_of_the_file_is_the_password() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\nrest\n").unwrap();
        let config = Config { password_file: Some(file.path().into()), ..Config::default() };
        assert_eq!(config.driver().unwrap().get_password(), Some(b"s3cret".as_slice()));
    }
}
