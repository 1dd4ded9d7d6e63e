//! Examples as a model reads them.

use rand::Rng;
use rand::seq::SliceRandom;

use super::{Encoded, FIRST_ENTITY, PADDING};

/// Examples of one batch: texts `[T, B]` and questions `[S, B]`, time-major and padded at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionBatch {
    /// Ids of the texts `[T, B]`, [`PADDING`] after the end of each.
    pub documents: Vec<u32>,
    /// Number of ids of each text `[B]`.
    pub document_lengths: Vec<usize>,
    /// Ids of the questions `[S, B]`, [`PADDING`] after the end of each.
    pub questions: Vec<u32>,
    /// Number of ids of each question `[B]`.
    pub question_lengths: Vec<usize>,
    /// The entity that is the answer of each example `[B]`, below E: its id is [`FIRST_ENTITY`]
    /// more.
    pub answers: Vec<u32>,
}

impl QuestionBatch {
    /// The batch of the examples `chosen`, which get new entities out of `entities` (E): each example
    /// takes E random numbers in a random order, and its n entities become the first n of them.
    /// So over time every entity of an example is each of the E, and no id carries a meaning.
    ///
    /// What is drawn depends on E and the number of examples alone. For an evaluation that gives the
    /// same result each time, pass a generator with a fixed seed.
    ///
    /// # Panics
    /// If there is no example, or one has more than `entities` entities.
    #[track_caller]
    pub fn new(chosen: &[&Encoded], entities: usize, rng: &mut (impl Rng + ?Sized)) -> Self {
        assert!(!chosen.is_empty(), "a batch of 0 questions; 1 or more would fit");
        let mut batch = Self {
            documents: Vec::new(),
            document_lengths: chosen.iter().map(|example| example.document.len()).collect(),
            questions: Vec::new(),
            question_lengths: chosen.iter().map(|example| example.question.len()).collect(),
            answers: Vec::with_capacity(chosen.len()),
        };
        batch.pad_documents(longest(&batch.document_lengths));
        batch.pad_questions(longest(&batch.question_lengths));
        let mut order: Vec<u32> = (0..entities as u32).collect();
        for (row, example) in chosen.iter().enumerate() {
            assert!(
                example.entities <= entities,
                "a batch with {entities} entities holds an example with {}; the vocabulary that encoded it \
                 has enough",
                example.entities
            );
            order.shuffle(rng);
            batch.place(row, example, &order);
        }
        batch
    }

    /// Writes an example into row `row`; its entity `n` becomes `order[n]`.
    fn place(&mut self, row: usize, example: &Encoded, order: &[u32]) {
        let rows = self.rows();
        for (step, &id) in example.document.iter().enumerate() {
            let entity = new_entity(id, example, order);
            self.documents[step * rows + row] = entity.map_or(id, |entity| FIRST_ENTITY + entity);
        }
        for (step, &id) in example.question.iter().enumerate() {
            let entity = new_entity(id, example, order);
            self.questions[step * rows + row] = entity.map_or(id, |entity| FIRST_ENTITY + entity);
        }
        self.answers.push(order[example.answer as usize]);
    }

    /// Number of examples: B.
    pub fn rows(&self) -> usize {
        self.document_lengths.len()
    }

    /// Number of steps of the texts: T.
    pub fn document_steps(&self) -> usize {
        self.documents.len() / self.rows()
    }

    /// Number of steps of the questions: S.
    pub fn question_steps(&self) -> usize {
        self.questions.len() / self.rows()
    }

    /// Lengthens the padding of the texts to `steps` steps. No model's outcome should change.
    ///
    /// # Panics
    /// If a text has more steps.
    #[track_caller]
    pub fn pad_documents(&mut self, steps: usize) {
        pad(&mut self.documents, &self.document_lengths, steps, "texts");
    }

    /// Lengthens the padding of the questions to `steps` steps. No model's outcome should change.
    ///
    /// # Panics
    /// If a question has more steps.
    #[track_caller]
    pub fn pad_questions(&mut self, steps: usize) {
        pad(&mut self.questions, &self.question_lengths, steps, "questions");
    }
}

/// What an id becomes, if it is one of the entities of the example.
fn new_entity(id: u32, example: &Encoded, order: &[u32]) -> Option<u32> {
    let number = id.checked_sub(FIRST_ENTITY)? as usize;
    (number < example.entities).then(|| order[number])
}

fn longest(lengths: &[usize]) -> usize {
    lengths.iter().copied().max().unwrap_or(0)
}

