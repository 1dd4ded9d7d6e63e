use std::fs;

use super::*;

fn parse_text(bytes: &[u8], normalize: bool) -> Result<Corpus, DataError> {
    parse(
        "some text",
        Path::new("some/text"),
        bytes,
        Fractions::default(),
        normalize,
    )
}

/// Bits per character of `text`, whose characters have the probability (count + add) / (all + add V)
/// after the one before, or on their own; counts are those of the training part.
fn bits(corpus: &Corpus, text: &[u16], bigram: bool) -> f64 {
    let symbols = corpus.alphabet.len();
    let add = if bigram { 0.1 } else { 1.0 };
    let context = |previous: u16| if bigram { usize::from(previous) } else { 0 };
    let mut counts = vec![vec![add; symbols]; symbols];
    for pair in corpus.train.windows(2) {
        counts[context(pair[0])][usize::from(pair[1])] += 1.0;
    }
    let sums: Vec<f64> = counts.iter().map(|row| row.iter().sum()).collect();
    let pairs = text.windows(2).map(|pair| {
        let row = context(pair[0]);
        -(counts[row][usize::from(pair[1])] / sums[row]).log2()
    });
    pairs.sum::<f64>() / (text.len() - 1) as f64
}

/// The README of the text has the same numbers. The entropies were computed by another program.
#[test]
fn the_king_james_text_is_the_published_one() {
    let corpus = Corpus::king_james(false).unwrap();
    let sizes = [&corpus.train, &corpus.valid, &corpus.test].map(Vec::len);
    // All of it is ASCII, so that characters are bytes.
    assert_eq!(sizes.iter().sum::<usize>(), 4_137_850);
    assert_eq!(sizes[0], 3_724_065);
    assert_eq!(corpus.alphabet.len(), 63);
    assert_eq!(
        corpus.provenance[0],
        "embedded kjv.txt.gz: original King James text"
    );
    let newline = corpus.alphabet.index('\n').unwrap();
    let parts = [&corpus.train, &corpus.valid, &corpus.test];
    let lines = parts.map(|part| part.iter().filter(|&&c| c == newline).count());
    assert_eq!(lines.iter().sum::<usize>(), 31_102);
    let beginning = "In the beginning God created the heaven and the earth.\n";
    assert_eq!(
        corpus.alphabet.decode(&corpus.train[..beginning.len()]),
        beginning
    );
    assert_eq!(format!("{:.3}", bits(&corpus, &corpus.test, false)), "4.340");
    assert_eq!(format!("{:.3}", bits(&corpus, &corpus.test, true)), "3.325");
}

#[test]
fn the_king_james_text_is_normalized() {
    let corpus = Corpus::king_james(true).unwrap();
    assert_eq!(corpus.alphabet, Alphabet::text8());
    assert_eq!(corpus.name, "King James text, normalized");
    let beginning = " in the beginning god created the heaven and the earth and the earth was";
    assert_eq!(
        corpus.alphabet.decode(&corpus.train[..beginning.len()]),
        beginning
    );
}

#[test]
fn a_file_is_split_by_position() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verse.txt");
    fs::write(&path, "\u{feff}äbc äbc äb\nZ").unwrap();
    let fractions = Fractions::new([0.5, 0.25, 0.25]).unwrap();
    let corpus = Corpus::file(&path, fractions, false).unwrap();
    assert_eq!(corpus.name, "verse.txt");
    assert_eq!(corpus.alphabet.characters(), ['\n', ' ', 'Z', 'b', 'c', 'ä']);
    let parts = [&corpus.train, &corpus.valid, &corpus.test].map(|part| corpus.alphabet.decode(part));
    assert_eq!(parts, ["äbc äb", "c ä", "b\nZ"]);
    let corpus = Corpus::file(&path, fractions, true).unwrap();
    let parts = [&corpus.train, &corpus.valid, &corpus.test].map(|part| corpus.alphabet.decode(part));
    assert_eq!(parts.concat(), " bc bc b z");
    assert!(
        corpus.provenance[1].starts_with("normalized"),
        "{:?}",
        corpus.provenance
    );
}

#[test]
fn texts_that_cannot_be_used_are_refused() {
    let message = |bytes: &[u8], normalize| parse_text(bytes, normalize).unwrap_err().to_string();
    let text = message(b"abc\xffdef", false);
    assert!(text.starts_with("some/text: not UTF-8 at byte 3"), "{text}");
    let text = message(b"", false);
    assert!(text.contains("left for the training part of 0"), "{text}");
    let text = message(b"---------- ---------- ----------", true);
    assert!(text.contains("left for the training part of 0"), "{text}");
    let many: String = ('\u{10000}'..='\u{20000}').collect();
    let text = message(many.as_bytes(), false);
    assert!(
        text.contains("65537 different characters, of which 65536"),
        "{text}"
    );
}
