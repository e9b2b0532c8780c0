//! A real browser: Debian's Chromium without a window, one fresh profile for each page.
//!
//! It answers the document as it stands after loading, what the console said (a violation of the
//! page's own content security policy among it), and screenshots. Nothing of it reaches beyond the
//! machine.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Where Debian's package puts the program.
const PROGRAM: &str = "/usr/bin/chromium";

/// Flags of every start: no window, no sandbox (tests may run as root), no talk of its own.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--enable-logging=stderr",
];

/// Time for one page: a start on two busy cores takes some seconds.
const PAGE_TIME_MAX: Duration = Duration::from_mins(2);

/// Time between two looks at a running browser.
const LOOK: Duration = Duration::from_millis(20);

/// A browser that is installed.
#[derive(Clone, Debug)]
pub struct Browser {
    program: PathBuf,
}

/// A page after loading.
#[derive(Clone, Debug)]
pub struct Page {
    /// The document as HTML, after scripts had their chance.
    pub html: String,
    /// Lines of the console, errors and refusals among them.
    pub console: Vec<String>,
}

/// The colours that a page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Browser {
    /// The browser of this machine; the error says how to install it.
    pub fn find() -> Result<Self> {
        let program = PathBuf::from(PROGRAM);
        if !program.exists() {
            bail!("{PROGRAM} is not there: apt-get install -y --no-install-recommends chromium");
        }
        Ok(Self { program })
    }

    /// Loads an address.
    pub fn open(&self, url: &str) -> Result<Page> {
        let said = self.start(&["--dump-dom".to_owned(), url.to_owned()])?;
        Ok(Page { html: said.output, console: console_lines(&said.errors) })
    }

    /// Draws an address into a PNG of `width` by `height` pixels.
    pub fn screenshot(
        &self,
        url: &str,
        (width, height): (u32, u32),
        colours: Colours,
        out: &Path,
    ) -> Result<()> {
        let mut arguments = vec![
            format!("--screenshot={}", out.display()),
            format!("--window-size={width},{height}"),
        ];
        if colours == Colours::Dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        arguments.push(url.to_owned());
        self.start(&arguments)?;
        if !out.exists() {
            bail!("chromium left no picture at {}", out.display());
        }
        Ok(())
    }

    fn start(&self, arguments: &[String]) -> Result<Said> {
        let folder = tempfile::tempdir().context("make a folder for the browser's profile")?;
        let (output, errors) = (folder.path().join("output"), folder.path().join("errors"));
        let mut child = Command::new(&self.program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(File::create(&errors)?)
            .spawn()
            .with_context(|| format!("start {}", self.program.display()))?;
        let mut waited = Duration::ZERO;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if waited >= PAGE_TIME_MAX {
                child.kill()?;
                child.wait()?;
                break None;
            }
            thread::sleep(LOOK);
            waited += LOOK;
        };
        let said = Said { output: read(&output)?, errors: read(&errors)? };
        said.judge(status)
    }
}

/// What a browser wrote.
struct Said {
    output: String,
    errors: String,
}

impl Said {
    fn judge(self, status: Option<ExitStatus>) -> Result<Self> {
        match status {
            Some(status) if status.success() => Ok(self),
            Some(status) => bail!("chromium ended with {status}: {}", self.errors),
            None => bail!("chromium did not end within {PAGE_TIME_MAX:?}: {}", self.errors),
        }
    }
}

fn read(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The console's lines among the many that a browser logs.
fn console_lines(log: &str) -> Vec<String> {
    log.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect()
}

impl Page {
    /// The text between the tags of the body, in order, with entities read.
    pub fn text(&self) -> String {
        let body = self.html.split_once("<body").map_or(self.html.as_str(), |(_, body)| body);
        let mut text = String::new();
        for piece in body.split('<').skip(1) {
            text.push_str(piece.split_once('>').map_or("", |(_, after)| after));
        }
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", " "), ("&amp;", "&")]
            .into_iter()
            .fold(text, |text, (entity, character)| text.replace(entity, character))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_stands_between_the_tags() {
        let html = "<html><head><title>no</title></head><body class=x><p>a <b>&lt;b&gt;</b> &amp;lt;</p></body></html>";
        let page = Page { html: html.to_owned(), console: vec![] };
        assert_eq!(page.text(), "a <b> &lt;");
    }

    #[test]
    fn the_console_is_heard_and_scripts_run_where_a_page_allows_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        std::fs::write(
            &path,
            "<body><p id=p>a</p><script>p.textContent='ran';console.log('heard')</script>",
        )
        .unwrap();
        let page = Browser::find().unwrap().open(&format!("file://{}", path.display())).unwrap();
        assert!(page.text().starts_with("ran"), "{}", page.html);
        assert!(page.console.iter().any(|line| line.contains("heard")), "{:?}", page.console);
    }
}
