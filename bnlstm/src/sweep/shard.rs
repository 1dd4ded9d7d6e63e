//! A part of the runs, for one job of several.

use std::fmt;
use std::str::FromStr;

/// One of several parts of the runs, each of which takes every n-th.
///
/// ```
/// use bnlstm::sweep::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// let runs: Vec<i32> = shard.of(&[10, 11, 12, 13, 14]);
/// assert_eq!(runs, [11, 14]);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    number: usize,
    count: usize,
}

impl Shard {
    /// All of them.
    pub const WHOLE: Self = Self { number: 1, count: 1 };

    /// Those of the runs that are in this part.
    pub fn of<R: Clone>(self, runs: &[R]) -> Vec<R> {
        let part = runs.iter().skip(self.number - 1).step_by(self.count);
        part.cloned().collect()
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, count)| {
            let (number, count) = (number.trim().parse().ok()?, count.trim().parse().ok()?);
            Some(Self { number, count })
        });
        numbers
            .filter(|shard| (1..=shard.count).contains(&shard.number))
            .ok_or_else(|| "give I/N, the part I from 1 to N of N parts, such as 2/8".to_owned())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}
