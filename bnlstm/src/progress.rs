//! Progress of long work on stderr: bars on a terminal, plain lines everywhere else.
//!
//! Results belong on stdout, so that a report can be piped while progress stays visible.
//!
//! ```
//! use bnlstm::progress::Progress;
//!
//! let progress = Progress::stderr();
//! let mut task = progress.task("LSTM, seed 0", 20);
//! for epoch in 1..=20 {
//!     task.set_note(format!("loss {:.3}", 1.0 / f64::from(epoch)));
//!     task.advance(1);
//! }
//! ```

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two lines of one task where there are no bars.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The form of a bar: what, how far, how fast, how long it will still take, and a note.
const BAR: &str = "{prefix} [{bar:30}] {pos}/{len}, {per_sec}, {eta} left  {wide_msg}";

/// Shows the progress of any number of tasks at the same time; clones show in the same place.
#[derive(Clone)]
pub struct Progress {
    display: Display,
}

#[derive(Clone)]
enum Display {
    Bars(MultiProgress),
    Lines(Lines),
}

/// Where lines go, one at a time from all threads.
type Lines = Arc<Mutex<dyn Write + Send>>;

impl Progress {
    /// Bars if stderr is a terminal, plain lines every few seconds if not.
    pub fn stderr() -> Self {
        if io::stderr().is_terminal() {
            Self::bars(ProgressDrawTarget::stderr())
        } else {
            Self::lines(io::stderr())
        }
    }

    fn bars(target: ProgressDrawTarget) -> Self {
        Self {
            display: Display::Bars(MultiProgress::with_draw_target(target)),
        }
    }

    fn lines(output: impl Write + Send + 'static) -> Self {
        Self {
            display: Display::Lines(Arc::new(Mutex::new(output))),
        }
    }

    /// Starts a task of a number of steps. Its bar disappears when it is dropped.
    pub fn task(&self, label: impl Into<String>, steps: u64) -> Task {
        let label = label.into();
        let view = match &self.display {
            Display::Bars(bars) => {
                let style = ProgressStyle::with_template(BAR).expect("the template is well formed");
                let bar = bars
                    .add(ProgressBar::new(steps))
                    .with_style(style.progress_chars("=> "));
                bar.set_prefix(label);
                // Draws the empty bar, which otherwise waits for the first step.
                bar.tick();
                View::Bar(bar)
            }
            Display::Lines(lines) => {
                View::Lines(LineTask::new(Arc::clone(lines), label, steps, Instant::now()))
            }
        };
        Task { view }
    }

    /// Writes a line to stderr, above the bars if there are any.
    pub fn message(&self, text: &str) {
        match &self.display {
            // On a terminal the lines of a collection of bars only fail with stderr itself, and
            // then there is no place left to say so.
            Display::Bars(bars) => drop(bars.println(text)),
            Display::Lines(lines) => write_line(lines, text),
        }
    }
}

/// One piece of work that is under way.
pub struct Task {
    view: View,
}

enum View {
    Bar(ProgressBar),
    Lines(LineTask),
}

impl Task {
    /// Records that a number of steps was done before.
    pub fn begin_at(&mut self, steps: u64) {
        match &mut self.view {
            View::Bar(bar) => {
                bar.set_position(steps);
                bar.reset_eta();
            }
            View::Lines(task) => task.begin_at(steps),
        }
    }

    /// Records that a number of further steps is done.
    pub fn advance(&mut self, steps: u64) {
        match &mut self.view {
            View::Bar(bar) => bar.inc(steps),
            View::Lines(task) => task.advance(steps, Instant::now()),
        }
    }

    /// Sets what is shown beside the number of steps, such as the loss.
    pub fn set_note(&mut self, note: impl Into<String>) {
        match &mut self.view {
            View::Bar(bar) => bar.set_message(note.into()),
            View::Lines(task) => task.note = note.into(),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
    }
}

/// A task where there are no bars.
struct LineTask {
    lines: Lines,
    label: String,
    steps: u64,
    done: u64,
    note: String,
    /// When it started, and what was done then.
    began: (Instant, u64),
    /// When its last line was written, or the task started.
    shown: Instant,
}

impl LineTask {
    fn new(lines: Lines, label: String, steps: u64, now: Instant) -> Self {
        Self {
            lines,
            label,
            steps,
            done: 0,
            note: String::new(),
            began: (now, 0),
            shown: now,
        }
    }

    fn begin_at(&mut self, steps: u64) {
        self.done = steps;
        self.began.1 = steps;
    }

