//! Character models: what comes next in a text.
//!
//! A sequence has `length` characters: all but the last are read, all but the first are answered, as
//! in the paper's code.

mod config;

use std::sync::Arc;

use nn::data::{Batches, LastBatch};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

pub use config::{CharlmConfig, CorpusName};

use super::{Batch, Head, Input, Inputs, Interface, Metric, Pass, Split, Targets, Task, TaskError};
use crate::data::text::Corpus;
use crate::number::add_numbers;

/// The task, with its text in memory. An example is known by the place of its first character.
#[derive(Clone, Debug)]
pub struct CharLm {
    corpus: Arc<Corpus>,
    /// Characters of a sequence.
    length: usize,
    carry_state: bool,
}

impl CharLm {
    /// Sequences of `length ≥ 2` characters.
    ///
    /// Without `carry_state`, sequences do not overlap, come in random order, and each begins with the
    /// initial state; the first of a training pass begins at a random offset. With it, the text is cut
    /// into as many streams as a batch has rows, and a batch goes on where, and with the states in
    /// which, the one before it has ended.
    ///
    /// # Errors
    /// If a part of the text has fewer characters than two sequences.
    pub fn new(corpus: Arc<Corpus>, length: usize, carry_state: bool) -> Result<Self, TaskError> {
        let task = Self {
            corpus,
            length,
            carry_state,
        };
        for split in [Split::Train, Split::Valid, Split::Test] {
            task.check_length(split)?;
        }
        Ok(task)
    }

    /// The same text in sequences of another length, each beginning with the initial state, of which
    /// only one part is to be read.
    ///
    /// # Errors
    /// If that part of the text has fewer characters than two sequences.
    pub fn with_length(&self, length: usize, split: Split) -> Result<Self, TaskError> {
        let task = Self {
            corpus: Arc::clone(&self.corpus),
            length,
            carry_state: false,
        };
        task.check_length(split)?;
        Ok(task)
    }

    /// Of a training pass, up to one sequence is lost to its offset.
    fn check_length(&self, split: Split) -> Result<(), TaskError> {
        let (characters, length) = (self.characters(split).len(), self.length);
        if characters / 2 >= length {
            return Ok(());
        }
        Err(TaskError::ShortText {
            name: self.corpus.name.clone(),
            part: split.name(),
            characters,
            length,
        })
    }

    /// A part of the text as a single sequence.
    pub fn whole(&self, split: Split) -> Self {
        Self {
            length: self.characters(split).len(),
            carry_state: false,
            corpus: Arc::clone(&self.corpus),
        }
    }

    /// Characters of a sequence.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The text.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    fn characters(&self, split: Split) -> &[u16] {
        match split {
            Split::Train => &self.corpus.train,
            Split::Valid => &self.corpus.valid,
            Split::Test => &self.corpus.test,
        }
    }

    /// Steps of a sequence, which are answers too.
    fn steps(&self) -> usize {
        self.length - 1
    }

    /// The batches of a pass over streams of a text from `offset` on.
    fn streams(&self, split: Split, batch: usize, offset: usize) -> Pass {
        let steps = self.steps();
        // The last character of a text is answered but not read. All passes are as long as one with
        // the largest offset.
        let usable = self.characters(split).len().saturating_sub(steps);
        let windows = usable / batch / steps;
        let start = |stream: usize, window: usize| offset + (stream * windows + window) * steps;
        (0..windows)
            .map(|window| (0..batch).map(|stream| start(stream, window)).collect())
            .collect()
    }
}

impl Task for CharLm {
    fn description(&self) -> String {
        let sizes = [Split::Train, Split::Valid, Split::Test].map(|split| self.characters(split).len());
        format!(
            "charlm: {}, {} characters to train on, {} to choose by, {} to test on, {} symbols; sequences of \
             {} characters, state {}",
            self.corpus.name,
            sizes[0],
            sizes[1],
            sizes[2],
            self.corpus.alphabet.len(),
            self.length,
            if self.carry_state { "carried" } else { "reset" }
        )
    }

    fn provenance(&self) -> &[String] {
        &self.corpus.provenance
    }

    fn digest(&self) -> u32 {
        let mut checksum = crc32fast::Hasher::new();
        for part in [&self.corpus.train, &self.corpus.valid, &self.corpus.test] {
            add_numbers(&mut checksum, part.iter().map(|&symbol| u32::from(symbol)));
        }
        checksum.finalize()
    }

    fn interface(&self) -> Interface {
        let count = self.corpus.alphabet.len();
        Interface {
            input: Input::Symbols(count),
            steps: self.steps(),
            head: Head::Symbols { count, from: 0 },
        }
    }

    fn text(&self) -> Option<&CharLm> {
        Some(self)
    }

    fn metric(&self) -> Metric {
        Metric::BitsPerCharacter
    }

    fn examples(&self, split: Split) -> usize {
        let characters = self.characters(split).len();
        match (self.carry_state, split) {
            (true, _) => characters.saturating_sub(self.steps()) / self.steps(),
            (false, Split::Train) => (characters - self.steps()) / self.length,
            (false, _) => characters / self.length,
        }
    }

