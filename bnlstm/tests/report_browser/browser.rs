//! Headless Chromium.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

/// What it is called on different systems.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Set to `1` where these tests must not be left out.
const REQUIRED: &str = "BNLSTM_REQUIRE_BROWSER";

/// What uses everything on a page within a frame, and tells of it.
const TOUCH: &str = include_str!("touch.js");

/// A browser, and a directory of its own.
pub struct Browser {
    program: &'static str,
    directory: TempDir,
}

/// What came of opening a page.
pub struct Seen {
    /// The opening tag of its body, with what the page tells about itself.
    pub body: String,
    /// The lines of the console.
    pub console: Vec<String>,
}

impl Seen {
    /// The value of an attribute `data-NAME` of the body.
    #[track_caller]
    pub fn told(&self, name: &str) -> &str {
        let mark = format!("data-{name}=\"");
        let found = self
            .body
            .split_once(&mark)
            .and_then(|(_, rest)| rest.split_once('"'));
        found
            .unwrap_or_else(|| panic!("no data-{name} in {}: {:?}", self.body, self.console))
            .0
    }
}

impl Browser {
    /// The browser of this machine; none, and a word about it, if there is none and none is required.
    pub fn find() -> Option<Self> {
        let starts = |name: &&&str| {
            Command::new(name)
                .arg("--version")
                .output()
                .is_ok_and(|out| out.status.success())
        };
        let Some(program) = NAMES.iter().find(starts).copied() else {
            let required = std::env::var_os(REQUIRED).is_some_and(|value| value == "1");
            assert!(
                !required,
                "{REQUIRED}=1, but none of {NAMES:?} is installed; install the package chromium"
            );
            eprintln!("skipped: none of {NAMES:?} is installed");
            return None;
        };
        let directory = tempfile::tempdir().expect("a temporary directory");
        Some(Self { program, directory })
    }

    /// Opens a page within a frame of this width, and copies what it tells about itself: a window that is
    /// to have less than 500 pixels has 500.
    pub fn open(&self, page: &str, width: usize) -> Seen {
        self.framed(
            page,
            width,
            "Object.assign(document.body.dataset, inner.body.dataset);",
        )
    }

    /// The same after everything was used.
    pub fn touch(&self, page: &str, width: usize) -> Seen {
        self.framed(page, width, TOUCH)
    }

    fn framed(&self, page: &str, width: usize, script: &str) -> Seen {
        let inner = page.replace('&', "&amp;").replace('"', "&quot;");
        let outer = format!(
            "<!DOCTYPE html><body style=\"margin:0\"><iframe id=\"frame\" style=\"width:{width}px;height:900px;\
             border:0\" srcdoc=\"{inner}\"></iframe><script>addEventListener('load', () => {{\n\
             const view = document.getElementById('frame').contentWindow, inner = view.document;\n{script}\n}});\
             </script></body>"
        );
        self.open_alone(&outer, 1500)
    }

    /// Opens a page in a window of this width.
    pub fn open_alone(&self, page: &str, width: usize) -> Seen {
        self.started(page, width, &[])
    }

    /// The same where the system is dark.
    pub fn open_in_the_dark(&self, page: &str, width: usize) -> Seen {
        self.started(page, width, &["--force-dark-mode"])
    }

    fn started(&self, page: &str, width: usize, more: &[&str]) -> Seen {
        let file = self.directory.path().join("page.html");
        fs::write(&file, page).expect("there is room for a page");
        let output = Command::new(self.program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args([
                "--hide-scrollbars",
                "--enable-logging=stderr",
                "--v=0",
                "--virtual-time-budget=10000",
                "--dump-dom",
            ])
            .args(more)
            .arg(format!("--window-size={width},900"))
            .arg(format!(
                "--user-data-dir={}",
                self.directory.path().join("profile").display()
            ))
            .arg(format!("file://{}", file.display()))
            .output()
            .expect("the browser starts");
        let [page, log] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        let body = page.find("<body").map_or("", |begin| &page[begin..]);
        let console = log.lines().filter(|line| line.contains(":CONSOLE"));
        Seen {
            body: body.split_inclusive('>').next().unwrap_or_default().to_owned(),
            console: console.map(str::to_owned).collect(),
        }
    }
}