/// Sets the number of steps of `ids [steps, B]`, which are time-major: padding is added behind.
#[track_caller]
fn pad(ids: &mut Vec<u32>, lengths: &[usize], steps: usize, what: &str) {
    let longest = longest(lengths);
    assert!(
        steps >= longest,
        "pad: {what} of up to {longest} steps to {steps}; {longest} or more would fit"
    );
    ids.resize(steps * lengths.len(), PADDING);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    const ENTITIES: usize = 6;
    const WORD: u32 = FIRST_ENTITY + ENTITIES as u32;

    fn example(document: &[u32], question: &[u32], answer: u32, entities: usize) -> Encoded {
        Encoded {
            document: document.to_vec(),
            question: question.to_vec(),
            answer,
            entities,
        }
    }

    fn two() -> [Encoded; 2] {
        [
            example(&[4, WORD, 5, 4], &[3, WORD, 6], 1, 3),
            example(&[WORD, 4], &[3, 4], 0, 1),
        ]
    }

    fn batch(seed: u64) -> QuestionBatch {
        let [a, b] = &two();
        QuestionBatch::new(&[a, b], ENTITIES, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn ids_are_time_major_with_entities_renamed_everywhere_alike() {
        let batch = batch(1);
        assert_eq!(
            (batch.rows(), batch.document_steps(), batch.question_steps()),
            (2, 4, 3)
        );
        assert_eq!(batch.document_lengths, [4, 2]);
        assert_eq!(batch.question_lengths, [3, 2]);
        let [zero, one, two] = [batch.documents[0], batch.documents[4], batch.questions[4]];
        let other = batch.documents[3];
        assert_eq!(batch.documents, [zero, WORD, WORD, other, one, 0, zero, 0]);
        assert_eq!(batch.questions, [3, 3, WORD, other, two, 0]);
        assert_eq!(batch.answers, [one - FIRST_ENTITY, other - FIRST_ENTITY]);
    }

    #[test]
    fn every_entity_becomes_each_of_the_others_equally_often() {
        let rounds = 6000;
        let mut counts = [0_u32; ENTITIES];
        let [a, _] = &two();
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for _ in 0..rounds {
            let batch = QuestionBatch::new(&[a], ENTITIES, &mut rng);
            counts[batch.answers[0] as usize] += 1;
        }
        // 1000 each with a standard deviation of 29: five of them.
        assert!(
            counts.iter().all(|&count| count.abs_diff(1000) < 145),
            "{counts:?}"
        );
    }

    #[test]
    fn the_generator_gives_the_entities() {
        assert_eq!(batch(3), batch(3));
        // 6! orders for the first example alone: other seeds give other ones.
        assert!((4..8).any(|seed| batch(seed) != batch(3)));
    }

    #[test]
    fn longer_padding_adds_zeros_behind_and_nothing_else() {
        let (mut padded, plain) = (batch(1), batch(1));
        padded.pad_documents(7);
        padded.pad_questions(4);
        assert_eq!((padded.document_steps(), padded.question_steps()), (7, 4));
        assert_eq!(padded.documents[..8], plain.documents);
        assert_eq!(padded.documents[8..], [PADDING; 6]);
        assert_eq!(padded.questions[..6], plain.questions);
        assert_eq!(padded.questions[6..], [PADDING; 2]);
        padded.pad_documents(4);
        padded.pad_questions(3);
        assert_eq!(padded, plain);
    }

    #[test]
    #[should_panic(expected = "pad: texts of up to 4 steps to 3; 4 or more would fit")]
    fn padding_cuts_nothing_off() {
        batch(1).pad_documents(3);
    }

    #[test]
    #[should_panic(expected = "a batch with 2 entities holds an example with 3")]
    fn too_few_entities() {
        let [a, _] = &two();
        QuestionBatch::new(&[a], 2, &mut ChaCha8Rng::seed_from_u64(1));
    }

    #[test]
    #[should_panic(expected = "a batch of 0 questions")]
    fn no_examples() {
        QuestionBatch::new(&[], 2, &mut ChaCha8Rng::seed_from_u64(1));
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(52),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        /// Undoing the renaming by order of first occurrence gives the example back.
        #[test]
        fn renaming_is_one_to_one(
            document in proptest::collection::vec(0_u32..8, 1..20), seed: u64
        ) {
            let mut seen: Vec<u32> = Vec::new();
            let mut first_occurrences = |ids: &mut dyn Iterator<Item = u32>, end: u32| -> Vec<u32> {
                seen.clear();
                ids.map(|id| {
                    if !(FIRST_ENTITY..end).contains(&id) {
                        return id;
                    }
                    let at = seen.iter().position(|&other| other == id);
                    FIRST_ENTITY + at.unwrap_or_else(|| { seen.push(id); seen.len() - 1 }) as u32
                }).collect()
            };
            let document = first_occurrences(&mut document.into_iter(), 8);
            let entities = document.iter().filter(|&&id| id >= FIRST_ENTITY).max();
            let entities = entities.map_or(1, |&id| (id - FIRST_ENTITY + 1) as usize);
            let example = example(&document, &[3], 0, entities);
            let batch = QuestionBatch::new(&[&example], ENTITIES, &mut ChaCha8Rng::seed_from_u64(seed));
            prop_assert_eq!(first_occurrences(&mut batch.documents.into_iter(), WORD), document);
        }
    }
}
