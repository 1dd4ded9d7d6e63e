//! What passes and batches hold.

use std::sync::Arc;

use bnlstm::data::text::{Alphabet, Corpus};
use bnlstm::task::{CharLm, Inputs, Split, Targets, Task};
use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{config, property};

/// A text in which each character tells its own place, as far as 16 bits can.
fn text([train, other]: [usize; 2]) -> Arc<Corpus> {
    let part = |count: usize| (0..count as u16).collect::<Vec<u16>>();
    Arc::new(Corpus {
        name: "places".to_owned(),
        alphabet: Alphabet::of("ab").unwrap(),
        train: part(train),
        valid: part(other),
        test: part(other),
        provenance: Vec::new(),
    })
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// The places that a batch reads and those that it answers, `[T, B]` each.
fn places(task: &CharLm, split: Split, chosen: &[usize]) -> [Vec<u32>; 2] {
    let batch = task.batch(split, chosen, &mut rng(0));
    match (batch.inputs, batch.targets) {
        (Inputs::Symbols(read), Targets::Classes(answered)) => [read, answered],
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(property(200))]

    /// Every sequence lies within the text, and no character is shown twice in a pass.
    #[test]
    fn sequences_lie_in_the_text_and_apart(
        length in 2_usize..20, more in 0_usize..300, batch in 1_usize..9, seeds: [u64; 2]
    ) {
        let train = 2 * length + more;
        let task = CharLm::new(text([train, 2 * length]), length, false).unwrap();
        let [pass, other] = seeds.map(|seed| task.shuffled(batch, &mut rng(seed)));
        prop_assert_eq!(pass.len(), other.len());
        prop_assert_eq!(pass.len(), task.examples(Split::Train) / batch);
        let mut shown = vec![0; train];
        for chosen in pass.iter() {
            prop_assert_eq!(chosen.len(), batch);
            let [read, answered] = places(&task, Split::Train, chosen);
            for (read, answered) in read.iter().zip(&answered) {
                prop_assert_eq!(read + 1, *answered);
            }
            // What is answered, and the first of each sequence, which is not.
            answered.iter().chain(&read[..batch]).for_each(|&place| shown[place as usize] += 1);
        }
        prop_assert!(shown.iter().all(|&times| times <= 1), "{:?}", shown);
        prop_assert_eq!(shown.iter().sum::<usize>(), pass.len() * batch * length);
    }

    /// Every stream goes on where it was, and no character is answered twice in a pass.
    #[test]
    fn streams_are_contiguous_and_apart(
        length in 2_usize..20, more in 0_usize..300, batch in 1_usize..9, seeds: [u64; 2]
    ) {
        let train = 2 * length + more;
        let task = CharLm::new(text([train, 2 * length]), length, true).unwrap();
        let [pass, other] = seeds.map(|seed| task.shuffled(batch, &mut rng(seed)));
        prop_assert_eq!(pass.len(), other.len());
        // Training asks for as many examples as a batch has.
        prop_assert_eq!(pass.is_empty(), batch > task.examples(Split::Train));
        let mut answered_so_far = vec![0; train];
        let mut expected: Option<Vec<u32>> = None;
        for chosen in pass.iter() {
            let [read, answered] = places(&task, Split::Train, chosen);
            if let Some(expected) = &expected {
                prop_assert_eq!(&read[..batch], expected.as_slice());
            }
            expected = Some(answered[answered.len() - batch..].to_vec());
            answered.iter().for_each(|&place| answered_so_far[place as usize] += 1);
        }
        prop_assert!(answered_so_far.iter().all(|&times| times <= 1), "{:?}", answered_so_far);
        let steps = length - 1;
        prop_assert_eq!(answered_so_far.iter().sum::<usize>(), pass.len() * batch * steps);
        // Less than a window is lost to the offset, and less than one of each stream to their ends.
        prop_assert!(pass.len() * batch * steps + steps + batch * steps >= train - 1);
    }

    /// What is measured is all whole sequences of a part, in their order, whatever the batch.
    #[test]
    fn measuring_does_not_depend_on_the_batch(
        length in 2_usize..20, more in 0_usize..100, batch in 1_usize..9, carry_state: bool
    ) {
        let count = 2 * length + more;
        let task = CharLm::new(text([2 * length, count]), length, carry_state).unwrap();
        let pass = task.in_order(Split::Valid, batch);
        prop_assert!(!pass.is_empty());
        let starts: Vec<usize> = pass.iter().flatten().copied().collect();
        if carry_state {
            prop_assert!(starts.iter().all(|start| start + length <= count));
        } else {
            let expected: Vec<usize> = (0..count / length).map(|index| index * length).collect();
            prop_assert_eq!(starts, expected);
        }
    }
}

/// The batches of examples that are drawn say what their numbers say, in any company.
#[test]
fn drawn_examples_are_what_their_numbers_say() {
    for (preset, changes) in [
        ("copy-quick", ["task.delay=4", "task.examples=50"]),
        ("adding-quick", ["task.steps=6", "task.examples=50"]),
    ] {
        let config = config(preset, &changes);
        let [task, again] = [(); 2].map(|()| config.task.load().unwrap());
        for split in [Split::Train, Split::Valid, Split::Test] {
            let examples = if split == Split::Train { 50 } else { 5 };
            assert_eq!(task.examples(split), examples);
            let batch = |chosen: &[usize], seed| task.batch(split, chosen, &mut rng(seed));
            let all: Vec<usize> = (0..examples).collect();
            assert_eq!(batch(&all, 1), batch(&all, 2));
            assert_eq!(batch(&all, 1), again.batch(split, &all, &mut rng(3)));
            assert_eq!(
                batch(&[3, 1, 3], 1).targets.len(),
                3 * batch(&[3], 1).targets.len()
            );
            assert_ne!(batch(&[3], 1), batch(&[4], 1), "{preset}");
        }
        let mut other = config.clone();
        for field in ["task.data_seed=2", "training.seed=2"] {
            other = changed(preset, &changes, field);
            let same = other.task.load().unwrap().batch(Split::Train, &[0], &mut rng(1))
                == task.batch(Split::Train, &[0], &mut rng(1));
            assert_eq!(same, field.starts_with("training"), "{preset}, {field}");
        }
        assert_eq!(other.task, config.task);
    }
}

fn changed(preset: &str, changes: &[&str], field: &str) -> bnlstm::config::RunConfig {
    config(preset, &[changes, &[field]].concat())
}

/// Of questions, the generator draws the numbers of the entities, and nothing else.
#[test]
fn questions_are_what_their_numbers_say_but_for_their_entities() {
    let config = config("qa-quick", &["task.limit=30"]);
    let [task, again] = [(); 2].map(|()| config.task.load().unwrap());
    assert_eq!(
        [Split::Train, Split::Valid, Split::Test].map(|split| task.examples(split)),
        [30, 1000, 1000]
    );
    let batch = |seed| task.batch(Split::Train, &[7, 2, 29], &mut rng(seed));
    assert_eq!(batch(1), batch(1));
    assert_eq!(batch(1), again.batch(Split::Train, &[7, 2, 29], &mut rng(1)));
    let [one, other] = [batch(1), batch(2)];
    assert_ne!(one, other);
    assert_eq!(one.lengths, other.lengths);
    let questions = [&one, &other].map(|batch| batch.question.as_ref().unwrap());
    assert_eq!(questions[0].lengths, questions[1].lengths);
}
