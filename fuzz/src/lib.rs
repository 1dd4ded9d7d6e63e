//! What every input to a reader of files must fulfil.
//!
//! Each target is a plain function. `cargo test -p fuzz` replays the committed corpus, and some
//! thousand random changes of it, through these functions. The fuzzing engine calls the same ones;
//! it needs `cargo install cargo-fuzz` and a C++ compiler, and runs from the root of the workspace
//! with the stable toolchain:
//!
//! ```sh
//! mkdir -p target/corpus/idx
//! RUSTC_BOOTSTRAP=1 cargo fuzz run idx --features libfuzzer \
//!     target/corpus/idx fuzz/corpus/idx -- -max_total_time=60
//! ```
//!
//! New inputs go to the first folder, so that the committed corpus stays as it is. Copy one of them
//! there, under a name that tells what it is, when it shows a fault that was mended. `ptb`,
//! `question` and `tensors` are run in the same way.

#![forbid(unsafe_code)]

use std::path::Path;

use bnlstm::data::questions::{Question, VocabularyBuilder, nearest_sentences};
use bnlstm::data::text::{character_form, parse_characters, parse_words, text8_normalize, word_form};
use nn::data::parse_idx;
use nn::tensors::{Conversion, TensorFile, write_tensors};

/// The IDX reader: no input panics, the dimensions of an array that was read fit its elements, and
/// writing it gives a file with the same array.
///
/// # Panics
/// If one of these does not hold.
pub fn idx(data: &[u8]) {
    let Ok(idx) = parse_idx(data) else {
        return;
    };
    assert_eq!(idx.dims.iter().product::<usize>(), idx.data.len());
    assert_eq!(parse_idx(&idx.to_bytes()), Ok(idx));
}

/// The readers of the Penn Treebank's two forms: no input panics, writing a text that was read gives
/// the same bytes, and in the other form it is read as the same text. text8's normalization changes
/// nothing in what it gave.
///
/// # Panics
/// If one of these does not hold.
pub fn ptb(data: &[u8]) {
    let path = Path::new("input");
    if let Ok(text) = parse_words(path, data) {
        assert_eq!(word_form(&text).as_bytes(), data);
        let characters = character_form(&text);
        let again = parse_characters(path, characters.as_bytes());
        assert_eq!(again.expect("just written"), text);
    }
    if let Ok(text) = parse_characters(path, data) {
        assert_eq!(character_form(&text).as_bytes(), data);
        let words = word_form(&text);
        let again = parse_words(path, words.as_bytes());
        assert_eq!(again.expect("just written"), text);
    }
    let normalized = text8_normalize(&String::from_utf8_lossy(data));
    assert_eq!(text8_normalize(&normalized), normalized);
}

/// The reader of tensors: no input panics, the shapes of tensors that were read fit their elements,
/// and writing them gives a file with the same names, shapes, bits and metadata.
///
/// # Panics
/// If one of these does not hold.
pub fn tensors(data: &[u8]) {
    let Ok(file) = TensorFile::parse(data) else {
        return;
    };
    let Ok(tensors) = file.read_all::<f64>(Conversion::Allow) else {
        return;
    };
    for tensor in &tensors {
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.data.len());
    }
    let metadata = file.metadata().unwrap_or_default();
    let written = write_tensors(&tensors, metadata).expect("no larger than what was read");
    let again = TensorFile::parse(&written).expect("just written");
    assert_eq!(again.metadata(), Some(metadata));
    let shapes = tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice()));
    assert!(again.shapes().eq(shapes.clone()));
    let data = again
        .read::<f64>(shapes, Conversion::Refuse)
        .expect("the shapes and the type that were written");
    for (tensor, data) in tensors.iter().zip(data) {
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&tensor.data), bits(&data), "{}", tensor.name);
    }
}

/// The reader of questions: no input panics; writing what was read gives the same bytes, but for those
/// that are not UTF-8, and reading them again the same question; and it can be cut and encoded.
///
/// # Panics
/// If one of these does not hold.
pub fn question(data: &[u8]) {
    let Ok(mut question) = Question::parse("fuzzed", data) else {
        return;
    };
    let written = question.to_bytes();
    assert_eq!(written, String::from_utf8_lossy(data).as_bytes());
    assert_eq!(Question::parse("written", &written).as_ref(), Ok(&question));
    let mut builder = VocabularyBuilder::default();
    builder.count_words(&question);
    builder.count_entities(&question);
    let vocabulary = builder.build();
    let whole = vocabulary.encode(&question);
    assert!(whole.holds_answer());
    assert_eq!(whole.entities, vocabulary.entities());
    question.context = nearest_sentences(&question.context, &question.question, 1);
    let cut = vocabulary.encode(&question);
    assert!(!cut.document.is_empty() && cut.document.len() <= whole.document.len());
    assert!((cut.answer as usize) < cut.entities);
}