    fn advance(&mut self, steps: u64, now: Instant) {
        let finished_before = self.done >= self.steps;
        self.done += steps;
        let finishes = self.done >= self.steps && !finished_before;
        if finishes || now.saturating_duration_since(self.shown) >= LINE_INTERVAL {
            self.shown = now;
            write_line(&self.lines, &self.line(now));
        }
    }
}

impl LineTask {
    /// What a line says at a time.
    fn line(&self, now: Instant) -> String {
        let Self {
            label,
            done,
            steps,
            note,
            began,
            ..
        } = self;
        let mut line = format!("{label}: {done}/{steps}");
        let seconds = now.saturating_duration_since(began.0).as_secs_f64();
        let rate = (done - began.1) as f64 / seconds;
        if rate.is_normal() {
            let _ = write!(line, ", {rate:.1}/s");
            let left = steps.saturating_sub(*done) as f64 / rate;
            if left > 0.0 {
                let left = Duration::try_from_secs_f64(left.ceil()).unwrap_or(Duration::MAX);
                let _ = write!(line, ", {} left", HumanDuration(left));
            }
        }
        if !note.is_empty() {
            let _ = write!(line, ", {note}");
        }
        line
    }
}

fn write_line(lines: &Lines, text: &str) {
    let mut output = lines.lock().unwrap_or_else(PoisonError::into_inner);
    // A closed stderr must not end a training that is under way.
    drop(writeln!(output, "{text}"));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    /// Bytes that the test can read while a progress writes them.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn lines_come_at_intervals_and_at_the_end() {
        let output = Shared::default();
        let start = Instant::now();
        let lines = Arc::new(Mutex::new(output.clone()));
        let mut task = LineTask::new(lines, "LSTM".to_owned(), 4, start);
        task.advance(1, start + LINE_INTERVAL / 2);
        assert_eq!(output.text(), "");
        task.note = "loss 0.5".to_owned();
        task.advance(1, start + LINE_INTERVAL);
        task.advance(1, start + LINE_INTERVAL * 3 / 2);
        let first = "LSTM: 2/4, 0.4/s, 5 seconds left, loss 0.5\n";
        assert_eq!(output.text(), first);
        task.advance(1, start + LINE_INTERVAL * 3 / 2);
        assert_eq!(output.text(), format!("{first}LSTM: 4/4, 0.5/s, loss 0.5\n"));
        task.advance(1, start + LINE_INTERVAL * 3 / 2);
        assert_eq!(output.text().lines().count(), 2);
    }

    /// A run that goes on is as fast as its own steps are.
    #[test]
    fn what_was_done_before_counts_for_no_rate() {
        let output = Shared::default();
        let start = Instant::now();
        let mut task = LineTask::new(
            Arc::new(Mutex::new(output.clone())),
            "LSTM".to_owned(),
            400,
            start,
        );
        task.begin_at(200);
        task.advance(100, start + 10 * LINE_INTERVAL);
        assert_eq!(output.text(), "LSTM: 300/400, 2.0/s, 50 seconds left\n");
    }

    #[test]
    fn lines_of_threads_do_not_mix() {
        let output = Shared::default();
        let progress = Progress::lines(output.clone());
        std::thread::scope(|scope| {
            for run in 0..8 {
                let progress = progress.clone();
                scope.spawn(move || progress.task(format!("run {run}"), 1).advance(1));
            }
        });
        progress.message("done");
        let text = output.text();
        assert!(!text.contains('\r'));
        let mut lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.pop(), Some("done"));
        lines.sort_unstable();
        for (run, line) in lines.iter().enumerate() {
            assert!(line.starts_with(&format!("run {run}: 1/1")), "{line}");
        }
        assert_eq!(lines.len(), 8);
    }

    #[test]
    fn a_closed_output_does_not_stop_the_work() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }
        }
        let progress = Progress::lines(Closed);
        progress.message("text");
        progress.task("LSTM", 1).advance(1);
    }

    #[test]
    fn bars_show_all_tasks_and_disappear() {
        let terminal = InMemoryTerm::new(10, 90);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let progress = Progress::bars(target);
        let mut first = progress.task("LSTM", 4);
        let mut second = progress.task("BN-LSTM", 2);
        first.set_note("loss 0.5");
        first.advance(3);
        second.advance(1);
        // Drawing is limited to some frames a second: a message draws all bars anew.
        progress.message("started");
        let shown = terminal.contents();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.len(), 3, "{shown}");
        assert_eq!(lines[0], "started");
        assert!(
            lines[1].starts_with("LSTM [==") && lines[1].contains("] 3/4, "),
            "{shown}"
        );
        assert!(lines[1].contains("loss 0.5"), "{shown}");
        assert!(
            lines[2].starts_with("BN-LSTM [==") && lines[2].contains("] 1/2, "),
            "{shown}"
        );
        drop(first);
        drop(second);
        assert_eq!(terminal.contents(), "started");
    }
}
