//! Replays the committed corpora, and random changes of them, through the fuzz targets.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use rand::{Rng, RngExt};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Random changes for each target.
const CHANGES: usize = 4000;
/// Lengths and counts that readers tend to stumble over.
const NUMBERS: [u32; 8] = [0, 1, 0x7f, 0x80, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX];

/// All files of the corpus of one target, in the order of their names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{}: no file to replay", folder.display());
    paths
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

/// Runs the target on each file of its corpus; a failure is reported with the file's name.
fn replay(name: &str, target: fn(&[u8])) {
    for (path, bytes) in corpus(name) {
        let outcome = std::panic::catch_unwind(|| target(&bytes));
        assert!(outcome.is_ok(), "{name} fails on {}", path.display());
    }
}

/// Runs the target on random changes of the files of its corpus.
fn change(name: &str, target: fn(&[u8]), seed: u64) {
    let corpus = corpus(name);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for round in 0..CHANGES {
        let (path, original) = &corpus[rng.random_range(0..corpus.len())];
        let mut bytes = original.clone();
        for _ in 0..rng.random_range(1..4) {
            mutate(&mut bytes, &mut rng);
        }
        // The content of a gzip stream is reached only through a valid check sum.
        if rng.random_bool(0.25) {
            bytes = gzip(&bytes);
        }
        let outcome = std::panic::catch_unwind(|| target(&bytes));
        assert!(
            outcome.is_ok(),
            "{name} fails in round {round} on {bytes:?} from {path:?}"
        );
    }
}

fn mutate(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let at = rng.random_range(0..=bytes.len());
    match rng.random_range(0..6) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, rng.random()),
        2 => {
            let end = rng.random_range(at..=bytes.len());
            bytes.drain(at..end);
        }
        3 => {
            let copy = bytes[at..].to_vec();
            bytes.extend(copy);
        }
        4 => overwrite(
            bytes,
            at,
            &NUMBERS[rng.random_range(0..NUMBERS.len())].to_be_bytes(),
        ),
        _ => {
            let flipped = bytes.get(at).map(|byte| byte ^ (1 << rng.random_range(0..8)));
            overwrite(bytes, at, flipped.as_slice());
        }
    }
}

/// Replaces the bytes from `at` on, as far as there are any.
fn overwrite(bytes: &mut [u8], at: usize, new: &[u8]) {
    for (byte, &new) in bytes[at..].iter_mut().zip(new) {
        *byte = new;
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn idx_corpus() {
    replay("idx", fuzz::idx);
}

#[test]
fn idx_changes() {
    change("idx", fuzz::idx, 1);
}

#[test]
fn ptb_corpus() {
    replay("ptb", fuzz::ptb);
}

#[test]
fn ptb_changes() {
    change("ptb", fuzz::ptb, 3);
}

#[test]
fn tensors_corpus() {
    replay("tensors", fuzz::tensors);
}

#[test]
fn tensors_changes() {
    change("tensors", fuzz::tensors, 2);
}

#[test]
fn question_corpus() {
    replay("question", fuzz::question);
}

#[test]
fn question_changes() {
    change("question", fuzz::question, 3);
}

/// Files whose names say that they are valid must be read, or the corpus tests little.
#[test]
fn valid_files_are_read() {
    let valid = |target| {
        corpus(target).into_iter().filter(|(path, _)| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("valid")
        })
    };
    let mut counts = [0; 4];
    for (path, bytes) in valid("idx") {
        let idx = nn::data::parse_idx(&bytes);
        assert!(idx.is_ok(), "{}: {}", path.display(), idx.unwrap_err());
        counts[0] += 1;
    }
    for (path, bytes) in valid("tensors") {
        let file = nn::tensors::TensorFile::parse(&bytes);
        assert!(file.is_ok(), "{}: {}", path.display(), file.unwrap_err());
        counts[1] += 1;
    }
    for (path, bytes) in valid("ptb") {
        let words = bnlstm::data::text::parse_words(&path, &bytes);
        let characters = bnlstm::data::text::parse_characters(&path, &bytes);
        assert!(words.is_ok() || characters.is_ok(), "{}", words.unwrap_err());
        counts[2] += 1;
    }
    for (path, bytes) in valid("question") {
        let question = bnlstm::data::questions::Question::parse(&path, &bytes);
        assert!(question.is_ok(), "{}", question.unwrap_err());
        counts[3] += 1;
    }
    assert!(counts.iter().all(|&count| count >= 3), "{counts:?}");
}