    fn last_batch(&self) -> LastBatch {
        LastBatch::Drop
    }

    fn carries_state(&self) -> bool {
        self.carry_state
    }

    fn shuffled(&self, batch: usize, rng: &mut ChaCha8Rng) -> Pass {
        if self.carry_state {
            let offset = rng.random_range(0..self.steps());
            return self.streams(Split::Train, batch, offset);
        }
        let offset = rng.random_range(0..self.length);
        let batches = Batches::new(self.examples(Split::Train), batch, self.last_batch());
        let epoch = batches.shuffled(rng);
        let starts = |chosen: &[usize]| chosen.iter().map(|index| offset + index * self.length).collect();
        epoch.iter().map(starts).collect()
    }

    fn in_order(&self, split: Split, batch: usize) -> Pass {
        if self.carry_state {
            // A short part has fewer streams, but some.
            return self.streams(split, batch.min(self.examples(split)), 0);
        }
        let epoch = Batches::new(self.examples(split), batch, LastBatch::Keep).in_order();
        let starts = |chosen: &[usize]| chosen.iter().map(|index| index * self.length).collect();
        epoch.iter().map(starts).collect()
    }

    fn batch(&self, split: Split, chosen: &[usize], _: &mut ChaCha8Rng) -> Batch {
        let text = self.characters(split);
        let at = |shift: usize| {
            let steps = (0..self.steps()).map(move |step| step + shift);
            let symbols =
                steps.flat_map(|step| chosen.iter().map(move |start| u32::from(text[start + step])));
            symbols.collect::<Vec<u32>>()
        };
        Batch {
            examples: chosen.len(),
            inputs: Inputs::Symbols(at(0)),
            lengths: None,
            question: None,
            targets: Targets::Classes(at(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::data::text::Alphabet;

    /// 100 characters to train on, 40 for each other part, of which each is its place modulo 26.
    fn task(length: usize, carry_state: bool) -> CharLm {
        let part = |count: u16| (0..count).map(|place| place % 26).collect::<Vec<u16>>();
        let corpus = Corpus {
            name: "letters".to_owned(),
            alphabet: Alphabet::of("abcdefghijklmnopqrstuvwxyz").unwrap(),
            train: part(100),
            valid: part(40),
            test: part(40),
            provenance: Vec::new(),
        };
        CharLm::new(Arc::new(corpus), length, carry_state).unwrap()
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn targets_are_the_next_characters() {
        let task = task(4, false);
        let batch = task.batch(Split::Valid, &[0, 8], &mut rng(0));
        assert_eq!(batch.inputs, Inputs::Symbols(vec![0, 8, 1, 9, 2, 10]));
        assert_eq!(batch.targets, Targets::Classes(vec![1, 9, 2, 10, 3, 11]));
        assert_eq!(task.interface().steps, 3);
    }

    #[test]
    fn every_pass_has_its_offset_and_as_many_batches() {
        let task = task(7, false);
        let mut offsets = [false; 7];
        for seed in 0..100 {
            let pass = task.shuffled(3, &mut rng(seed));
            assert_eq!(pass.len(), 13 / 3);
            let mut starts: Vec<usize> = pass.iter().flatten().copied().collect();
            let offset = starts[0] % 7;
            offsets[offset] = true;
            assert!(starts.iter().all(|start| start % 7 == offset && start + 7 <= 100));
            starts.sort_unstable();
            starts.dedup();
            assert_eq!(starts.len(), 12);
        }
        assert_eq!(offsets, [true; 7]);
    }

    #[test]
    fn evaluation_reads_all_whole_sequences_in_order() {
        let starts: Vec<Vec<usize>> = task(7, false)
            .in_order(Split::Test, 4)
            .iter()
            .map(<[usize]>::to_vec)
            .collect();
        assert_eq!(starts, [vec![0, 7, 14, 21], vec![28]]);
    }

    #[test]
    fn streams_go_on_where_they_ended() {
        let task = task(6, true);
        for seed in 0..20 {
            let pass = task.shuffled(3, &mut rng(seed));
            // (100 − 5) / 3 / 5
            assert_eq!(pass.len(), 6);
            let batches: Vec<&[usize]> = pass.iter().collect();
            for pair in batches.windows(2) {
                let next: Vec<usize> = pair[0].iter().map(|start| start + 5).collect();
                assert_eq!(pair[1], next);
            }
            assert!(batches[5].iter().all(|start| start + 6 <= 100));
            assert_eq!(batches[5][0] + 5, batches[0][1]);
        }
    }

    #[test]
    fn a_text_may_be_one_sequence() {
        let whole = task(7, false).whole(Split::Test);
        assert_eq!(whole.in_order(Split::Test, 1).iter().collect::<Vec<_>>(), [[0]]);
        assert_eq!(whole.batch(Split::Test, &[0], &mut rng(0)).targets.len(), 39);
    }
}
